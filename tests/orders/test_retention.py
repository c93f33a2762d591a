"""Buyers' details go when their time is over or somebody asks, and nothing of them stays anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from connectors.orders import Address, OrderState, Parcel
from jobs import schedule
from portal.clock import new_id
from portal.db import Sessions
from portal.models import Base
from portal.models.accounts import Merchant
from portal.models.orders import Order, OrderEvent, StoreOrder
from portal.orders import references, retention
from portal.tenancy import SYSTEM
from tests.listings.site import Site
from tests.orders.sales import BUYER, SOLD, Shop, a_shop, sale
from tests.settable_clock import SettableClock

DAY = timedelta(days=1)
PLANTED = replace(
    BUYER,
    name="Planted Hanako 計画花子",
    note="planted-note",
    ship_to=Address(name="Planted Hanako", line1="planted-street 1", city="Chuo", region="Tokyo", country="JP"),
)


async def remove(shop: Shop, now: datetime, *, limit: int = retention.AT_ONCE) -> int:
    async with shop.sessions.write(SYSTEM) as session:
        return await retention.remove_due(session, now=now, limit=limit)


async def left(shop: Shop) -> set[str]:
    """The numbers of the orders whose buyers are still known."""
    return {order.number for order in await shop.orders() if order.buyer is not None}


async def everything(sessions: Sessions) -> str:
    """Every row of every table, as text."""
    # As tuples: a row of SQLAlchemy's shortens what it says of itself.
    rows: list[tuple[Any, ...]] = []
    async with sessions.read(SYSTEM) as session:
        for table in Base.metadata.sorted_tables:
            rows += [tuple(row) for row in await session.execute(text(f'SELECT * FROM "{table.name}"'))]
    return repr(rows)


async def why(shop: Shop) -> dict[str, str]:
    async with shop.sessions.read(shop.merchant.id) as session:
        query = select(Order.number, OrderEvent.details).join(OrderEvent, OrderEvent.order_id == Order.id)
        found = (await session.execute(query.where(OrderEvent.kind == "buyer_removed"))).all()
    return {number: details["why"] for number, details in found}


@pytest.mark.parametrize(
    ("state", "kept_days", "because"),
    [
        (OrderState.SHIPPED, 30, "shipped"),
        (OrderState.CANCELLED, 30, "cancelled"),
        (OrderState.OPEN, 180, "unshipped"),
        (OrderState.PENDING, 180, "unshipped"),
    ],
)
async def test_a_buyer_is_kept_to_the_day_and_no_longer(
    shop: Shop, state: OrderState, kept_days: int, because: str
) -> None:
    await shop.hear(sale("1", state=state))
    assert await remove(shop, SOLD + kept_days * DAY - timedelta(seconds=1)) == 0
    assert await left(shop) == {"1"}

    assert await remove(shop, SOLD + kept_days * DAY) == 1

    order = await shop.order()
    assert (order.buyer, order.buyer_removed_at) == (None, SOLD + kept_days * DAY)
    assert await why(shop) == {"1": because}
    assert await remove(shop, SOLD + kept_days * DAY) == 0, "once is enough"


async def test_what_was_heard_of_long_after_it_left_is_not_kept_for_longer(shop: Shop) -> None:
    """An order of before the channel was connected comes with the day it left, or was last changed."""
    shop.now = SOLD + 20 * DAY
    await shop.hear(sale("1", state=OrderState.SHIPPED))
    assert await remove(shop, SOLD + 30 * DAY) == 1


@pytest.mark.parametrize(
    ("state", "days"), [(OrderState.SHIPPED, 30), (OrderState.CANCELLED, 30), (OrderState.OPEN, 180)]
)
async def test_an_order_that_is_read_after_its_time_brings_no_buyer(shop: Shop, state: OrderState, days: int) -> None:
    shop.now = SOLD + days * DAY
    await shop.hear(sale("1", state=state))
    assert await left(shop) == set()


async def test_the_last_parcel_counts(shop: Shop) -> None:
    await shop.hear(sale("1", units=2))
    for day in (1, 5):
        parcel = Parcel(channel_id=f"p{day}", number=f"10{day}", shipped_at=SOLD + day * DAY)
        echo = sale("echo", minutes=day, reference=references.of("amazon", "1"), parcels=(parcel,))
        await shop.hear(echo, of=shop.store)
    assert await remove(shop, SOLD + 34 * DAY) == 0
    assert await remove(shop, SOLD + 35 * DAY) == 1


async def test_more_than_one_batch_is_removed_and_a_later_telling_brings_nobody_back(shop: Shop) -> None:
    await shop.hear(*[sale(str(number), state=OrderState.CANCELLED) for number in range(5)])
    assert [await remove(shop, SOLD + 30 * DAY, limit=2) for _ in range(3)] == [2, 2, 1]
    await shop.hear(sale("3", state=OrderState.CANCELLED, minutes=9))
    assert await left(shop) == set()


async def test_the_nightly_job_leaves_nothing_of_a_buyer_anywhere(shop: Shop, site: Site, clock: SettableClock) -> None:
    await shop.hear(sale("1", state=OrderState.SHIPPED, buyer=PLANTED), sale("2", buyer=PLANTED), sale("3", buyer=None))
    sealed = [repr(order.buyer) for order in await shop.orders() if order.buyer]
    assert len(sealed) == 2
    rows = await everything(shop.sessions)
    assert all(one in rows for one in sealed), "what is looked for would be found"
    clock.now = SOLD + 181 * DAY

    await schedule.remove_buyers({"worker": site.process})

    rows = await everything(shop.sessions)
    assert not [one for one in sealed if one in rows]
    assert "lanted" not in rows
    assert "花子" not in rows
    async with shop.sessions.read(SYSTEM) as session:
        assert list(await session.scalars(select(Order).where(Order.buyer.is_not(None)))) == []


async def test_who_asks_is_removed_here_and_in_what_the_store_was_given(
    shop: Shop, sessions: Sessions, other_merchant: Merchant
) -> None:
    theirs = await a_shop(sessions, other_merchant)
    await theirs.hear(sale("gid://shopify/Order/1"), of=theirs.store)
    await shop.hear(*[sale(f"gid://shopify/Order/{number}") for number in (1, 2)], of=shop.store)
    await shop.hear(sale("250-1"), sale("250-2"))
    made = next(order for order in await shop.orders() if order.number == "250-1")
    async with sessions.write(shop.merchant.id) as session:
        known = {"merchant_id": shop.merchant.id, "connection_id": shop.store.id, "id": new_id()}
        session.add(StoreOrder(**known, order_id=made.id, channel_id="gid://shopify/Order/7"))

    async with sessions.write(SYSTEM) as session:
        named = ["gid://shopify/Order/1", "gid://shopify/Order/7"]
        assert await retention.remove_asked(session, [shop.store.id], named, now=shop.now) == 2

    assert await left(shop) == {"gid://shopify/Order/2", "250-2"}
    assert await left(theirs) == {"gid://shopify/Order/1"}
    async with sessions.write(SYSTEM) as session:
        assert await retention.remove_asked(session, [shop.store.id], None, now=shop.now) == 1
    assert await left(shop) == {"250-2"}, "the marketplace's order is none of the shop's own"
    assert set((await why(shop)).values()) == {"asked"}


async def test_the_order_says_until_when_and_afterwards_why(site: Site, merchant: Merchant) -> None:
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    await shop.hear(sale("1"), sale("2", state=OrderState.SHIPPED))
    open_one, shipped = await shop.orders()
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:

        async def buyer_of(order: Order) -> str:
            card = (await browser.get(f"/orders/{order.id}")).select_one("#buyer")
            assert card is not None
            return " ".join(card.get_text(" ").split())

        assert "30 days after the order is shipped or cancelled, at the latest" in await buyer_of(open_one)
        assert "Removed by themselves 26 Dec 2026" in await buyer_of(shipped)
        await remove(shop, SOLD + 30 * DAY)
        after = await buyer_of(shipped)
        assert "30 days after the order was shipped" in after
        assert "Show buyer's details" not in after
        page = await browser.get(f"/orders/{shipped.id}")
        assert "Buyer's details removed: 30 days after the order was shipped" in page.get_text()
