"""Which addresses are looked at and when, what a look finds, and what of it keeps a product back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from connectors.fetching import FetchRefused, Kind
from connectors.pictures import Rules
from jobs.images import capture, capture_images
from portal.images import queries
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductImage, ProductStatus
from portal.models.images import ImageState
from portal.models.listings import Intent
from portal.models.tasks import TaskState
from tests.images.conftest import Studio
from tests.images.shots import address, picture
from tests.settable_clock import SettableClock

FINDS = {
    "good": (picture(), ImageState.OK, ""),
    "png": (picture("PNG"), ImageState.OK, ""),
    "print": (picture(mode="CMYK"), ImageState.NOT_RGB, ""),
    "stamp": (picture(size=(120, 90)), ImageState.TOO_SMALL, ""),
    "modern": (picture("WEBP"), ImageState.FORMAT, ""),
    "gone": (FetchRefused(Kind.LOST, "http_404"), ImageState.LOST, "http_404"),
    "page": (b"<!doctype html><p>Not found", ImageState.LOST, "web_page"),
    "drawing": (b"<svg/>", ImageState.UNREADABLE, "vector"),
    "damaged": (picture("PNG")[:-40], ImageState.UNREADABLE, "broken"),
    "huge": (FetchRefused(Kind.UNFIT, "too_many_bytes"), ImageState.UNREADABLE, "too_many_bytes"),
    "closed": (FetchRefused(Kind.UNREACHABLE, "http_403"), ImageState.UNREACHABLE, "http_403"),
    "ours": (FetchRefused(Kind.UNREACHABLE, "private_address"), ImageState.UNREACHABLE, "private_address"),
    "away": (FetchRefused(Kind.UNSTABLE, "http_503"), ImageState.UNSTABLE, "http_503"),
}
AWAY = FetchRefused(Kind.UNSTABLE, "timeout")


def hang(studio: Studio, *names: str) -> None:
    studio.web.at |= {address(name): FINDS[name][0] for name in names}


async def test_a_look_says_who_acts_next(studio: Studio) -> None:
    hang(studio, *FINDS)
    await studio.checked(await studio.product(*FINDS))
    found = {url: (check.state, check.code) for url, check in (await studio.checks()).items()}
    assert found == {address(name): (state, code) for name, (_, state, code) in FINDS.items()}
    good = (await studio.checks())[address("good")]
    assert (good.width, good.height, good.mode, good.format, good.frames) == (800, 600, "RGB", "JPEG", 1)
    assert good.bytes == len(picture())
    assert len(good.sha256) == 64
    assert good.checked_at == studio.site.now


async def test_an_address_is_looked_at_once_however_many_products_show_it(studio: Studio) -> None:
    hang(studio, "good", "png")
    cup = await studio.product("good", "good", handle="cup")
    jug = await studio.product("good", handle="jug", variant="png")
    await studio.checked(cup, jug)
    assert sorted(studio.web.asked) == [address("good"), address("png")]
    assert await studio.ask(cup, jug) == 0
    assert await studio.ask(cup, jug, again=True) == 2


async def test_an_address_that_does_not_answer_is_tried_again_by_itself_at_growing_waits(
    studio: Studio, clock: SettableClock
) -> None:
    studio.web.at[address("cup")] = AWAY
    await studio.checked(await studio.product("cup"))
    waits = []
    for _ in range(6):
        check = (await studio.checks())[address("cup")]
        assert check.next_check_at is not None
        (task,) = [task for task in await studio.stage.tasks(kind="image_check") if task.state is TaskState.WAITING]
        assert task.not_before == check.next_check_at
        waits.append(check.next_check_at - studio.site.now)
        clock.advance(waits[-1].total_seconds() + 1)
        await studio.work()
    hours = [wait.total_seconds() / 3600 for wait in waits]
    for found, wanted in zip(hours, [1 / 12, 0.5, 2, 6, 24, 24], strict=True):
        assert wanted <= found <= wanted * 1.25
    assert len(studio.web.asked) == 7

    studio.web.at[address("cup")] = picture()
    clock.advance(timedelta(days=2).total_seconds())
    await studio.work()
    check = (await studio.checks())[address("cup")]
    assert (check.state, check.tries, check.next_check_at) == (ImageState.OK, 0, None)


async def test_an_address_nobody_shows_any_more_is_forgotten_without_a_look(
    studio: Studio, clock: SettableClock
) -> None:
    studio.web.at[address("cup")] = AWAY
    cup = await studio.product("cup")
    await studio.checked(cup)
    async with studio.sessions.write(studio.merchant.id) as session:
        await session.execute(delete(ProductImage).where(ProductImage.product_id == cup))
    clock.advance(3600)
    await studio.work()
    assert await studio.checks() == {}
    assert len(studio.web.asked) == 1


async def test_what_was_read_before_goes_when_the_picture_does(studio: Studio) -> None:
    hang(studio, "good")
    cup = await studio.product("good")
    await studio.checked(cup)
    del studio.web.at[address("good")]
    await studio.ask(cup, again=True)
    await studio.work()
    check = (await studio.checks())[address("good")]
    assert (check.state, check.width, check.sha256, check.format) == (ImageState.LOST, None, "", "")


async def test_one_merchants_looks_are_not_anothers(studio: Studio, other_merchant: Merchant) -> None:
    hang(studio, "good")
    await studio.checked(await studio.product("good"))
    async with studio.sessions.read(other_merchant.id) as session:
        assert await queries.checks(session, [address("good")]) == []
        assert await queries.users(session, [address("good")]) == {}


async def test_a_night_looks_at_what_is_new_changed_or_sold(studio: Studio, clock: SettableClock) -> None:
    hang(studio, "good", "png")
    old, sold, ended = [await studio.product(name, handle=name) for name in ("old", "sold", "ended")]
    await studio.checked(old, sold, ended)
    connection = await studio.site.connection(studio.merchant)
    await studio.site.listing(studio.merchant, sold, connection, intent=Intent.PUBLISH)
    await studio.site.listing(studio.merchant, ended, connection, intent=Intent.WITHDRAW)
    clock.advance(timedelta(days=8).total_seconds())
    never = await studio.product("never", handle="never")
    away = await studio.product("away", handle="away")
    async with studio.sessions.write(studio.merchant.id) as session:
        (await session.get_one(Product, never)).updated_at = clock() - timedelta(days=30)
        (await session.get_one(Product, away)).status = ProductStatus.ARCHIVED
    changed = await studio.product("good", handle="changed")

    studio.web.asked.clear()
    runtime = studio.site.process.runtime
    assert await capture(runtime, studio.merchant.id, ordered=[sold, ended]) == 3
    await studio.work()

    assert sorted(studio.web.asked) == sorted(address(name) for name in ("sold", "never", "good"))
    assert changed
    assert await capture(runtime, studio.merchant.id) == 1, "what was changed in the last seven days, each night"


async def test_the_nightly_capture_goes_over_every_merchant(studio: Studio) -> None:
    await studio.product("never")
    worker = type("W", (), {"runtime": studio.site.process.runtime})()
    await capture_images({"worker": worker})
    await studio.work()
    assert studio.web.asked == [address("never")]


@pytest.mark.parametrize(
    ("name", "title", "fix"),
    [
        ("gone", "Image is lost", "Replace or remove it."),
        ("page", "Image is lost", "Replace or remove it."),
        ("drawing", "Image can't be read", "Replace or remove it."),
        ("print", "Image is CMYK", "Convert it, or replace it."),
        ("stamp", "Image is too small: 120 × 90 px", "Replace it with one of 500 px or more."),
        ("modern", "Image is in the format WEBP", "Convert it, or replace it."),
        ("ours", "Opens for you, not for us", "Upload a copy."),
        ("good", "", ""),
        ("closed", "", ""),
        ("away", "", ""),
    ],
)
async def test_what_channels_cannot_use_keeps_a_product_back_in_plain_words(
    studio: Studio, name: str, title: str, fix: str
) -> None:
    """What may pass by itself, or be meant for us alone, keeps nothing back; nor does what nobody has looked at."""
    hang(studio, "good", name)
    cup = await studio.product("good", name, variant=name)
    assert await studio.lacks(cup) == []
    await studio.checked(cup)
    places = ["/images/1", "/variants/0/image_url"] if title else []
    assert await studio.lacks(cup) == [(place, title, fix) for place in places]


async def test_each_channel_has_its_own_rules(studio: Studio) -> None:
    hang(studio, "stamp", "modern")
    cup = await studio.product("stamp", "modern")
    await studio.checked(cup)
    assert await studio.lacks(cup, Rules(smallest_side=100, formats=frozenset({"JPEG", "WEBP"}))) == []
    strict = await studio.lacks(cup, Rules(smallest_side=1600))
    assert [title.split(":")[0] for _field, title, _fix in strict] == ["Image is too small"] * 2
