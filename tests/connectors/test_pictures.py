"""What picture bytes hold, what a hostile picture may cost, and what is left of a picture once it is ours."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from connectors.pictures import (
    LARGEST_PIXELS,
    LONGEST_SIDE,
    Limits,
    PictureRefused,
    Rules,
    as_rgb_jpeg,
    inspect,
    problems,
)
from tests.depth import some

ROOT = Path(__file__).parents[2]


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (600, 400)) -> Image.Image:
    return Image.new(mode, size)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def code_of(data: bytes) -> str:
    with pytest.raises(PictureRefused) as refused:
        inspect(data)
    return refused.value.code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_the_header_says_what_a_picture_is(form: str) -> None:
    data = encoded(plain(), form)
    picture = inspect(data)
    assert (picture.format, picture.width, picture.height, picture.frames) == (form, 600, 400, 1)
    assert picture.bytes == len(data)
    assert picture.is_rgb


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (encoded(plain(), "JPEG"), []),
        (encoded(plain("L"), "JPEG"), []),
        (encoded(plain("RGBA"), "PNG"), []),
        (encoded(plain("CMYK"), "JPEG"), ["not_rgb"]),
        (encoded(plain("LAB"), "TIFF"), ["not_rgb", "format"]),
        (encoded(plain(size=(499, 499)), "PNG"), ["too_small"]),
        (encoded(plain(size=(100, 500)), "PNG"), []),
        (encoded(plain(), "WEBP"), ["format"]),
        (encoded(plain(), "GIF", save_all=True, append_images=[Image.new("RGB", (600, 400), "red")]), ["animated"]),
    ],
)
def test_a_channels_rules_find_what_it_would_refuse(data: bytes, found: list[str]) -> None:
    assert problems(inspect(data), Rules()) == found


def test_a_channel_may_take_more() -> None:
    small = inspect(encoded(plain(size=(90, 90)), "WEBP"))
    assert problems(small, Rules(smallest_side=50, formats=frozenset({"WEBP"}))) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web_page"),
        (b"\xef\xbb\xbf \n<html></html>", "web_page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "vector"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "vector"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "unknown_format"),
        (b"%PDF-1.7", "unknown_format"),
        (b"just words", "unknown_format"),
        (b"", "unknown_format"),
        (encoded(plain(), "PNG")[:-60], "broken"),
        (encoded(Image.effect_noise((600, 400), 80).convert("RGB"), "JPEG")[:9000], "broken"),
        (encoded(Image.effect_noise((600, 400), 80), "PNG")[:400] + b"\0" * 4 + b"?" * 90000, "broken"),
    ],
)
def test_what_is_no_picture_says_why(data: bytes, code: str) -> None:
    assert code_of(data) == code


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def test_a_picture_of_more_than_fifty_million_pixels_is_refused_by_its_header() -> None:
    assert code_of(png_header(30_000, 30_000) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")) == "too_many_pixels"
    side = int(LARGEST_PIXELS**0.5)
    assert inspect(png_header(side, side) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")).width == side
    lossless = b"VP8L" + struct.pack("<IBI", 10, 0x2F, 16382 | 16382 << 14) + bytes(9)
    assert code_of(b"RIFF" + struct.pack("<I", len(lossless) + 4) + b"WEBP" + lossless) == "too_many_pixels"


# Each makes `data`, a hostile or merely large picture, and says what becomes of it.
COSTLY = {
    "30 000 x 30 000 PNG": "data = whole_png(30_000, 30_000)",
    "7 000 x 7 000 PNG": "data = whole_png(7_000, 7_000)",
    "text of 300 megabytes": """
        packer = zlib.compressobj(9)
        text = b"".join([packer.compress(bytes(1_000_000)) for _ in range(300)] + [packer.flush()])
        data = header(600, 600) + chunk(b"zTXt", b"note\\0\\0" + text) + rest(600, 600)""",
    "profile of 300 megabytes": """
        packer = zlib.compressobj(9)
        text = b"".join([packer.compress(bytes(1_000_000)) for _ in range(300)] + [packer.flush()])
        data = header(600, 600) + chunk(b"iCCP", b"note\\0\\0" + text) + rest(600, 600)""",
    "GIF of 5 000 frames": """
        frame = bytes.fromhex("2c000000000100010000" "02" "02" "4401" "00")
        data = b"GIF89a" + struct.pack("<HHBBB", 600, 600, 0x80, 0, 0) + bytes(6) + frame * 5_000 + b";" """,
    "CMYK JPEG of 49 million pixels": "data = encoded(Image.new('CMYK', (7_000, 7_000)), 'JPEG')",
    "progressive JPEG of 49 million pixels": """
        data = encoded(Image.new("RGB", (7_000, 7_000)), "JPEG", progressive=True)""",
    "WebP of 36 million pixels": "data = encoded(Image.new('RGB', (6_000, 6_000)), 'WEBP', method=0, quality=1)",
}
MEASURE = """
import io, struct, sys, zlib
from PIL import Image
from connectors import pictures

def encoded(image, form, **options):
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()

def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

def header(width, height):
    return b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))

def rest(width, height):
    packer = zlib.compressobj(1)
    rows = b"".join([packer.compress(bytes(1 + 3 * width)) for _ in range(height)] + [packer.flush()])
    return chunk(b"IDAT", rows) + chunk(b"IEND", b"")

def whole_png(width, height):
    return header(width, height) + rest(width, height)

def most():
    text = open("/proc/self/status").read()
    return int(text.split("VmHWM:")[1].split()[0]) // 1024

{make}
open(sys.argv[1], "wb").write(data) if len(sys.argv) > 1 else None
"""
COST = """
import sys
from connectors import pictures

def most():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 1024

data = open(sys.argv[1], "rb").read()
before = most()
for act in (pictures.inspect, pictures.as_rgb_jpeg):
    try:
        done = act(data)
        print(act.__name__, "done", getattr(done, "frames", ""))
    except pictures.PictureRefused as refused:
        print(act.__name__, refused.code)
print("megabytes", most() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc, which is not here")
def test_no_picture_costs_more_than_two_hundred_megabytes(tmp_path: Path) -> None:
    file = tmp_path / "picture"
    for name in some(list(COSTLY), 3):
        made = MEASURE.replace("{make}", textwrap.dedent(COSTLY[name]).strip())
        run([made, str(file)])
        assert file.stat().st_size < 100 * 1024 * 1024, name
        said = run([COST, str(file)])
        assert int(said.rsplit("megabytes ", 1)[1]) < 200, (name, said)
        assert not name.startswith("GIF") or "inspect done 5000" in said


def run(script_and_arguments: list[str]) -> str:
    script, *arguments = script_and_arguments
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def photograph(**options: Any) -> bytes:
    """A tall picture taken with a telephone held sideways, at a place it remembers."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Telephone"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    return encoded(Image.new("RGB", (600, 400), "orange"), "JPEG", exif=exif, comment=b"my house", **options)


def test_place_camera_and_comment_are_gone_and_the_picture_stands_upright() -> None:
    photo = photograph()
    assert dict(opened(photo).getexif().get_ifd(0x8825))
    data = as_rgb_jpeg(photo)
    after = opened(data)
    assert (after.format, after.mode, after.size) == ("JPEG", "RGB", (400, 600))
    assert not after.getexif()
    assert not {"exif", "comment", "icc_profile"} & after.info.keys()
    assert b"Telephone" not in data
    assert b"my house" not in data


def pixel(data: bytes) -> tuple[int, int, int]:
    found = opened(data).convert("RGB").getpixel((300, 200))
    assert isinstance(found, tuple)
    return found[:3]  # type: ignore[return-value]  # an RGB pixel has three


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 6) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("image", "form", "wanted"),
    [
        (Image.new("CMYK", (600, 400), (0, 255, 255, 0)), "JPEG", (255, 0, 0)),
        (Image.new("CMYK", (600, 400), (0, 0, 0, 255)), "TIFF", (0, 0, 0)),
        (Image.new("RGBA", (600, 400), (200, 0, 0, 0)), "PNG", (255, 255, 255)),
        (Image.new("LA", (600, 400), (40, 255)), "PNG", (40, 40, 40)),
        (Image.new("I;16", (600, 400), 128 * 256), "PNG", (128, 128, 128)),
        (Image.new("P", (600, 400), 0), "GIF", (0, 0, 0)),
        (Image.new("RGB", (600, 400), (10, 200, 30)), "WEBP", (10, 200, 30)),
    ],
)
def test_colours_stay_what_they_are(image: Image.Image, form: str, wanted: tuple[int, int, int]) -> None:
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    data = as_rgb_jpeg(encoded(image, form, **options))
    assert inspect(data).mode == "RGB"
    assert near(pixel(data), wanted), pixel(data)


@pytest.mark.parametrize("space", ["sRGB", "LAB", ""])
def test_a_colour_profile_is_gone_and_one_that_does_not_fit_spoils_nothing(space: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes() if space else b"no profile"
    data = as_rgb_jpeg(encoded(Image.new("RGB", (600, 400), "teal"), "JPEG", icc_profile=profile))
    assert near(pixel(data), (0, 128, 128))
    assert "icc_profile" not in opened(data).info


def test_a_large_picture_becomes_one_that_channels_take() -> None:
    data = as_rgb_jpeg(encoded(Image.new("RGB", (6_000, 1_500)), "JPEG"))
    picture = inspect(data)
    assert picture.width <= LONGEST_SIDE
    assert picture.width / picture.height == pytest.approx(4, rel=0.01)
    assert problems(picture, Rules()) == []


def test_the_first_frame_of_an_animation_stands_for_it() -> None:
    frames = [Image.new("RGB", (600, 400), colour) for colour in ("red", "blue")]
    data = as_rgb_jpeg(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert near(pixel(data), (255, 0, 0))
    assert inspect(data).frames == 1


@pytest.mark.parametrize("mode", ["LAB", "F", "I"])
def test_colours_nobody_can_tell_are_refused_rather_than_guessed(mode: str) -> None:
    with pytest.raises(PictureRefused, match="unknown_colours"):
        as_rgb_jpeg(encoded(plain(mode), "TIFF"))


def test_a_picture_is_made_to_fit_what_a_channel_takes() -> None:
    noise = Image.effect_noise((1500, 1000), 100).convert("RGB")
    small = as_rgb_jpeg(encoded(noise, "PNG"), Limits(longest_side=1200, largest_bytes=100_000))
    assert len(small) <= 100_000
    width, height = opened(small).size
    assert (width < 1200, round(width / height, 1)) == (True, 1.5)
    assert opened(as_rgb_jpeg(encoded(noise, "PNG"), Limits(longest_side=1200))).size == (1200, 800)
