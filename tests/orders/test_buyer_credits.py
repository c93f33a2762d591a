"""A buyer credit is asked for once something has left, once at a time, and its answer stands on the order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from connectors.orders import OrderState
from portal.models.accounts import AuditEntry, Merchant, Role
from portal.models.buyer_credits import BuyerCredit, CreditState
from portal.models.orders import Order
from tests.listings.site import Browser, Site
from tests.orders.sales import Shop, a_shop, sale, with_line

SHIPPED = OrderState.SHIPPED
ASKED = {"amount": "500", "reason": "A mug came broken."}


@pytest.fixture
async def shop(site: Site, merchant: Merchant) -> Shop:
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    return shop


@pytest.fixture
async def alice(site: Site, merchant: Merchant) -> AsyncIterator[Browser]:
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:
        yield browser


async def shipped(shop: Shop) -> Order:
    await shop.hear(with_line(sale(units=2, state=SHIPPED), shipped=2))
    return await shop.order()


async def asked(shop: Shop) -> list[BuyerCredit]:
    async with shop.sessions.read(shop.merchant.id) as session:
        return list(await session.scalars(select(BuyerCredit).order_by(BuyerCredit.id)))


async def test_more_action_asks_our_staff_and_the_order_says_where_it_stands(shop: Shop, alice: Browser) -> None:
    order = await shipped(shop)
    page = await alice.get(f"/orders/{order.id}")
    [link] = page.select(f'.menu a[href="/orders/{order.id}/buyer-credit"]')
    form = await alice.get(str(link["href"]))
    assert "Our staff read your request" in form.get_text()

    answer = await alice.post(str(link["href"]), ASKED)

    assert answer.headers["location"] == f"/orders/{order.id}"
    [credit] = await asked(shop)
    assert (credit.amount_minor, credit.currency, credit.state) == (500, "JPY", CreditState.ASKED)
    assert credit.asked_by == "Alice"
    words = " ".join((await alice.get(f"/orders/{order.id}")).get_text(" ").split())
    assert "With our staff" in words
    assert "A mug came broken." in words
    assert "A buyer credit was asked for" in words
    async with shop.sessions.read(shop.merchant.id) as session:
        assert "buyer_credit.asked" in list(await session.scalars(select(AuditEntry.act)))


async def test_one_request_waits_at_a_time_and_an_answer_lets_the_next_be_made(shop: Shop, alice: Browser) -> None:
    order = await shipped(shop)
    at = f"/orders/{order.id}/buyer-credit"
    assert (await alice.post(at, ASKED)).status_code == 303
    assert (await alice.post(at, ASKED)).status_code == 409
    assert "Our staff have your request already" in (await alice.get(at)).get_text()
    async with shop.sessions.write(shop.merchant.id) as session:
        credit = (await session.scalars(select(BuyerCredit))).one()
        credit.state, credit.answered_at, credit.answered_by = CreditState.GIVEN, shop.now, "Sam"

    words = (await alice.get(f"/orders/{order.id}")).get_text(" ")
    assert "Paid back" in words
    assert "Sam" in words
    assert (await alice.post(at, {**ASKED, "amount": "1901"})).status_code == 422, "2,400 less 500 are left"
    assert (await alice.post(at, {**ASKED, "amount": "1900"})).status_code == 303


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "", "reason": "x"}, "Enter a number"),
        ({"amount": "0", "reason": "x"}, "above zero"),
        ({"amount": "2401", "reason": "x"}, "¥2,400 at most"),
        ({"amount": "10.5", "reason": "x"}, ""),
        ({"amount": "500", "reason": "  "}, "Say why"),
        ({"amount": "500", "reason": "x" * 1001}, "1000 characters"),
    ],
)
async def test_what_cannot_be_asked_is_said_at_its_field_and_nothing_typed_is_lost(
    shop: Shop, alice: Browser, typed: dict[str, str], says: str
) -> None:
    order = await shipped(shop)
    answer = await alice.post(f"/orders/{order.id}/buyer-credit", typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert typed["reason"] in answer.text
    assert await asked(shop) == []


async def test_before_anything_has_left_cancelling_is_the_way(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale())
    order = await shop.order()
    assert (await alice.get(f"/orders/{order.id}")).select('a[href$="/buyer-credit"]') == []
    assert "cancel the order" in (await alice.get(f"/orders/{order.id}/buyer-credit")).get_text()
    assert (await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)).status_code == 409


async def test_in_the_own_store_the_merchant_refunds(shop: Shop, alice: Browser) -> None:
    await shop.hear(with_line(sale("#1001", state=SHIPPED), shipped=1), of=shop.store)
    order = await shop.order()
    page = await alice.get(f"/orders/{order.id}/buyer-credit")
    assert "Refund it in Shopify" in page.get_text()
    assert (await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)).status_code == 409


async def test_who_packs_reads_the_answer_and_asks_for_nothing(site: Site, shop: Shop, merchant: Merchant) -> None:
    order = await shipped(shop)
    packer = await site.sign_in(merchant, "pia", Role.PACKER)
    async with packer.http:
        assert (await packer.get(f"/orders/{order.id}")).select('a[href$="/buyer-credit"]') == []
        assert (await packer.post(f"/orders/{order.id}/buyer-credit", ASKED)).status_code == 403
