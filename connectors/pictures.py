"""Pictures of products: what bytes hold, read from their headers, and the same picture as a plain RGB JPEG.

The bytes are a stranger's. Sizes are read before any pixel is unpacked, whatever would take more than WORKING_BYTES
is refused, and one picture is unpacked at a time in a process.
"""

from __future__ import annotations

import contextlib
import io
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from connectors.addresses import Kind

LARGEST_PIXELS = 50_000_000
LARGEST_BYTES = 10 * 1024 * 1024
WORKING_BYTES = 180 * 1024 * 1024
LONGEST_SIDE = 4000
# What is tried first, and what where that is too large a file.
QUALITIES = (90, 75)

# What Pillow may open; it reads many more formats, each with a reader of its own for strangers to try.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
# How a screen mixes colours. Grey and indexed pictures are shown by it as they are.
_SCREEN_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "I;16", "I;16B", "I;16L"})
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_DEEP_GREY = frozenset({"I;16", "I;16B", "I;16L"})
_WRONG_INSIDE = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError,
    NotImplementedError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
_one_at_a_time = threading.RLock()

# Pillow's own limit warns first and refuses at twice as much; ours is looked at before anything is unpacked.
Image.MAX_IMAGE_PIXELS = None


class PictureRefused(Exception):
    """These bytes are no picture we can use; `code` says why in a word of ours, `kind` who acts next.

    web_page, vector, unknown_format: no picture; too_many_pixels, too_many_bytes, broken, unknown_colours: one that
    cannot be read.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        # Where an image was, a shop that has lost it often answers with a page that says so.
        self.kind = Kind.LOST if code == "web_page" else Kind.UNFIT
        super().__init__(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`width` and `height` in pixels as stored; `mode` how colours are written (RGB, CMYK, L, P…)."""

    format: str
    width: int
    height: int
    mode: str
    frames: int
    bytes: int

    @property
    def is_rgb(self) -> bool:
        return self.mode in _SCREEN_MODES


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a channel takes, `smallest_side` in pixels of the longer side. The defaults are what every channel takes."""

    smallest_side: int = 500
    formats: frozenset[str] = frozenset({"JPEG", "PNG", "GIF"})
    animated: bool = False
    any_colours: bool = False


EVERYWHERE = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a picture of ours may measure at most: `longest_side` in pixels, `largest_bytes` as a file."""

    longest_side: int = LONGEST_SIDE
    largest_bytes: int = LARGEST_BYTES


OWN = Limits()


def inspect(data: bytes) -> Picture:
    """What the bytes hold. Raises PictureRefused; memory stays far below WORKING_BYTES whatever they are."""
    with _opened(data) as image:
        picture = Picture(
            format="JPEG" if _is_jpeg(image) else str(image.format),
            width=image.width,
            height=image.height,
            mode=image.mode,
            frames=1 if _is_jpeg(image) else int(getattr(image, "n_frames", 1)),
            bytes=len(data),
        )
        _check_whole(image)
    return picture


def problems(picture: Picture, rules: Rules) -> list[str]:
    """What the rules find, the most telling first: not_rgb, too_small, animated, format."""
    found = {
        "not_rgb": not picture.is_rgb and not rules.any_colours,
        "too_small": max(picture.width, picture.height) < rules.smallest_side,
        "animated": picture.frames > 1 and not rules.animated,
        "format": picture.format not in rules.formats,
    }
    return [code for code, holds in found.items() if holds]


def as_rgb_jpeg(data: bytes, limits: Limits = OWN) -> bytes:
    """The picture as an RGB JPEG in sRGB, upright, on white, within the limits, and with nothing else in it.

    Place, camera, comments and colour profile are gone; the profile has been applied. Of an animation it is the first
    frame. Raises PictureRefused.
    """
    with _one_at_a_time:
        with _opened(data) as image:
            plain = _unpacked(image)
        plain.info.clear()
        side = limits.longest_side
        while True:
            plain.thumbnail((side, side), Image.Resampling.LANCZOS)
            for quality in QUALITIES:
                target = io.BytesIO()
                plain.save(target, "JPEG", quality=quality, optimize=True)
                if target.tell() <= limits.largest_bytes:
                    return target.getvalue()
            # Smaller shows more of a picture than coarser does.
            side = max(plain.size) * 3 // 4


def _unpacked(image: Image.Image) -> Image.Image:
    """The pixels, upright and plain. Raises PictureRefused where unpacking would take too much."""
    scale = _drafted(image)
    stored = image.width * image.height * _BYTES_A_PIXEL.get(image.mode, 4)
    # The picture as it is, as it becomes, and its transparency beside both.
    if _reading_bytes(image, scale) + stored * 9 // 4 > WORKING_BYTES:
        raise PictureRefused("too_many_pixels")
    image.load()
    return _plain(ImageOps.exif_transpose(image))


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture with only its headers read. Whatever goes wrong inside the block is a broken picture."""
    _refuse_text(data)
    _refuse_large_webp(data)
    with _one_at_a_time:
        try:
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
        except UnidentifiedImageError as error:
            raise PictureRefused("unknown_format") from error
        except _WRONG_INSIDE as error:
            raise PictureRefused("broken") from error
        with image:
            if image.width * image.height > LARGEST_PIXELS:
                raise PictureRefused("too_many_pixels")
            try:
                yield image
            except _WRONG_INSIDE as error:
                raise PictureRefused("broken") from error


def _refuse_text(data: bytes) -> None:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in start):
        raise PictureRefused("vector")
    if start.startswith(b"<"):
        raise PictureRefused("web_page")


def _refuse_large_webp(data: bytes) -> None:
    """Pillow hands a WebP to its library as a whole, which makes room for every pixel before we could ask its size."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return
    if data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    # Its library keeps two canvases of four bytes a pixel.
    if width * height > min(LARGEST_PIXELS, WORKING_BYTES // 8):
        raise PictureRefused("too_many_pixels")


def _is_jpeg(image: Image.Image) -> bool:
    """A telephone may put a smaller copy or a second view behind the picture, which Pillow calls MPO."""
    return image.format in {"JPEG", "MPO"}


def _check_whole(image: Image.Image) -> None:
    """The file is not cut off, as far as that can be told without unpacking it at full size."""
    if image.format == "PNG":
        image.verify()
    elif _is_jpeg(image):
        image.draft("RGB", (max(1, image.width // 8), max(1, image.height // 8)))
        if _reading_bytes(image, 8) <= WORKING_BYTES:
            image.load()


def _drafted(image: Image.Image) -> int:
    """A large JPEG is to be unpacked at a half, quarter or eighth of its size; by how much."""
    if not _is_jpeg(image) or max(image.size) <= LONGEST_SIDE:
        return 1
    width, height = image.size
    by = max(image.size) / (LONGEST_SIDE / 2)
    image.draft("RGB", (max(1, int(width / by)), max(1, int(height / by))))
    return round(width / image.width)


def _reading_bytes(image: Image.Image, scale: int) -> int:
    """What reading takes beside the pixels: a progressive JPEG is gathered whole, two bytes for each value."""
    if not _is_jpeg(image) or not image.info.get("progressive"):
        return 0
    return image.width * image.height * scale * scale * len(image.getbands()) * 2


def _plain(image: Image.Image) -> Image.Image:
    """The picture in sRGB on white."""
    if image.mode in _DEEP_GREY:
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGB", "CMYK", "L"} and (profile := image.info.get("icc_profile")):
        image = _in_srgb(image, profile)
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    if image.mode not in _SCREEN_MODES | {"CMYK", "YCbCr", "HSV"}:
        raise PictureRefused("unknown_colours")
    return image if image.mode == "RGB" else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """By the colour profile the picture came with; as it is where that cannot be read."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        done = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return done if done is not None else image
