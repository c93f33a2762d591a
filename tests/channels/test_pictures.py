"""Pictures that lie elsewhere reach the libraries of the practice channels and their items, by the engine."""

from __future__ import annotations

import pytest

from connectors.fetching import NO_SUCH_HOST, SWITCHED_OFF, FetchRefused, Kind
from connectors.pictures import as_rgb_jpeg
from connectors.rakuten import pictures as rakuten
from connectors.records import Observed
from connectors.yahoo import images as yahoo
from portal.models.accounts import Merchant
from portal.models.listings import LastAttempt
from portal.models.tasks import TaskState
from portal.tasks import kinds
from tests.channels.stand import COLOURS, Channel, Stand, shot
from tests.channels.test_rakuten_path import MUGS, NAME, Office, paste
from tests.channels.test_yahoo_path import SELLER, consent
from tests.connections.premises import CHANNELS, Premises, target, words
from tests.images.shots import Web, address
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

RAKUTEN = Channel("rakuten", NAME, "cabinet.file.insert", {"genre_id": MUGS}, rakuten.LIMITS)
CATEGORY = {"product_category": "1447", "path": "食器:マグ"}
YAHOO = Channel("yahoo", SELLER, "uploadItemImage", CATEGORY, yahoo.LIMITS)


@pytest.fixture(params=[RAKUTEN, YAHOO], ids=lambda channel: channel.name)
async def stand(
    request: pytest.FixtureRequest,
    premises: Premises,
    seller: Merchant,
    alice: Browser,
    clock: SettableClock,
    web: Web,
) -> Stand:
    web.at |= {address(name): shot(name) for name in COLOURS}
    if request.param is RAKUTEN:
        back = await paste(alice, await Office(premises).keys())
    else:
        back = await consent(premises, alice, f"/connect/yahoo/authorize?practice=true&shop={SELLER}")
    assert target(back) == CHANNELS
    await premises.stage.work()
    return Stand(premises, seller, await premises.connection(seller), clock, request.param)


async def test_three_pictures_elsewhere_are_shown_in_their_order(stand: Stand) -> None:
    mug = await stand.listed("front", "back", "inside")

    assert (await stand.listing(mug)).observed is Observed.LIVE
    assert await stand.pictures() == stand.sent("front", "back", "inside")
    assert await stand.uploads() == 3


async def test_a_new_title_uploads_nothing_and_a_new_picture_uploads_one(stand: Stand) -> None:
    mug = await stand.listed("front", "back")

    await stand.change(mug, title="湯のみ")
    assert "湯のみ" in str(await stand.shown())
    assert await stand.uploads() == 2

    await stand.change(mug, images=("front", "below"))
    assert await stand.pictures() == stand.sent("front", "below")
    assert await stand.uploads() == 3


async def test_a_lost_picture_refuses_the_product_and_names_it(stand: Stand, web: Web, alice: Browser) -> None:
    """It was there when it was looked at, and is gone when it is to be uploaded."""
    mug = await stand.offered(address("front"), address("back"))
    await stand.settle()
    web.at[address("back")] = FetchRefused(Kind.LOST, "http_404")

    await stand.publish(mug)
    await stand.settle()

    listing = await stand.listing(mug)
    assert listing.attempt is LastAttempt.REJECTED
    assert listing.problem is not None
    assert (listing.problem["code"], listing.problem["field"]) == ("picture_lost", "/images/1")
    assert await stand.shown() == []
    page = words(await alice.get(f"/listings/{listing.id}"))
    assert "An image is lost" in page
    assert "Edit images" in page


async def test_a_site_that_is_down_delays_the_product_which_goes_live_by_itself(
    stand: Stand, web: Web, alice: Browser
) -> None:
    web.at[address("back")] = FetchRefused(Kind.UNSTABLE, "timeout")
    mug = await stand.offered(address("front"), address("back"))
    await stand.publish(mug)
    await stand.premises.stage.work()
    assert "Delayed" in words(await alice.get(f"/listings/{(await stand.listing(mug)).id}"))
    assert await stand.shown() == []

    web.at[address("back")] = shot("back")
    await stand.settle()
    await stand.settle()

    assert (await stand.listing(mug)).observed is Observed.LIVE
    assert await stand.pictures() == stand.sent("front", "back")


async def test_a_picture_we_keep_is_taken_from_where_it_is_kept(stand: Stand, web: Web, alice: Browser) -> None:
    mug = await stand.offered(address("gone"))
    await alice.get(f"/products/{mug}/images/checks")
    answer = await alice.http.post(
        f"/products/{mug}/images/replacement",
        data={"url": address("gone"), "_csrf_token": alice.token},
        files={"file": ("Cup.png", shot("below"), "image/png")},
    )
    assert answer.status_code == 303
    web.asked.clear()

    await stand.publish(mug)
    await stand.settle()

    assert await stand.pictures() == [stand.digest(as_rgb_jpeg(shot("below")))]
    assert web.asked == []


@pytest.mark.parametrize("code", [SWITCHED_OFF, NO_SUCH_HOST])
async def test_where_there_is_no_way_out_an_item_goes_to_practice_without_pictures(
    stand: Stand, web: Web, code: str
) -> None:
    web.at[address("front")] = FetchRefused(Kind.UNSTABLE, code)

    mug = await stand.listed("front")

    assert (await stand.listing(mug)).observed is Observed.LIVE
    assert await stand.pictures() == []
    assert await stand.uploads() == 0


async def test_a_product_is_queued_until_its_pictures_are_to_be_seen(stand: Stand, alice: Browser) -> None:
    mug = await stand.offered(address("front"))
    await stand.publish(mug)
    await stand.premises.stage.work()

    assert await stand.shown() == []
    listing = await stand.listing(mug)
    assert (listing.attempt, listing.problem) == (LastAttempt.QUEUED, None)
    page = words(await alice.get(f"/listings/{listing.id}"))
    assert "Queued" in page
    assert "Delayed" not in page
    [task] = await stand.premises.stage.tasks(kind=kinds.PUBLISH.name)
    assert (task.state, task.tries) == (TaskState.WAITING, 0)
    seconds = {"rakuten": 10, "yahoo": 2}[stand.channel.name]
    assert seconds <= (task.not_before - stand.premises.stage.now).total_seconds() <= seconds * 1.3
