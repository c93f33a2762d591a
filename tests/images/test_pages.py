"""The images of a product as its merchant sees them, what is done about one, and pictures served from here."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from connectors.fetching import FetchRefused, Kind
from portal.models.accounts import Merchant, Role
from portal.models.images import ImageState, KeptPicture
from tests.images.conftest import Studio
from tests.images.shots import address, picture
from tests.listings.site import Browser
from tests.people import a_merchant


def path(product_id: UUID, what: str = "checks") -> str:
    return f"/products/{product_id}/images/{what}"


def words(page: BeautifulSoup) -> str:
    main = page.select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def offers(page: BeautifulSoup) -> set[str]:
    """What each image's forms offer, by the last part of their addresses."""
    return {str(form["action"]).rsplit("/", 1)[1] for form in page.select("main li form")}


async def upload(
    browser: Browser, product_id: UUID, name: str, content: bytes, *, htmx: bool = False
) -> httpx.Response:
    if not browser.token:
        await browser.get(path(product_id))
    return await browser.http.post(
        path(product_id, "replacement"),
        data={"url": address(name), "_csrf_token": browser.token},
        files={"file": ("Cup.jpg", content, "image/jpeg")},
        headers={"HX-Request": "true"} if htmx else {},
    )


@pytest.mark.parametrize(
    ("thing", "said", "offered"),
    [
        (picture(), "Image is fine 800 × 600 px, JPEG", set()),
        (
            FetchRefused(Kind.LOST, "http_404"),
            "Image is lost Nothing is at this address any more.",
            {"replacement", "removal"},
        ),
        (b"<html>", "A web page is at this address, not an image.", {"replacement", "removal"}),
        (b"<svg/>", "Image can't be read It is a drawing (SVG).", {"replacement", "removal"}),
        (picture(mode="CMYK"), "Image is CMYK Channels need RGB.", {"conversion", "replacement"}),
        (picture(size=(90, 60)), "Image is too small: 90 × 60 px", {"replacement"}),
        (picture("WEBP"), "Image is in the format WEBP", {"conversion", "replacement"}),
        (
            FetchRefused(Kind.UNREACHABLE, "http_403"),
            "Opens for you, not for us The site keeps programs out.",
            {"replacement", "removal"},
        ),
        (
            FetchRefused(Kind.UNREACHABLE, "private_address"),
            "Only your own network reaches this address.",
            {"replacement", "removal"},
        ),
        (
            FetchRefused(Kind.UNSTABLE, "timeout"),
            "We couldn't check the image The site didn't answer. Nothing to do: we try again by ourselves. Next try:",
            set(),
        ),
    ],
)
async def test_an_image_has_its_state_in_plain_words_and_what_fits_it(
    studio: Studio, thing: Any, said: str, offered: set[str]
) -> None:
    studio.web.at[address("cup")] = thing
    cup = await studio.product("cup")
    await studio.checked(cup)
    page = await (await studio.browser()).get(path(cup))
    assert said in words(page)
    assert offers(page) == offered


async def test_an_image_not_looked_at_yet_says_that_it_is_being_checked(studio: Studio) -> None:
    page = await (await studio.browser()).get(path(await studio.product("cup")))
    assert "Being checked" in words(page)
    assert offers(page) == set()


async def test_a_product_without_images_says_so(studio: Studio) -> None:
    cup = await studio.product()
    page = await (await studio.browser()).get(path(cup))
    assert "No images yet." in words(page)
    assert page.select_one(f'main a[href="/products/{cup}#images"]')


async def test_whoever_only_looks_is_offered_nothing(studio: Studio) -> None:
    cup = await studio.product("gone")
    await studio.checked(cup)
    browser = await studio.browser("vera", role=Role.VIEWER)
    page = await browser.get(path(cup))
    assert "Image is lost" in words(page)
    assert not page.select("main form")
    for what in ("checks", "replacement", "conversion", "removal"):
        assert (await browser.post(path(cup, what), {"url": address("gone")})).status_code == 403


async def test_a_file_from_the_computer_takes_the_place_of_a_lost_image_everywhere(studio: Studio) -> None:
    cup = await studio.product("good", "gone", variant="gone")
    await studio.checked(cup)
    before = (await studio.stored(cup)).version
    browser = await studio.browser()
    exif = Image.Exif()
    exif[0x010F] = "Telephone"
    answer = await upload(browser, cup, "gone", picture(exif=exif))
    assert answer.status_code == 303

    product = await studio.stored(cup)
    url = product.images[1].url
    assert url.startswith("http://127.0.0.1:8000/pictures/")
    assert url.endswith(".jpg")
    assert len(url) > len("http://127.0.0.1:8000/pictures/.jpg") + 30
    assert [image.url for image in product.images] == [address("good"), url]
    assert (product.images[1].alt, product.variants[0].image_url) == ("gone", url)
    assert (product.version, product.updated_by) == (before + 1, "Alice")
    assert (await studio.stage.tasks(kind="product_changed", state="waiting"))[0].subject == str(cup)
    assert "Image is fine 800 × 600 px, JPEG" in words(await browser.get(path(cup)))


async def served(studio: Studio, cup: UUID, index: int = 0) -> httpx.Response:
    """The picture as a channel fetches it: without a session."""
    url = (await studio.stored(cup)).images[index].url
    transport = httpx.ASGITransport(studio.site.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as anybody:
        return await anybody.get(httpx.URL(url).path)


async def test_channels_fetch_a_kept_picture_without_signing_in(studio: Studio) -> None:
    cup = await studio.product("gone")
    exif = Image.Exif()
    exif[0x010F] = "Telephone"
    await upload(await studio.browser(), cup, "gone", picture(exif=exif))
    answer = await served(studio, cup)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "set-cookie" not in answer.headers
    shown = Image.open(io.BytesIO(answer.content))
    assert (shown.size, shown.mode) == ((800, 600), "RGB")
    assert b"Telephone" not in answer.content


@pytest.mark.parametrize("name", ["nobodys-token.jpg", "", ".jpg", "%00.jpg", "..%2f..%2fetc%2fpasswd"])
async def test_a_name_that_is_none_of_ours_is_not_found(studio: Studio, name: str) -> None:
    transport = httpx.ASGITransport(studio.site.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as anybody:
        assert (await anybody.get(f"/pictures/{name}")).status_code == 404


async def test_the_same_picture_is_kept_once_and_each_merchant_has_its_own(studio: Studio) -> None:
    cup, jug = await studio.product("one", handle="cup"), await studio.product("two", handle="jug")
    browser = await studio.browser()
    await upload(browser, cup, "one", picture())
    await upload(browser, jug, "two", picture())
    (kept,) = await studio.site.rows(studio.merchant, KeptPicture)
    assert (await studio.stored(cup)).images[0].url == (await studio.stored(jug)).images[0].url
    assert kept.token in (await studio.stored(cup)).images[0].url

    charlie = await a_merchant(studio.sessions, "Charlie")
    theirs = Studio(studio.site, studio.stage, studio.web, charlie)
    pot = await theirs.product("one", handle="pot")
    await upload(await theirs.browser("charlie"), pot, "one", picture())
    (other,) = await studio.site.rows(charlie, KeptPicture)
    assert other.token != kept.token


async def test_a_kept_picture_is_never_fetched_from_ourselves(studio: Studio) -> None:
    cup = await studio.product("gone")
    await upload(await studio.browser(), cup, "gone", picture())
    assert await studio.ask(cup, again=True) == 0


async def test_convert_it_for_me_puts_an_rgb_picture_of_ours_in_its_place(studio: Studio) -> None:
    studio.web.at[address("print")] = picture(mode="CMYK")
    cup = await studio.product("print")
    await studio.checked(cup)
    browser = await studio.browser()
    page = await browser.get(path(cup))
    answer = await browser.press(page, f'form[action="{path(cup, "conversion")}"]')
    assert answer.status_code == 303
    shown = Image.open(io.BytesIO((await served(studio, cup)).content))
    assert (shown.mode, shown.format) == ("RGB", "JPEG")
    assert "Image is fine" in words(await browser.get(path(cup)))


async def test_only_what_the_product_shows_is_fetched(studio: Studio) -> None:
    """The form names the address; a made-up one would let a member send us anywhere."""
    cup = await studio.product("print")
    answer = await (await studio.browser()).post(path(cup, "conversion"), {"url": address("elsewhere")})
    assert answer.status_code == 404
    assert studio.web.asked == []


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (FetchRefused(Kind.UNSTABLE, "timeout"), "The site didn't give us the image. Upload it instead."),
        (picture("TIFF", mode="LAB"), "The colours of this image can't be converted."),
    ],
)
async def test_what_cannot_be_converted_says_why_beside_it(studio: Studio, thing: Any, said: str) -> None:
    studio.web.at[address("print")] = picture(mode="CMYK")
    cup = await studio.product("print")
    await studio.checked(cup)
    studio.web.at[address("print")] = thing
    browser = await studio.browser()
    answer = await browser.post(path(cup, "conversion"), {"url": address("print")}, htmx=True)
    assert answer.status_code == 422
    assert f'hx-target="#product-images-{cup}"' in answer.text
    assert said in " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())
    assert (await studio.stored(cup)).images[0].url == address("print")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty."),
        (b"<html></html>", "This is a web page, not an image."),
        (b"<svg onload='alert(1)'/>", "This is a drawing (SVG)."),
        (b"%PDF-1.7", "This is no image that we know."),
        (picture("PNG")[:-40], "This file is damaged."),
        (picture(size=(200, 100)), "This image is 200 px on its longest side. Channels ask for 500 px or more."),
        (b"\xff\xd8" + bytes(10 * 1024 * 1024), "This image is larger than 10 MB."),
    ],
)
async def test_a_file_that_is_no_use_is_refused_with_the_reason(studio: Studio, content: bytes, said: str) -> None:
    cup = await studio.product("gone")
    await studio.checked(cup)
    browser = await studio.browser()
    answer = await upload(browser, cup, "gone", content)
    assert answer.status_code == 422
    assert said in words(BeautifulSoup(answer.text, "html.parser"))
    assert (await studio.stored(cup)).images[0].url == address("gone")
    assert await studio.site.rows(studio.merchant, KeptPicture) == []


async def test_a_file_for_an_image_that_somebody_took_away_changes_nothing(studio: Studio) -> None:
    cup = await studio.product("good")
    assert (await upload(await studio.browser(), cup, "gone", picture())).status_code == 404
    assert await studio.site.rows(studio.merchant, KeptPicture) == []


async def test_a_lost_image_is_removed_from_the_product(studio: Studio) -> None:
    cup = await studio.product("good", "gone", variant="gone")
    await studio.checked(cup)
    browser = await studio.browser()
    answer = await browser.post(path(cup, "removal"), {"url": address("gone")}, htmx=True)
    assert (answer.status_code, "Image removed" in answer.headers["hx-trigger"]) == (200, True)
    product = await studio.stored(cup)
    assert [image.url for image in product.images] == [address("good")]
    assert product.variants[0].image_url == ""
    assert (await browser.post(path(cup, "removal"), {"url": address("gone")})).status_code == 404


async def test_check_again_looks_at_every_image_now(studio: Studio) -> None:
    cup = await studio.product("cup")
    await studio.checked(cup)
    studio.web.at[address("cup")] = picture()
    browser = await studio.browser()
    page = await browser.get(path(cup))
    assert (await browser.press(page, f'form[action="{path(cup)}"]')).status_code == 303
    await studio.work()
    assert (await studio.checks())[address("cup")].state is ImageState.OK


async def test_another_merchants_product_is_not_found(studio: Studio, other_merchant: Merchant) -> None:
    cup = await studio.product("good")
    charlie = await studio.site.sign_in(other_merchant, "charlie")
    await charlie.get(path(cup), status=404)
    for what in ("checks", "replacement", "conversion", "removal"):
        assert (await charlie.post(path(cup, what), {"url": address("good")})).status_code in {404, 422}
    page = await charlie.get(f"/live/fragments?id=product-images-{cup}")
    assert str(cup) not in str(page)


async def test_the_part_is_fetched_again_when_a_look_has_found_something(studio: Studio) -> None:
    cup = await studio.product("cup")
    browser = await studio.browser()
    page = await browser.get(path(cup))
    assert page.select(f'#product-images-{cup}[data-live="product:{cup}"]')
    await studio.checked(cup)
    part = await browser.get(f"/live/fragments?id=product-images-{cup}")
    assert "Image is lost" in part.get_text(" ")


async def test_addresses_are_shown_as_text(studio: Studio) -> None:
    """An address may hold quotes and angle brackets; one that is no web address is no link."""
    studio.web.at["javascript://x/%0aalert(1)"] = FetchRefused(Kind.UNREACHABLE, "not_a_web_address")
    cup = await studio.product("javascript://x/%0aalert(1)", 'https://pictures.example/"><script>alert(1)</script>')
    await studio.checked(cup)
    page = await (await studio.browser()).get(path(cup))
    assert not page.select("main script")
    assert not [link for link in page.select("main a[href]") if str(link["href"]).startswith("javascript")]
