"""What runs by the clock puts away what has served, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from jobs import schedule
from jobs.lanes import Worker
from jobs.orders import poll_orders
from portal.clock import new_id
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from portal.models.stock import Repair
from portal.models.tasks import OPEN, Task, TaskState
from portal.models.webhooks import Delivery
from tests.settable_clock import SettableClock
from tests.stage import Stage


async def test_a_connection_that_has_been_silent_is_tested_and_others_are_not(
    stage: Stage, merchant: Merchant, other_merchant: Merchant, clock: SettableClock
) -> None:
    silent = await stage.connect(merchant)
    await stage.work()
    clock.advance(3601)
    await stage.connect(other_merchant, shop="other.myshopify.com")
    await stage.work()
    await stage.shop().do("revoke")

    await schedule.test_silent(worker(stage))

    waiting = [task for task in await stage.tasks(kind="check") if task.state is TaskState.WAITING]
    assert [task.connection_id for task in waiting] == [silent.id]
    await stage.work()
    async with stage.sessions.read(merchant.id) as session:
        assert (await session.get_one(Connection, silent.id)).state is ConnectionState.NEEDS_REAUTH


async def test_orders_are_asked_for_by_the_clock_unless_a_reading_is_under_way(
    stage: Stage, merchant: Merchant
) -> None:
    await stage.connect(merchant)
    await stage.work()
    await poll_orders(worker(stage))
    [asked] = [task for task in await stage.tasks(kind="orders") if task.state is TaskState.WAITING]
    async with stage.sessions.write(merchant.id) as session:
        (await session.get_one(Task, asked.id)).state = TaskState.RUNNING
    await poll_orders(worker(stage))
    assert [task.state for task in await stage.tasks(kind="orders") if task.state in OPEN] == [TaskState.RUNNING]


async def test_webhooks_a_channel_gave_up_on_are_made_again(stage: Stage, merchant: Merchant) -> None:
    await stage.connect(merchant)
    await stage.work()
    before = {row["topic"] for row in await stage.shop().ask("subscriptions")}
    await stage.shop().do("forget", topic="PRODUCTS_UPDATE")
    assert len(await stage.shop().ask("subscriptions")) == len(before) - 1

    await schedule.test_all(worker(stage))
    await stage.work()

    assert {row["topic"] for row in await stage.shop().ask("subscriptions")} == before


def worker(stage: Stage) -> dict[str, Any]:
    return {"worker": Worker(stage.process.runtime, "worker", {})}


async def test_old_exchanges_and_deliveries_are_gone_and_newer_ones_stay(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    owner = {"merchant_id": merchant.id, "connection_id": connection.id}
    call = {"operation": "o", "method": "POST", "url": "u", "request_body": "", "response_body": "", "seconds": 0.1}
    async with stage.sessions.write(merchant.id) as session:
        for days in (29, 31):
            at = {"created_at": stage.now - timedelta(days=days), **owner}
            session.add(Delivery(id=new_id(), topic="t", delivery_id=f"d{days}", body=b"sealed", **at))
            session.add(ExchangeEntry(**call | {"operation": f"o{days}"}, **at))

    await schedule.tidy(worker(stage))

    async with stage.sessions.read(merchant.id) as session:
        assert list(await session.scalars(select(Delivery.delivery_id))) == ["d29"]
        assert list(await session.scalars(select(ExchangeEntry.operation))) == ["o29"]


async def test_repairs_are_kept_for_a_year(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    async with stage.sessions.write(merchant.id) as session:
        for days in (364, 366):
            at = stage.now - timedelta(days=days)
            session.add(
                Repair(
                    merchant_id=merchant.id,
                    connection_id=connection.id,
                    variant_id=new_id(),
                    found=days,
                    found_at=at,
                    due=7,
                    reason="changed_there",
                    created_at=at,
                )
            )

    await schedule.tidy(worker(stage))

    async with stage.sessions.read(merchant.id) as session:
        assert list(await session.scalars(select(Repair.found))) == [364]
