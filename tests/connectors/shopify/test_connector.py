from collections.abc import Sequence

import httpx
import pytest

from connectors.errors import Busy, DataRefused, InDoubt, OurFault, PermissionLost, ProblemClass
from connectors.records import Credentials, Done, Failed, Money, Outcome, PriceChange
from connectors.shopify import webhooks
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.products import BLUE, PRODUCT, SAND, euros
from tests.connectors.wire import ONLINE_STORE, FakeAccount, Wire, refused

OK = b'{"userErrors":[]}'
OTHER = "gid://shopify/Product/2"


def reply(*items: bytes) -> bytes:
    return b'{"data":{' + b",".join(b'"item%d":%s' % pair for pair in enumerate(items)) + b"}}"


def refusal(message: str, code: str = "", field: str = '["id"]') -> bytes:
    coded = f'"code":"{code}",' if code else ""
    return f'{{"userErrors":[{{{coded}"field":{field},"message":"{message}"}}]}}'.encode()


# ---- end ----


async def end(wire: Wire, ids: Sequence[str]) -> list[Outcome[None]]:
    async with wire.client() as client:
        return await Shopify(client).end(FakeAccount(), ids)


async def test_ending_hides_and_drafts_and_deletes_nothing() -> None:
    wire = Wire(reply(OK, OK))
    assert await end(wire, [PRODUCT]) == [Done(None)]
    assert wire.variables() == {
        "id0": PRODUCT,
        "publicationId0": ONLINE_STORE,
        "product1": {"id": PRODUCT, "status": "DRAFT"},
    }
    assert "productDelete" not in wire.sent()["query"]


@pytest.mark.parametrize(
    ("hidden", "drafted"),
    [
        (refusal("Resource does not exist"), refusal("Product does not exist")),
        (refusal("Publication does not exist or is not publishable", field='["input","0","publicationId"]'), OK),
    ],
)
async def test_what_is_gone_already_is_ended(hidden: bytes, drafted: bytes) -> None:
    assert await end(Wire(reply(hidden, drafted)), [PRODUCT]) == [Done(None)]


async def test_without_sight_of_the_sales_channels_the_draft_alone_takes_off_sale() -> None:
    wire = Wire(reply(OK))
    async with wire.client() as client:
        assert await Shopify(client).end(FakeAccount(settings={"location_id": "l"}), [PRODUCT]) == [Done(None)]
    assert wire.variables() == {"product0": {"id": PRODUCT, "status": "DRAFT"}}


async def test_an_end_refused_is_its_own_listings_problem() -> None:
    refused_draft = refusal("Another operation already in progress. Please wait until current one is finished.")
    wire = Wire(reply(OK, OK, refused_draft, OK))
    failed, done = await end(wire, [PRODUCT, OTHER])
    assert isinstance(failed, Failed)
    assert (failed.problem.problem_class, failed.problem.code) == (ProblemClass.BUSY, "operation_in_progress")
    assert done == Done(None)


async def test_a_lost_end_is_in_doubt() -> None:
    with pytest.raises(InDoubt):
        await end(Wire(httpx.ReadTimeout("x")), [PRODUCT])


# ---- prices ----


async def set_prices(wire: Wire, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
    async with wire.client() as client:
        return await Shopify(client).set_prices(FakeAccount(), changes)


def change(listing: str, *prices: tuple[str, Money, Money | None]) -> PriceChange:
    return PriceChange(listing_channel_id=listing, prices=tuple(("key", *row) for row in prices))


async def test_prices_of_several_listings_go_together_and_none_clears_the_old_one() -> None:
    wire = Wire(reply(OK, OK))
    changes = [change(PRODUCT, (BLUE, euros(1990), euros(2490))), change(OTHER, (SAND, euros(5), None))]
    assert await set_prices(wire, changes) == [Done(None), Done(None)]
    assert wire.variables() == {
        "productId0": PRODUCT,
        "variants0": [{"id": BLUE, "price": "19.90", "compareAtPrice": "24.90"}],
        "productId1": OTHER,
        "variants1": [{"id": SAND, "price": "0.05", "compareAtPrice": None}],
    }
    assert wire.sent()["query"].count("allowPartialUpdates: false") == 2


async def test_a_refused_price_fails_its_listing_only_and_claims_no_position() -> None:
    bad = refusal("Price must be greater than or equal to 0", "GREATER_THAN_OR_EQUAL_TO", '["variants","0","price"]')
    wire = Wire(reply(bad, OK))
    failed, done = await set_prices(
        wire, [change(PRODUCT, (BLUE, euros(-1), None)), change(OTHER, (SAND, euros(1), None))]
    )
    assert isinstance(failed, Failed)
    assert (failed.problem.code, failed.problem.field) == ("GREATER_THAN_OR_EQUAL_TO", "/variants")
    assert failed.problem.original == "Price must be greater than or equal to 0"
    assert done == Done(None)


async def test_a_price_in_another_currency_is_never_sent() -> None:
    wire = Wire(reply(OK))
    failed, done = await set_prices(
        wire, [change(PRODUCT, (BLUE, Money(1990, "JPY"), None)), change(OTHER, (SAND, euros(1), None))]
    )
    assert isinstance(failed, Failed)
    assert failed.problem.code == "currency_mismatch"
    assert done == Done(None)
    assert wire.variables()["productId0"] == OTHER


async def test_prices_that_cannot_be_sent_are_raised() -> None:
    with pytest.raises(Busy):
        await set_prices(Wire(refused(429, b"")), [change(PRODUCT, (BLUE, euros(1), None))])


# ---- subscribe and revoke ----

HOOK = "https://hub.example/webhooks/shopify/7"
SUBSCRIBED = b'{"webhookSubscription":{"id":"gid://shopify/WebhookSubscription/1"},"userErrors":[]}'
TAKEN = refusal("Address for this topic has already been taken", field='["webhookSubscription","callbackUrl"]')


async def subscribe(wire: Wire) -> None:
    async with wire.client() as client:
        await Shopify(client).subscribe(FakeAccount(), HOOK)


NOTHING = reply(b'{"nodes":[]}')


def heard(*topics: bytes) -> bytes:
    return reply(b'{"nodes":[%s]}' % b",".join(b'{"topic":"%s"}' % topic for topic in topics))


async def test_what_is_subscribed_already_is_left_alone_and_what_lacks_is_made() -> None:
    there = [topic.encode() for topic in webhooks.TOPICS if topic not in ("APP_SCOPES_UPDATE", "PRODUCTS_DELETE")]
    wire = Wire(heard(*there), reply(SUBSCRIBED, TAKEN))
    await subscribe(wire)
    assert wire.variables(0) == {"uri0": HOOK}
    assert wire.variables(1) == {
        "topic0": "APP_SCOPES_UPDATE",
        "uri0": HOOK,
        "fields0": ["id"],
        "topic1": "PRODUCTS_DELETE",
        "uri1": HOOK,
        "fields1": ["id"],
    }


async def test_with_every_topic_there_nothing_is_written() -> None:
    wire = Wire(heard(*(topic.encode() for topic in webhooks.TOPICS)))
    await subscribe(wire)
    assert len(wire.requests) == 1


async def test_every_topic_is_subscribed_and_doing_it_again_is_harmless() -> None:
    """More than Shopify does well in one request, so they come in two."""
    wire = Wire(NOTHING, reply(SUBSCRIBED, TAKEN, SUBSCRIBED, *[TAKEN] * 7), reply(*[TAKEN] * 5))
    await subscribe(wire)
    assert [len(wire.variables(number)) for number in (1, 2)] == [30, 15]
    sent = [topic for number in (1, 2) for name, topic in wire.variables(number).items() if name.startswith("topic")]
    assert set(sent) == {
        "APP_UNINSTALLED",
        "APP_SCOPES_UPDATE",
        "PRODUCTS_UPDATE",
        "PRODUCTS_DELETE",
        "LOCATIONS_ACTIVATE",
        "LOCATIONS_CREATE",
        "LOCATIONS_DEACTIVATE",
        "LOCATIONS_DELETE",
        "LOCATIONS_UPDATE",
        "INVENTORY_LEVELS_UPDATE",
        "ORDERS_CREATE",
        "ORDERS_UPDATED",
        "ORDERS_CANCELLED",
        "ORDERS_FULFILLED",
        "ORDERS_PARTIALLY_FULFILLED",
    }
    uris = [uri for number in (1, 2) for name, uri in wire.variables(number).items() if name.startswith("uri")]
    assert uris == [HOOK] * 15


async def test_an_address_shopify_does_not_take_is_our_fault() -> None:
    bad = refusal("Address protocol http:// is not supported", field='["webhookSubscription","callbackUrl"]')
    with pytest.raises(OurFault) as caught:
        await subscribe(Wire(NOTHING, reply(SUBSCRIBED, *[bad] * 9), reply(*[bad] * 5)))
    assert caught.value.problem.original == "Address protocol http:// is not supported"


async def test_a_subscription_refused_for_a_cause_we_do_not_know_keeps_its_words() -> None:
    with pytest.raises(DataRefused) as caught:
        await subscribe(Wire(NOTHING, reply(refusal("No."), *[OK] * 9), reply(*[OK] * 5)))
    assert (caught.value.problem.code, caught.value.problem.original) == ("refused", "No.")


async def revoke(wire: Wire, account: FakeAccount | None = None) -> None:
    async with wire.client() as client:
        await Shopify(client).revoke(account or FakeAccount())


async def test_revoking_uninstalls_the_app() -> None:
    wire = Wire(reply(OK))
    await revoke(wire)
    assert "appUninstall" in wire.sent()["query"]


@pytest.mark.parametrize(
    "answer",
    [
        refused(401, b"{}"),
        reply(refusal("App not installed", "APP_NOT_INSTALLED", "null")),
        b'{"data":{"item0":null},"errors":[{"message":"No.","path":["item0"],"extensions":{"code":"ACCESS_DENIED"}}]}',
    ],
)
async def test_access_already_ended_counts_as_revoked(answer: bytes | httpx.Response) -> None:
    await revoke(Wire(answer))


async def test_a_token_the_merchant_pasted_is_left_to_the_merchant() -> None:
    wire = Wire()
    await revoke(wire, FakeAccount(held=Credentials(access_token="shpat_pasted")))
    assert wire.requests == []


async def test_a_revocation_nobody_answered_is_not_done() -> None:
    with pytest.raises(InDoubt):
        await revoke(Wire(httpx.ReadTimeout("x")))
    with pytest.raises(OurFault):
        await revoke(Wire(b'{"errors":[{"message":"Parse error"}]}'))


async def test_credentials_that_cannot_be_had_are_revoked_enough() -> None:
    class Locked(FakeAccount):
        async def credentials(self) -> Credentials:
            raise PermissionLost("no_credentials")

    wire = Wire()
    await revoke(wire, Locked())
    assert wire.requests == []
