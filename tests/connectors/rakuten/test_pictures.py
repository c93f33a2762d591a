"""Pictures of products into the practice shop's R-Cabinet: once each, in time, and never an item without them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors.addresses import FetchRefused, Kind
from connectors.errors import UNDER_WAY, Busy, ProblemClass
from connectors.rakuten import names
from connectors.rakuten.connector import Rakuten
from connectors.rakuten.pictures import LIMITS
from connectors.records import Aspect, Done, Failed, ImageRecord, Outcome, ProductRecord, Published, PublishItem
from tests.connectors.paced import PacedAccount
from tests.connectors.rakuten.practice.practice_store import Shop
from tests.connectors.rakuten.products import mug, plain
from tests.connectors.wire import digest_of

ONE, TWO, THREE, FOUR = (f"https://cdn.example.com/{number}.jpg" for number in range(4))


def shown(*urls: str, **changes: Any) -> ProductRecord:
    return plain(images=tuple(ImageRecord(url) for url in urls), **changes)


@pytest.fixture
async def rakuten() -> AsyncIterator[Rakuten]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yield Rakuten(client)


@pytest.fixture
def account(shop: Shop) -> PacedAccount:
    return shop.account()


async def until_done(shop: Shop, rakuten: Rakuten, account: PacedAccount, item: PublishItem) -> Published:
    """As the engine does: again, when the connector says it is time."""
    for _ in range(10):
        try:
            [outcome] = await (rakuten.update if item.channel_id else rakuten.publish)(account, [item])
        except Busy as busy:
            outcome = Failed(busy.problem, busy.retry_after_seconds)
        if isinstance(outcome, Done):
            return outcome.value
        assert isinstance(outcome, Failed)
        assert (outcome.problem.problem_class, outcome.problem.code) == (ProblemClass.BUSY, UNDER_WAY)
        assert outcome.retry_after_seconds
        shop.clock.now += outcome.retry_after_seconds
    raise AssertionError("never done")


def problem_of(outcome: Outcome[Any]) -> tuple[ProblemClass, str, str, str]:
    assert isinstance(outcome, Failed), outcome
    problem = outcome.problem
    return problem.problem_class, problem.code, problem.field, problem.message


async def uploads(shop: Shop) -> list[str]:
    return [row["subject"] for row in await shop.read("ledger") if row["operation"] == "cabinet.file.insert"]


async def pictures(shop: Shop) -> list[str | None]:
    [item] = await shop.read("products")
    return list(item["pictures"])


async def test_an_item_shows_its_pictures_in_order_once_they_are_to_be_seen(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    product = shown(ONE, TWO, THREE)
    [first] = await rakuten.publish(account, [PublishItem(product=product)])
    assert isinstance(first, Failed)
    assert first.retry_after_seconds == pytest.approx(10, abs=0.1)
    assert await shop.read("products") == []

    await until_done(shop, rakuten, account, PublishItem(product=product))

    assert await pictures(shop) == [digest_of(url, LIMITS) for url in (ONE, TWO, THREE)]
    assert await uploads(shop) == [names.picture_place(url) for url in (ONE, TWO, THREE)]


async def test_words_cost_no_upload_and_a_replaced_picture_costs_one(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    there = await until_done(shop, rakuten, account, PublishItem(product=shown(ONE, TWO)))
    known = PublishItem(product=shown(ONE, TWO, title="New"), channel_id=there.channel_id, links=there.links)
    before = len(account.paid)

    await until_done(shop, rakuten, account, replace(known, changed=frozenset({Aspect.FIELDS})))
    await until_done(shop, rakuten, account, known)
    assert not [bucket for bucket, _cost in account.paid[before:] if bucket == "cabinet"]
    await until_done(shop, rakuten, account, replace(known, product=shown(ONE, THREE)))

    assert await uploads(shop) == [names.picture_place(url) for url in (ONE, TWO, THREE)]
    assert account.fetched == [ONE, TWO, THREE]
    assert await pictures(shop) == [digest_of(url, LIMITS) for url in (ONE, THREE)]


async def test_an_item_whose_pictures_are_all_taken_away_shows_none(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    there = await until_done(shop, rakuten, account, PublishItem(product=shown(ONE)))
    await until_done(
        shop, rakuten, account, PublishItem(product=shown(), channel_id=there.channel_id, links=there.links)
    )
    assert await pictures(shop) == []


async def test_the_picture_of_a_variant_goes_along(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    blue, sand = mug().variants
    await until_done(
        shop, rakuten, account, PublishItem(product=mug(variants=(blue, replace(sand, image_url=THREE)), images=()))
    )
    [item] = await shop.read("products")
    assert item["variants"]["MUG-SND"]["images"] == [{"type": "CABINET", "location": names.picture_place(THREE)}]
    assert item["variants"]["MUG-BLU"]["images"][0]["location"] == "/mugs/blue.jpg"


@pytest.mark.parametrize(
    ("kind", "problem_class"),
    [
        (Kind.LOST, ProblemClass.DATA),
        (Kind.UNFIT, ProblemClass.DATA),
        (Kind.UNREACHABLE, ProblemClass.DATA),
        (Kind.UNSTABLE, ProblemClass.BUSY),
    ],
)
async def test_a_picture_that_cannot_be_had_keeps_its_item_back_and_no_other(
    shop: Shop, rakuten: Rakuten, account: PacedAccount, kind: Kind, problem_class: ProblemClass
) -> None:
    account.refusals[TWO] = FetchRefused(kind, "why")
    items = [PublishItem(product=shown(ONE, TWO)), PublishItem(product=mug(images=()))]

    refused, taken = await rakuten.publish(account, items)

    assert problem_of(refused) == (problem_class, f"picture_{kind}", "/images/1", "why")
    assert isinstance(taken, Done)
    assert [item["manageNumber"] for item in await shop.read("products")] == ["stoneware-mug"]


async def test_where_addresses_are_not_opened_the_item_goes_without(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    account.refusals[ONE] = FetchRefused(Kind.UNSTABLE, "switched_off")
    [outcome] = await rakuten.publish(account, [PublishItem(product=shown(ONE))])
    assert isinstance(outcome, Done)
    assert await uploads(shop) == []


async def test_many_pictures_go_a_few_at_a_time(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    urls = [f"https://cdn.example.com/many-{number}.jpg" for number in range(12)]
    [first] = await rakuten.publish(account, [PublishItem(product=shown(*urls))])
    assert isinstance(first, Failed)
    assert (first.problem.code, first.retry_after_seconds, len(account.fetched)) == (UNDER_WAY, 1.0, 5)

    await until_done(shop, rakuten, account, PublishItem(product=shown(*urls)))

    assert await pictures(shop) == [digest_of(url, LIMITS) for url in urls]
    assert await uploads(shop) == [names.picture_place(url) for url in urls]


async def test_an_upload_nobody_heard_of_goes_again_to_the_same_place(
    shop: Shop, rakuten: Rakuten, account: PacedAccount
) -> None:
    await shop.lever("faults", kind="drop", when="after", operation="cabinet.file.insert", count=1)
    with pytest.raises(Busy):
        await rakuten.publish(account, [PublishItem(product=shown(ONE))])
    shop.clock.now += 10

    await until_done(shop, rakuten, account, PublishItem(product=shown(ONE)))

    assert await uploads(shop) == [names.picture_place(ONE)] * 2
    assert await pictures(shop) == [digest_of(ONE, LIMITS)]


async def test_a_picture_too_new_for_an_item_is_refused_there(shop: Shop) -> None:
    """The practice shop holds callers to the ten seconds."""
    account = shop.account()
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        await Rakuten(client).publish(account, [PublishItem(product=shown(ONE))])
    body = {
        "title": "Plain",
        "itemType": "NORMAL",
        "genreId": "403885",
        "images": [{"type": "CABINET", "location": names.picture_place(ONE)}],
        "variants": {"X": {"standardPrice": "1", "articleNumber": {"exemptionReason": 5}, "attributes": []}},
    }
    assert await shop.codes("plain", body) == ["IE0002"]
    shop.clock.now += 10
    assert (await shop.put("plain", body)).status_code == 201


async def test_a_closed_r_cabinet_stops_every_product(shop: Shop, rakuten: Rakuten, account: PacedAccount) -> None:
    await shop.lever("faults", kind="maintenance", operation="cabinet.folders.get", count=1)
    with pytest.raises(Busy):
        await rakuten.publish(account, [PublishItem(product=shown(ONE)), PublishItem(product=mug())])
    assert await shop.read("products") == []
