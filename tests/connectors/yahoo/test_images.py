"""Pictures given to Yahoo!: the form on the wire, its refusals, and what an item of the practice store shows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors.addresses import FetchRefused, Kind
from connectors.errors import UNDER_WAY, Busy, InDoubt, Problem, ProblemClass
from connectors.records import Aspect, Done, Failed, ImageRecord, ProductRecord, Published, PublishItem
from connectors.yahoo import images
from connectors.yahoo.client import YahooClient
from connectors.yahoo.connector import YahooShopping
from tests.connectors.paced import PacedAccount
from tests.connectors.wire import Wire, digest_of
from tests.connectors.yahoo.practice.practice_store import ITEM, Store, account_of
from tests.connectors.yahoo.products import IN_LIBRARY, mug, plain
from tests.connectors.yahoo.store_account import an_account, refused_xml

JPEG = b"\xff\xd8\xff\xe0 a picture"
HELD = (
    b'<ResultSet totalResultsAvailable="1" totalResultsReturned="1"><Status>OK</Status><Result><Id>test99999</Id>'
    b"<Name>test99999.jpg</Name><Url><ModeA>http://item-shopping.c.yimg.jp/i/a/x</ModeA></Url></Result></ResultSet>"
)


async def upload(wire: Wire) -> Problem | None:
    async with wire.client() as client:
        return await images.upload(YahooClient(client, an_account()), JPEG, name="test99999_1.jpg")


async def test_the_name_of_the_file_says_what_it_is_for() -> None:
    wire = Wire(HELD)
    assert await upload(wire) is None
    (request,) = wire.requests
    assert request.url.query == b"seller_id=teststore"
    boundary = request.headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    about = 'Content-Disposition: form-data; name="file"; filename="test99999_1.jpg"\r\nContent-Type: image/jpeg'
    assert request.content == f"--{boundary}\r\n{about}\r\n\r\n".encode() + JPEG + f"\r\n--{boundary}--\r\n".encode()


async def test_the_hours_number_used_up_waits_and_a_lost_answer_is_in_doubt() -> None:
    with pytest.raises(Busy) as caught:
        await upload(Wire(refused_xml(503, "")))
    assert caught.value.retry_after_seconds == 600.0
    with pytest.raises(InDoubt):
        await upload(Wire(httpx.ReadTimeout("x")))


async def test_what_yahoo_takes_for_no_picture_says_so() -> None:
    problem = await upload(Wire(refused_xml(400, "<Error><Message>x</Message><Code>im-99001</Code></Error>")))
    assert problem is not None
    assert (problem.problem_class, problem.code) == (ProblemClass.DATA, "im-99001")


# ---- against the practice store ----

ONE, TWO, THREE = (f"https://cdn.example.com/{number}.jpg" for number in range(3))


def shown(*urls: str, **changes: Any) -> ProductRecord:
    return plain(images=tuple(ImageRecord(url) for url in urls), **changes)


@pytest.fixture
async def yahoo(store: Store) -> AsyncIterator[YahooShopping]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yield YahooShopping(client, clock=store.clock)


@pytest.fixture
def account(store: Store) -> PacedAccount:
    return account_of(store)


async def until_done(store: Store, yahoo: YahooShopping, account: PacedAccount, item: PublishItem) -> Published:
    """As the engine does: again, when the connector says it is time."""
    for _ in range(10):
        [outcome] = await (yahoo.update if item.channel_id else yahoo.publish)(account, [item])
        if isinstance(outcome, Done):
            return outcome.value
        assert isinstance(outcome, Failed), outcome
        assert (outcome.problem.problem_class, outcome.problem.code) == (ProblemClass.BUSY, UNDER_WAY)
        assert outcome.retry_after_seconds
        store.clock.now += outcome.retry_after_seconds
    raise AssertionError("never done")


async def pictures(store: Store) -> list[str | None]:
    [item] = await store.read("products")
    return list(item["pictures"])


async def files(store: Store) -> list[str]:
    return [row["details"]["file"] for row in await store.read("ledger") if row["operation"] == "uploadItemImage"]


async def test_an_item_shows_its_pictures_in_order_and_never_fewer(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    product = shown(ONE, TWO, THREE)
    [first] = await yahoo.publish(account, [PublishItem(product=product)])
    assert isinstance(first, Failed)
    assert first.retry_after_seconds == pytest.approx(2, abs=0.1)
    assert await store.read("products") == []

    await until_done(store, yahoo, account, PublishItem(product=product))

    assert await pictures(store) == [digest_of(url, images.LIMITS) for url in (ONE, TWO, THREE)]
    assert await files(store) == ["tea.jpg", "tea_1.jpg", "tea_2.jpg"]


async def test_words_cost_no_upload_and_a_replaced_picture_costs_one(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    there = await until_done(store, yahoo, account, PublishItem(product=shown(ONE, TWO)))
    known = PublishItem(product=shown(ONE, TWO, title="新茶"), channel_id=there.channel_id, links=there.links)

    await until_done(store, yahoo, account, replace(known, changed=frozenset({Aspect.FIELDS})))
    assert await files(store) == ["tea.jpg", "tea_1.jpg"]
    await until_done(store, yahoo, account, replace(known, product=shown(ONE, THREE)))

    assert await files(store) == ["tea.jpg", "tea_1.jpg", "tea_1.jpg"]
    assert account.fetched == [ONE, TWO, THREE]
    assert await pictures(store) == [digest_of(url, images.LIMITS) for url in (ONE, THREE)]


async def test_buyers_see_a_picture_after_a_publish(store: Store, yahoo: YahooShopping, account: PacedAccount) -> None:
    await until_done(store, yahoo, account, PublishItem(product=shown(ONE)))
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        other = digest_of(TWO, images.LIMITS)
        content = await account.picture(TWO, images.LIMITS)
        await images.upload(YahooClient(client, account), content, name="tea.jpg")
    assert await pictures(store) == [digest_of(ONE, images.LIMITS)]
    await store.post("reservePublish", mode="1")
    assert await pictures(store) == [other]


async def test_the_merchants_own_item_keeps_its_pictures(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    """A file is bound by its name, so the code is looked for before anything is uploaded under it."""
    await store.seed(ITEM | {"item_code": "tea"})
    [refused] = await yahoo.publish(account, [PublishItem(product=shown(ONE))])
    assert isinstance(refused, Failed)
    assert refused.problem.field == "/handle"
    assert await files(store) == []


@pytest.mark.parametrize(
    ("kind", "problem_class"), [(Kind.LOST, ProblemClass.DATA), (Kind.UNSTABLE, ProblemClass.BUSY)]
)
async def test_a_picture_that_cannot_be_had_keeps_its_item_back_and_no_other(
    store: Store, yahoo: YahooShopping, account: PacedAccount, kind: Kind, problem_class: ProblemClass
) -> None:
    account.refusals[TWO] = FetchRefused(kind, "why")

    refused, taken = await yahoo.publish(
        account, [PublishItem(product=shown(ONE, TWO)), PublishItem(product=mug(images=()))]
    )

    assert isinstance(refused, Failed)
    problem = refused.problem
    assert (problem.problem_class, problem.code, problem.field) == (problem_class, f"picture_{kind}", "/images/1")
    assert isinstance(taken, Done)
    assert [item["item_code"] for item in await store.read("products")] == ["stoneware-mug"]


async def test_pictures_that_lie_at_yahoo_are_named_and_beside_others_all_are_uploaded(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("image", url=IN_LIBRARY)
    there = await until_done(store, yahoo, account, PublishItem(product=shown(IN_LIBRARY)))
    assert await files(store) == []
    both = PublishItem(product=shown(ONE, IN_LIBRARY), channel_id=there.channel_id, links=there.links)
    await until_done(store, yahoo, account, both)
    assert await pictures(store) == [digest_of(url, images.LIMITS) for url in (ONE, IN_LIBRARY)]


async def test_where_addresses_are_not_opened_those_at_yahoo_are_shown_alone(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("image", url=IN_LIBRARY)
    account.refusals |= dict.fromkeys((ONE, IN_LIBRARY), FetchRefused(Kind.UNSTABLE, "switched_off"))
    await until_done(store, yahoo, account, PublishItem(product=shown(ONE, IN_LIBRARY)))
    (there,) = await store.read("products")
    assert there["live"]["item_image_urls"] == IN_LIBRARY


async def test_an_upload_nobody_heard_of_goes_again_to_the_same_place(
    store: Store, yahoo: YahooShopping, account: PacedAccount
) -> None:
    await store.lever("faults", kind="drop", when="after", operation="uploadItemImage", count=1)
    with pytest.raises(Busy):
        await yahoo.publish(account, [PublishItem(product=shown(ONE))])

    await until_done(store, yahoo, account, PublishItem(product=shown(ONE)))

    assert await files(store) == ["tea.jpg", "tea.jpg"]
    assert await pictures(store) == [digest_of(ONE, images.LIMITS)]
