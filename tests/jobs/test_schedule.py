"""What runs by the clock puts away what has served, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from jobs import schedule
from jobs.lanes import Worker
from portal.clock import new_id
from portal.models.accounts import Merchant
from portal.models.connections import ExchangeEntry
from portal.models.webhooks import Delivery
from tests.stage import Stage


async def test_old_exchanges_and_deliveries_are_gone_and_newer_ones_stay(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    owner = {"merchant_id": merchant.id, "connection_id": connection.id}
    call = {"operation": "o", "method": "POST", "url": "u", "request_body": "", "response_body": "", "seconds": 0.1}
    async with stage.sessions.write(merchant.id) as session:
        for days in (29, 31):
            at = {"created_at": stage.now - timedelta(days=days), **owner}
            session.add(Delivery(id=new_id(), topic="t", delivery_id=f"d{days}", body=b"sealed", **at))
            session.add(ExchangeEntry(**call | {"operation": f"o{days}"}, **at))

    await schedule.tidy({"worker": Worker(stage.process.runtime, "worker", {})})

    async with stage.sessions.read(merchant.id) as session:
        assert list(await session.scalars(select(Delivery.delivery_id))) == ["d29"]
        assert list(await session.scalars(select(ExchangeEntry.operation))) == ["o29"]
