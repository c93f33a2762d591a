"""A channel that does not answer: its work waits for one short call at a time, and goes on by itself."""

from __future__ import annotations

import pytest

from jobs import silence
from portal.catalog.records import NewProduct, NewVariant
from portal.connections import service as connections
from portal.listings import publishing
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import TaskState
from portal.orders import feeds
from portal.tasks import kinds
from tests.jobs.test_setup import the_connection
from tests.settable_clock import SettableClock
from tests.stage import Stage

LONG = 60


@pytest.fixture
async def connection(stage: Stage, merchant: Merchant, clock: SettableClock) -> Connection:
    """A connection that was heard of a minute ago, with a product to publish."""
    made = await stage.connect(merchant)
    await stage.work()
    clock.advance(LONG)
    return made


async def publish(stage: Stage, merchant: Merchant, connection: Connection, name: str = "mug") -> None:
    mug = NewProduct(handle=name, title=name, variants=(NewVariant(sku=name, price_minor=900, quantity=3),))
    [saved] = await stage.add(merchant, mug)
    async with stage.sessions.write(merchant.id) as session:
        pair = (saved.id, connection.id)
        await publishing.publish(session, merchant_id=merchant.id, pairs=[pair], now=stage.now)


async def read(stage: Stage, connection: Connection) -> None:
    """Its orders are to be read."""
    async with stage.sessions.write(connection.merchant_id) as session:
        await feeds.read(session, connection, now=stage.now)


async def connection_is_checked(stage: Stage, connection: Connection) -> None:
    async with stage.sessions.write(connection.merchant_id) as session:
        await connections.check(session, connection, now=stage.now)


async def asked(stage: Stage) -> list[str]:
    """What the shop was asked, newest last."""
    return [",".join(request["operations"]) for request in await stage.shop().ask("requests")]


async def tried(stage: Stage, clock: SettableClock, times: int) -> None:
    for _ in range(times):
        await stage.work()
        clock.advance(LONG)


async def state(stage: Stage, connection: Connection) -> ConnectionState:
    return (await the_connection(stage, connection)).state


async def test_one_call_without_an_answer_is_no_silence(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    await stage.shop().fault("drop", count=1, when="before")
    await publish(stage, merchant, connection)
    await tried(stage, clock, 1)
    assert await state(stage, connection) is ConnectionState.ACTIVE
    await tried(stage, clock, 2)
    assert [product["handle"] for product in await stage.shop().products()] == ["mug"]


async def test_after_two_all_work_waits_and_a_test_alone_asks_until_it_is_answered(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    await stage.shop().fault("drop", when="before")
    await publish(stage, merchant, connection)
    await tried(stage, clock, 2)
    row = await the_connection(stage, connection)
    assert (row.state, row.problem and row.problem["code"]) == (ConnectionState.MAINTENANCE, "no_answer")

    before = await asked(stage)
    await publish(stage, merchant, connection, "bowl")
    await tried(stage, clock, 4)
    assert {*(await asked(stage))[len(before) :]} == {before[-1]}, "the test of the connection"
    assert len(await asked(stage)) - len(before) == 4, "once each time, though the waits would be longer by now"

    await stage.shop().heal("drop")
    await tried(stage, clock, 3)
    row = await the_connection(stage, connection)
    assert (row.state, row.problem) == (ConnectionState.ACTIVE, None)
    assert {product["handle"] for product in await stage.shop().products()} == {"mug", "bowl"}


async def test_other_work_begun_after_the_first_came_to_nothing_is_the_second(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    await stage.shop().fault("drop", when="before")
    await publish(stage, merchant, connection)
    await read(stage, connection)
    await stage.work()
    assert await state(stage, connection) is ConnectionState.ACTIVE, "at the same moment nobody answered either: once"
    clock.advance(1)
    await connection_is_checked(stage, connection)
    await stage.work()
    assert await state(stage, connection) is ConnectionState.MAINTENANCE
    assert max([task.tries for task in await stage.tasks()]) == 1, "no task needed a second try to find out"


async def test_one_operation_that_hangs_is_no_silence_while_others_are_answered(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    await stage.shop().fault("drop", when="before", operation="productSet")
    await publish(stage, merchant, connection)
    for _ in range(4):
        await read(stage, connection)
        await stage.work()
        assert await state(stage, connection) is ConnectionState.ACTIVE
        clock.advance(silence.SPOKE.total_seconds() / 2)


async def test_a_connection_the_merchant_has_paused_stays_paused(
    stage: Stage, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    await stage.shop().fault("drop", when="before")
    await publish(stage, merchant, connection)
    await tried(stage, clock, 2)
    async with stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Connection, connection.id)
        await connections.pause(session, row, now=stage.now)
    await stage.shop().heal("drop")
    await tried(stage, clock, 3)
    assert await state(stage, connection) is ConnectionState.PAUSED
    assert [task.state for task in await stage.tasks(kind=kinds.CHECK.name)][-1] is TaskState.DONE
    assert await stage.shop().products() == []
