"""What a practice shop is told while units are kept back, and while selling is stopped: also by a publish."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.listings import publishing
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.stock import buffers, selling
from tests.jobs.test_shopify_path import available, mug
from tests.settable_clock import SettableClock
from tests.stage import Stage


async def settle(stage: Stage, clock: SettableClock) -> None:
    for _ in range(3):
        await stage.work()
        clock.advance(5)


async def publish(stage: Stage, merchant: Merchant, connection: Connection, product_id: UUID) -> None:
    async with stage.sessions.write(merchant.id) as session:
        pairs = [(product_id, connection.id)]
        await publishing.publish(session, merchant_id=merchant.id, pairs=pairs, now=stage.now)


async def shown(stage: Stage) -> dict[str, list[int]]:
    there: list[dict[str, Any]] = await stage.shop().products()
    return {product["handle"]: [available(variant) for variant in product["variants"]] for product in there}


async def test_all_is_told_nothing_while_selling_is_stopped_and_its_number_afterwards(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    [before, meanwhile] = await stage.add(merchant, mug("before", quantity=5), mug("meanwhile", quantity=7))
    async with stage.sessions.write(merchant.id) as session:
        await buffers.keep_from_connection(session, connection.id, 2, now=stage.now)
    await publish(stage, merchant, connection, before.id)
    await settle(stage, clock)
    [created] = await stage.shop().ledger("productSet")
    assert created["values"]["input"]["variants"][0]["inventoryQuantities"][0]["quantity"] == 3
    assert await shown(stage) == {"before": [3, 1]}

    async with stage.sessions.write(merchant.id) as session:
        await selling.stop(session, merchant.id, now=stage.now)
    await publish(stage, merchant, connection, meanwhile.id)
    await settle(stage, clock)
    assert await shown(stage) == {"before": [0, 0], "meanwhile": [0, 0]}

    async with stage.sessions.write(merchant.id) as session:
        await selling.go_on(session, merchant.id, now=stage.now)
    await settle(stage, clock)
    assert await shown(stage) == {"before": [3, 1], "meanwhile": [5, 1]}
