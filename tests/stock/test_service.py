"""Movements: once per cause, never below zero, the sum is what is on hand, and channels are told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.db import Sessions
from portal.errors import NotFound
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import ConnectionState
from portal.models.listings import ListingItem
from portal.models.stock import Movement
from portal.models.tasks import Task
from portal.stock import service as stock
from portal.stock import telling
from portal.stock.service import Count, Move, Moved
from portal.tenancy import SYSTEM
from tests.depth import histories
from tests.settable_clock import SettableClock
from tests.stock.products import a_listing, a_product


async def variants_of(sessions: Sessions, product: Product) -> list[Variant]:
    async with sessions.read(SYSTEM) as session:
        found = select(Variant).where(Variant.product_id == product.id).order_by(Variant.position)
        return list(await session.scalars(found))


async def moved(sessions: Sessions, merchant: Merchant, *moves: Move | Count) -> list[Moved]:
    async with sessions.write(merchant.id) as session:
        return await stock.move(session, merchant_id=merchant.id, moves=moves, made_by="Alice", now=SettableClock()())


async def broken(sessions: Sessions) -> list[tuple[UUID, int]]:
    """I7: variants whose number is not the sum of their movements."""
    total = (
        select(func.coalesce(func.sum(Movement.quantity), 0)).where(Movement.variant_id == Variant.id).scalar_subquery()
    )
    async with sessions.read(SYSTEM) as session:
        found = await session.execute(select(Variant.id, total).where(Variant.on_hand != total))
        return [(variant_id, number) for variant_id, number in found.all()]


async def repeated(sessions: Sessions) -> int:
    """I6: how many causes a variant knows twice."""
    keys = (Movement.variant_id, Movement.cause, Movement.cause_id)
    async with sessions.read(SYSTEM) as session:
        found = await session.execute(select(*keys).group_by(*keys).having(func.count(Movement.id) > 1))
        return len(found.all())


def step(variant: Variant, quantity: int, cause_id: str) -> Move:
    return Move(variant_id=variant.id, quantity=quantity, cause="order", cause_id=cause_id)


async def test_the_same_cause_twice_changes_stock_once(sessions: Sessions, merchant: Merchant) -> None:
    (variant,) = await variants_of(sessions, await a_product(sessions, merchant))
    first = await moved(sessions, merchant, step(variant, 5, "a"))
    second = await moved(sessions, merchant, step(variant, 5, "a"))
    assert (first[0].taken, first[0].on_hand, first[0].repeated) == (5, 5, False)
    assert (second[0].taken, second[0].on_hand, second[0].repeated) == (0, 5, True)
    assert await broken(sessions) == []


async def test_the_same_cause_twice_in_one_call_changes_stock_once(sessions: Sessions, merchant: Merchant) -> None:
    (variant,) = await variants_of(sessions, await a_product(sessions, merchant))
    both = await moved(sessions, merchant, step(variant, 5, "a"), step(variant, 5, "a"))
    assert [one.repeated for one in both] == [False, True]
    assert (await variants_of(sessions, await _product(sessions, variant)))[0].on_hand == 5


async def test_a_sale_takes_what_is_there_and_says_what_was_missing(sessions: Sessions, merchant: Merchant) -> None:
    (variant,) = await variants_of(sessions, await a_product(sessions, merchant))
    await moved(sessions, merchant, step(variant, 3, "in"))
    (sold,) = await moved(sessions, merchant, step(variant, -5, "sale"))
    assert (sold.taken, sold.shortfall, sold.on_hand) == (-3, 2, 0)
    assert await broken(sessions) == []


async def test_a_sale_that_found_nothing_is_remembered_when_stock_has_come(
    sessions: Sessions, merchant: Merchant
) -> None:
    (variant,) = await variants_of(sessions, await a_product(sessions, merchant))
    await moved(sessions, merchant, step(variant, -2, "sale"))
    await moved(sessions, merchant, step(variant, 9, "in"))
    (again,) = await moved(sessions, merchant, step(variant, -2, "sale"))
    assert again.repeated
    assert again.on_hand == 9


async def test_a_count_sets_the_number_by_the_difference(sessions: Sessions, merchant: Merchant) -> None:
    (variant,) = await variants_of(sessions, await a_product(sessions, merchant))
    await moved(sessions, merchant, step(variant, 9, "in"))
    (counted,) = await moved(
        sessions, merchant, Count(variant_id=variant.id, quantity=4, cause="counted", cause_id="c")
    )
    assert (counted.taken, counted.on_hand, counted.shortfall) == (-5, 4, 0)
    assert await broken(sessions) == []


async def test_the_first_stock_of_a_new_variant_is_on_hand_and_in_the_ledger(
    sessions: Sessions, merchant: Merchant
) -> None:
    product = await a_product(sessions, merchant, variants=2)
    variants = await variants_of(sessions, product)
    moves = [step(variant, at, "import") for at, variant in enumerate(variants, start=4)]
    async with sessions.write(merchant.id) as session:
        await stock.begin(session, merchant_id=merchant.id, moves=moves, made_by="Alice", now=SettableClock()())
    assert [variant.on_hand for variant in await variants_of(sessions, product)] == [4, 5]
    assert await broken(sessions) == []


async def test_another_merchants_variant_is_not_found_and_does_not_move(
    sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    (variant,) = await variants_of(sessions, await a_product(sessions, other_merchant))
    with pytest.raises(NotFound):
        await moved(sessions, merchant, step(variant, 5, "a"))
    assert (await variants_of(sessions, await _product(sessions, variant)))[0].on_hand == 0


async def test_every_connection_of_a_changed_variant_is_told_and_a_fall_is_more_urgent(
    sessions: Sessions, merchant: Merchant
) -> None:
    product = await a_product(sessions, merchant, variants=2)
    first, second = await variants_of(sessions, product)
    one = await a_listing(sessions, product, [first, second])
    two = await a_listing(sessions, product, [first])
    gone = await a_listing(sessions, product, [first], ConnectionState.DISCONNECTED)
    await moved(sessions, merchant, step(first, 5, "in"))
    tasks = await _tasks(sessions)
    assert {task.connection_id for task in tasks} == {one.id, two.id}
    assert gone.id not in {task.connection_id for task in tasks}
    assert {task.priority for task in tasks} == {telling.UP_LATER}
    await moved(sessions, merchant, step(first, -1, "sale"))
    assert {task.priority for task in await _tasks(sessions)} == {telling.DOWN_FIRST}
    assert len(await _tasks(sessions)) == 2


async def test_what_was_told_a_moment_ago_is_told_again_after_a_pause(sessions: Sessions, merchant: Merchant) -> None:
    product = await a_product(sessions, merchant, variants=3)
    just_now, long_ago, never = await variants_of(sessions, product)
    await a_listing(sessions, product, [just_now, long_ago, never])
    now = SettableClock()()
    told = {just_now.id: now - timedelta(seconds=0.5), long_ago.id: now - timedelta(seconds=5)}
    async with sessions.write(SYSTEM) as session:
        items = {str(item.id): item for item in await session.scalars(select(ListingItem))}
        for item in items.values():
            item.sent_quantity_at = told.get(item.variant_id)
    await moved(sessions, merchant, *(step(variant, 5, "in") for variant in (just_now, long_ago, never)))
    due = {items[task.subject].variant_id: task.not_before for task in await _tasks(sessions)}
    assert due == {just_now.id: now + timedelta(seconds=1.5), long_ago.id: now, never.id: now}


async def test_what_is_sold_out_is_told_without_a_pause(sessions: Sessions, merchant: Merchant) -> None:
    product = await a_product(sessions, merchant)
    (variant,) = await variants_of(sessions, product)
    await moved(sessions, merchant, step(variant, 2, "in"))
    await a_listing(sessions, product, [variant])
    now = SettableClock()()
    async with sessions.write(SYSTEM) as session:
        (await session.scalars(select(ListingItem))).one().sent_quantity_at = now
    await moved(sessions, merchant, step(variant, -1, "first"))
    assert [task.not_before for task in await _tasks(sessions)] == [now + telling.PAUSE]
    await moved(sessions, merchant, step(variant, -1, "second"))
    assert [task.not_before for task in await _tasks(sessions)] == [now]


async def test_a_change_that_changes_nothing_tells_nobody(sessions: Sessions, merchant: Merchant) -> None:
    product = await a_product(sessions, merchant)
    (variant,) = await variants_of(sessions, product)
    await a_listing(sessions, product, [variant])
    await moved(sessions, merchant, step(variant, -5, "sale"))
    assert await _tasks(sessions) == []


async def test_changes_at_the_same_time_lose_nothing_and_wait_in_no_ring(
    sessions: Sessions, merchant: Merchant
) -> None:
    product = await a_product(sessions, merchant, variants=3)
    variants = await variants_of(sessions, product)
    await a_listing(sessions, product, variants)
    await moved(sessions, merchant, *(step(variant, 100, "in") for variant in variants))
    # Every batch names all variants in an order of its own, and every cause comes three times.
    orders = [[variants[(at + place) % 3] for place in range(3)] for at in range(20)]
    batches = [[step(variant, -1, str(at)) for variant in order] for at, order in enumerate(orders)] * 3
    await asyncio.gather(*(moved(sessions, merchant, *batch) for batch in batches))
    assert [variant.on_hand for variant in await variants_of(sessions, product)] == [80, 80, 80]
    assert await broken(sessions) == []
    assert await repeated(sessions) == 0


entries = st.lists(
    st.lists(
        st.tuples(st.integers(0, 1), st.booleans(), st.integers(-6, 6), st.integers(0, 7)), min_size=1, max_size=4
    ),
    min_size=1,
    max_size=6,
)


@histories(12)
@given(batches=entries)
async def test_any_mixture_of_changes_and_counts_keeps_the_sums(
    sessions: Sessions, merchant: Merchant, batches: list[list[tuple[int, bool, int, int]]]
) -> None:
    """I6 and I7 for any interleaving, repeats included; and each cause had its effect exactly once."""
    product = await a_product(sessions, merchant, variants=2)
    variants = await variants_of(sessions, product)

    async def run(batch: list[tuple[int, bool, int, int]]) -> list[Moved]:
        return await moved(
            sessions, merchant, *(_entry(variants[at], counts, number, key) for at, counts, number, key in batch)
        )

    results = [one for batch in await asyncio.gather(*map(run, batches)) for one in batch]
    assert await broken(sessions) == []
    assert await repeated(sessions) == 0
    after = await variants_of(sessions, product)
    for variant in after:
        mine = [one for one in results if one.variant_id == variant.id]
        assert variant.on_hand == sum(one.taken for one in mine) >= 0
        assert all(one.taken == 0 for one in mine if one.repeated)


def _entry(variant: Variant, counts: bool, quantity: int, cause: int) -> Move | Count:
    kind = Count if counts else Move
    return kind(variant_id=variant.id, quantity=quantity, cause="x", cause_id=str(cause))


async def _product(sessions: Sessions, variant: Variant) -> Product:
    async with sessions.read(SYSTEM) as session:
        return await session.get_one(Product, variant.product_id)


async def _tasks(sessions: Sessions) -> list[Task]:
    async with sessions.read(SYSTEM) as session:
        return list(await session.scalars(select(Task).where(Task.kind == "stock")))
