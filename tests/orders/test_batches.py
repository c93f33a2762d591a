"""A page of orders is taken in as one, and comes to what its orders one by one come to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from connectors.orders import OrderLine, OrderRecord, OrderState
from portal.clock import new_id
from portal.db import Sessions
from portal.invariants import violations
from portal.models.catalog import Variant
from portal.models.listings import Listing, ListingItem
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from tests.depth import histories
from tests.orders.sales import SOLD, Shop, a_shop, sale
from tests.people import a_merchant
from tests.stock.products import a_product

PENDING, OPEN, SHIPPED, CANCELLED = OrderState.PENDING, OrderState.OPEN, OrderState.SHIPPED, OrderState.CANCELLED


@contextmanager
def statements(sessions: Sessions) -> Iterator[list[str]]:
    """What is sent to the database meanwhile; many rows of one statement count once."""
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    engine = sessions.writer.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", hear)


GOODS = 100


async def goods(shop: Shop) -> None:
    """A hundred variants that the marketplace and the store both sell, ten of each on hand."""
    product = await a_product(shop.sessions, shop.merchant, variants=GOODS)
    async with shop.sessions.write(shop.merchant.id) as session:
        variants = list(await session.scalars(select(Variant).where(Variant.product_id == product.id)))
        for number, variant in enumerate(variants):
            variant.sku = f"GOOD-{number}"
        for connection in (shop.market, shop.store):
            listing = Listing(
                id=new_id(), merchant_id=shop.merchant.id, connection_id=connection.id, product_id=product.id
            )
            session.add(listing)
            await session.flush()
            session.add_all(
                ListingItem(
                    merchant_id=shop.merchant.id,
                    listing_id=listing.id,
                    connection_id=connection.id,
                    variant_id=variant.id,
                    channel_id=new_id().hex,
                    accounted_quantity=10,
                )
                for variant in variants
            )
    moves = [Move(variant_id=one.id, quantity=10, cause="start", cause_id="start") for one in variants]
    async with shop.sessions.write(shop.merchant.id) as session:
        await stock.move(session, merchant_id=shop.merchant.id, moves=moves, made_by="test", now=SOLD)


def page(name: str, count: int) -> list[OrderRecord]:
    return [sale(f"{name}-{number}", sku=f"GOOD-{number}") for number in range(count)]


async def test_a_page_costs_as_many_statements_however_many_orders_it_has(shop: Shop) -> None:
    await goods(shop)
    await shop.hear(*page("first", 2))
    with statements(shop.sessions) as few:
        await shop.hear(*page("few", 3))
    with statements(shop.sessions) as many:
        await shop.hear(*page("many", 80))
    assert len(many) == len(few), set(many) ^ set(few)
    assert len(await shop.tasks(kinds.STORE_ORDER.name)) == 85
    assert await shop.movements() == 85
    async with shop.sessions.read(shop.merchant.id) as session:
        counted = select(ListingItem.accounted_quantity).where(ListingItem.connection_id == shop.market.id)
        assert sorted(await session.scalars(counted)) == [7] * 2 + [8] + [9] * 77 + [10] * 20
    assert await violations(shop.sessions, shop.now) == []


# What happens to some orders, a minute after another: state, and units that are cancelled.
HISTORIES = {
    3: [(PENDING, 0), (OPEN, 0), (SHIPPED, 0)],
    2: [(OPEN, 0), (OPEN, 1), (CANCELLED, 1)],
    4: [(OPEN, 0), (OPEN, 2), (SHIPPED, 2)],
    1: [(PENDING, 0), (CANCELLED, 0), (CANCELLED, 0)],
    5: [(OPEN, 0), (CANCELLED, 0), (CANCELLED, 0)],
}
tellings = st.tuples(st.sampled_from(list(HISTORIES)), st.integers(0, 2))
told_pages = st.lists(st.lists(tellings, min_size=1, max_size=6), min_size=1, max_size=4)


@histories(5)
@given(pages=told_pages)
async def test_a_page_comes_to_the_same_as_its_orders_one_by_one(
    sessions: Sessions, pages: list[list[tuple[int, int]]]
) -> None:
    """Also where there is too little for all of them, and in whatever order it is told what happened to them."""
    together, alone = [await a_shop(sessions, await a_merchant(sessions, new_id().hex)) for _ in range(2)]
    for told in pages:
        records = [_record(*one) for one in told]
        await together.hear(*records)
        for record in records:
            await alone.hear(record)
    assert await _stands(together) == await _stands(alone)
    assert await violations(sessions, together.now) == []


def _record(units: int, minutes: int) -> OrderRecord:
    """The order of so many as it stood after so many minutes, with a second line of a SKU that nobody knows."""
    state, cancelled = HISTORIES[units][minutes]
    record = sale(f"250-{units}", units=units, state=state, minutes=minutes)
    other = OrderLine(channel_id=f"250-{units}-2", sku="OTHER", title="Saucer", quantity=1)
    return replace(record, lines=(replace(record.lines[0], cancelled=cancelled), other))


async def _stands(shop: Shop) -> object:
    orders = [
        (order.number, order.state, [(one.quantity, one.cancelled) for one in order.lines])
        for order in await shop.orders()
    ]
    return sorted(orders), await shop.on_hand(), await shop.reserved(), await shop.missing()
