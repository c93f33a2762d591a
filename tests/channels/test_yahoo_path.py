"""From Yahoo!'s consent page to a live item at practice Yahoo! Shopping, through a refusal and a withdrawn consent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.records import Observed
from portal.catalog.records import NewProduct, NewVariant
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import LastAttempt
from tests.connections.premises import CHANNELS, Premises, target
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

SELLER = "harbour-goods"


async def consent(premises: Premises, browser: Browser, path: str, decision: str = "allow") -> Any:
    """The merchant leaves by our link, decides on Yahoo!'s page, and comes back."""
    left = await browser.http.get(path)
    assert left.status_code == 303, left.text
    page = left.headers["location"]
    assert page.startswith(f"{premises.stage.practice_url}/yahoo/yconnect/v2/authorization?")
    form = {"owner": "hanako", "decision": decision}
    answer = await premises.stage.http.post(page, data=form, headers={"Origin": premises.stage.practice_url})
    assert answer.status_code == 302, answer.text
    ours = premises.stage.process.runtime.settings.public_url
    return await browser.http.get(str(answer.headers["location"]).removeprefix(ours))


async def do(premises: Premises, action: str, **data: Any) -> None:
    url = f"{premises.stage.practice_url}/yahoo/practice/api/stores/{SELLER}/{action}"
    (await premises.stage.http.post(url, json=data)).raise_for_status()


async def items(premises: Premises) -> list[dict[str, Any]]:
    url = f"{premises.stage.practice_url}/yahoo/practice/api/stores/{SELLER}/products"
    return list((await premises.stage.http.get(url)).json())


@pytest.fixture
async def connection(premises: Premises, seller: Merchant, alice: Browser) -> Connection:
    back = await consent(premises, alice, f"/connect/yahoo/authorize?practice=true&shop={SELLER}")
    assert target(back) == CHANNELS
    await premises.stage.work()
    return await premises.connection(seller)


async def offered(premises: Premises, seller: Merchant, **details: str) -> Any:
    variant = NewVariant(sku="MUG-1", price_minor=1200, quantity=5)
    [saved] = await premises.stage.add(seller, NewProduct(handle="mug", title="マグカップ", variants=(variant,)))
    async with premises.stage.sessions.write(seller.id) as session:
        asked = {"product_category": "1447", "path": "食器:マグ"} | details
        (await session.get_one(Product, saved.id)).details = asked
    return saved


async def test_a_consent_connects_the_store_for_28_days(
    premises: Premises, seller: Merchant, connection: Connection
) -> None:
    assert (connection.state, connection.domain, connection.currency) == (ConnectionState.ACTIVE, SELLER, "JPY")
    assert connection.access_ends_at == premises.stage.now + timedelta(days=28)


async def test_a_declined_consent_connects_nothing(premises: Premises, seller: Merchant, alice: Browser) -> None:
    path = f"/connect/yahoo/authorize?practice=true&shop={SELLER}"

    back = await consent(premises, alice, path, decision="cancel")

    assert target(back) == CHANNELS
    assert await premises.site.rows(seller, Connection) == []


async def test_an_item_goes_live_with_its_price_and_stock(
    premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE
    [item] = await items(premises)
    assert (item["live"]["name"], item["live"]["price"], item["stock"]) == ("マグカップ", "1200", {"": 5})


async def test_a_category_yahoo_does_not_know_is_refused_in_its_words(
    premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock
) -> None:
    saved = await offered(premises, seller, product_category="食器")

    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)

    listing = await premises.stage.listing(seller, saved.id)
    assert listing.attempt is LastAttempt.REJECTED
    assert listing.problem is not None
    assert (listing.problem["code"], listing.problem["field"]) == ("it-01089", "/details/product_category")


async def test_a_withdrawn_consent_holds_the_work_until_it_is_given_again(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    saved = await offered(premises, seller)
    await do(premises, "revoke")
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    assert (await premises.connection(seller)).state is ConnectionState.NEEDS_REAUTH
    assert await items(premises) == []

    await consent(premises, alice, f"/channels/{connection.id}/reconnect")
    await settle(premises.stage, clock)

    after = await premises.connection(seller)
    assert (after.id, after.state) == (connection.id, ConnectionState.ACTIVE)
    assert (await premises.stage.listing(seller, saved.id)).observed is Observed.LIVE
    assert len(await items(premises)) == 1
