"""The checker sees what it is for: each truth is broken behind the product's back and reported."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal import invariants
from portal.clock import utc_now
from portal.config import Settings
from portal.db import Sessions
from portal.invariants import foreign_keys_between_merchants_rows, queries, violations
from portal.models import Base
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.stock import Component, Movement, Reservation, Shortfall
from portal.models.tasks import Lane, Task, TaskState
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM

OLD = timedelta(minutes=3)


async def a_product(sessions: Sessions, merchant: Merchant, quantity: int) -> Variant:
    """A product with one variant, its stock explained by one movement."""
    async with sessions.write(merchant.id) as session:
        product = Product(merchant_id=merchant.id, handle="mug", title="Mug")
        session.add(product)
        await session.flush()
        variant = Variant(merchant_id=merchant.id, product_id=product.id, position=0, price_minor=100, on_hand=quantity)
        session.add(variant)
        await session.flush()
        session.add(
            Movement(merchant_id=merchant.id, variant_id=variant.id, quantity=quantity, cause="count", cause_id="first")
        )
    return variant


async def a_promise(sessions: Sessions, merchant: Merchant) -> None:
    """Due for three minutes."""
    then = utc_now() - OLD
    async with sessions.write(merchant.id) as session:
        await tasks.enqueue(session, kinds.PRODUCT_CHANGED, ["a"], merchant_id=merchant.id, now=then)


async def test_nothing_is_wrong_with_honest_rows(sessions: Sessions, merchant: Merchant) -> None:
    await a_product(sessions, merchant, 5)

    assert await violations(sessions) == []


async def test_stock_without_a_movement_is_seen(sessions: Sessions, merchant: Merchant) -> None:
    variant = await a_product(sessions, merchant, 5)
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(Variant).where(Variant.id == variant.id).values(on_hand=6))

    [found] = await violations(sessions)

    assert found.startswith("I7")


async def test_a_row_that_leads_to_another_merchant_is_seen(
    sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    variant = await a_product(sessions, merchant, 5)
    async with sessions.write(SYSTEM) as session:
        rows = update(Movement).where(Movement.variant_id == variant.id)
        await session.execute(rows.values(merchant_id=other_merchant.id))

    assert [found.split(":")[0] for found in await violations(sessions)] == [
        "I10 movement.variant_id leads to another merchant"
    ]


async def test_a_promise_nobody_looks_at_is_seen(sessions: Sessions, merchant: Merchant) -> None:
    await a_promise(sessions, merchant)

    [found] = await violations(sessions)

    assert found.startswith("I9 a due task waits")


async def test_a_promise_in_a_lane_that_somebody_holds_is_no_fault(sessions: Sessions, merchant: Merchant) -> None:
    await a_promise(sessions, merchant)
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(Lane).values(lease_until=utc_now() + timedelta(hours=1)))

    assert await violations(sessions) == []


async def test_a_promise_for_a_paused_connection_is_no_fault(sessions: Sessions, merchant: Merchant) -> None:
    async with sessions.write(merchant.id) as session:
        connection = Connection(merchant_id=merchant.id, channel="shopify", state=ConnectionState.PAUSED)
        session.add(connection)
        await session.flush()
        then = utc_now() - OLD
        await tasks.enqueue(session, kinds.STOCK, ["a"], merchant_id=merchant.id, connection_id=connection.id, now=then)

    assert await violations(sessions) == []


async def test_a_task_running_in_a_lane_nobody_holds_is_seen(sessions: Sessions, merchant: Merchant) -> None:
    await a_promise(sessions, merchant)
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(Task).values(state=TaskState.RUNNING))

    [found] = await violations(sessions)

    assert found.startswith("I9 a task is running")


def test_every_key_between_merchants_rows_has_its_query() -> None:
    keys = [key for table in Base.metadata.sorted_tables for key in foreign_keys_between_merchants_rows(table)]
    names = [name for name, _query in queries(utc_now())]

    assert len(keys) > 10
    assert sum("leads to another merchant" in name for name in names) == len(keys)
    assert {name.split()[0] for name in names} == {"I5", "I6", "I7", "I8", "I9", "I10"}


def held(variant: Variant, quantity: int) -> Reservation:
    return Reservation(variant_id=variant.id, quantity=quantity, cause="order", cause_id="line")


def short(variant: Variant, quantity: int, cleared: int, cause_id: str = "first") -> Shortfall:
    return Shortfall(variant_id=variant.id, quantity=quantity, cleared=cleared, cause="count", cause_id=cause_id)


BROKEN = {
    "I7 what is reserved is not the sum": lambda variant: [held(variant, 2)],
    "I7 a shortfall is settled beyond": lambda variant: [short(variant, 2, 3)],
    "I7 a shortfall has no movement": lambda variant: [short(variant, 2, 0, "nobody's")],
    "I7 a bundle is part of a bundle": lambda variant: [
        Component(bundle_id=variant.id, variant_id=variant.id, quantity=1)
    ],
}


@pytest.mark.parametrize("truth", BROKEN)
async def test_what_is_wrong_with_orders_stock_is_seen(sessions: Sessions, merchant: Merchant, truth: str) -> None:
    variant = await a_product(sessions, merchant, 5)
    async with sessions.write(SYSTEM) as session:
        for row in BROKEN[truth](variant):
            row.merchant_id = merchant.id
            session.add(row)

    [found] = await violations(sessions)

    assert found.startswith(truth)


async def test_what_is_taken_and_held_still_is_seen(sessions: Sessions, merchant: Merchant) -> None:
    variant = await a_product(sessions, merchant, 5)
    async with sessions.write(SYSTEM) as session:
        row = held(variant, 2)
        row.merchant_id, row.cause, row.cause_id = merchant.id, "count", "first"
        session.add(row)
        await session.execute(update(Variant).values(reserved=2))

    [found] = await violations(sessions)

    assert found.startswith("I6 what was taken is held still")


async def test_stock_below_zero_is_seen(sessions: Sessions, merchant: Merchant) -> None:
    await a_product(sessions, merchant, 5)
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(Variant).values(on_hand=-1))
        await session.execute(update(Movement).values(quantity=-1))

    [found] = await violations(sessions)

    assert found.startswith("I7 stock is below zero")


@pytest.mark.parametrize("on_hand", [5, 6])
async def test_the_operators_command_says_what_is_broken_and_fails(
    sessions: Sessions,
    merchant: Merchant,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    on_hand: int,
) -> None:
    await a_product(sessions, merchant, 5)
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(Variant).values(on_hand=on_hand))
    monkeypatch.setattr(invariants, "load", lambda: settings)

    ended = await asyncio.to_thread(invariants.main)

    said = capsys.readouterr().out
    assert (ended, said.split(":")[0].strip()) == (
        (0, "Every invariant holds.") if on_hand == 5 else (1, "I7 stock on hand is not the sum of its movements")
    )
