"""Webhooks, worked on after they were answered: what the channel says happened becomes our work."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import locations
from connectors.errors import Problem, ProblemClass
from connectors.orders import OrderRecord
from connectors.records import Observed
from jobs.channel import connection_of, reach
from jobs.handlers import Batch, Prepared
from jobs.listed import announce, read_soon
from jobs.results import Ended, Result
from portal.connections import states
from portal.models.connections import Connection
from portal.models.listings import Listing, ListingItem
from portal.models.webhooks import Delivery
from portal.orders.receiving import receive
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks

UNINSTALLED = "app_uninstalled"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heard:
    """What one delivery says, and when the channel says it happened."""

    triggered_at: datetime | None
    body: dict[str, Any]


class HandleWebhook:
    """What a delivery says has been acted on once, and its body is gone. Each act is harmless twice."""

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        rows = await session.execute(select(Delivery).where(Delivery.id.in_([UUID(t.subject) for t in batch.tasks])))
        deliveries = {str(delivery.id): delivery for delivery in rows.scalars()}
        prepared = Prepared()
        for task in batch.tasks:
            delivery = deliveries.get(task.subject)
            if delivery is None or delivery.handled_at is not None:
                prepared.settled[task.id] = Result(ended=Ended.DONE)
            else:
                prepared.work[task.id] = delivery
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        """What tells of an order is taken in, by a short transaction of its own; the rest waits for `record`.

        What cannot be read holds nothing else up.
        """
        connector, account = reach(runtime, batch)
        orders: list[OrderRecord] = []
        results = {}
        for task_id, delivery in prepared.work.items():
            plain = runtime.vault.open(
                delivery.body, merchant_id=delivery.merchant_id, row_id=delivery.id, field="delivery.body"
            )
            heard = Heard(delivery.triggered_at, _read(delivery, plain))
            results[task_id] = Result(ended=Ended.DONE, value=heard)
            if connector.orders is not None and (order := connector.orders.heard(account, delivery.topic, heard.body)):
                orders.append(order)
        await receive(runtime, connection_of(batch), orders)
        return results

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        connection = connection_of(batch)
        heard = {
            delivery.id: results[task_id].value
            for task_id, delivery in prepared.work.items()
            if results[task_id].ended is Ended.DONE
        }
        told: dict[str, list[Heard]] = {}
        for delivery in await session.scalars(select(Delivery).where(Delivery.id.in_(heard)).order_by(Delivery.id)):
            told.setdefault(delivery.topic, []).append(heard[delivery.id])
            delivery.handled_at, delivery.body = now, b""
        for topic, said in told.items():
            if act := TOPICS.get(topic):
                await act(session, connection, said, now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """What the delivery said is not known. The connection is tested: if our access was what ended, that shows."""
        connection = connection_of(batch)
        await tasks.ask(session, connection, kinds.CHECK, [str(connection.id)], now=now)


def _read(delivery: Delivery, plain: bytes) -> dict[str, Any]:
    """The JSON object of a body; for anything else an empty one, which says nothing beyond its topic."""
    try:
        body = json.loads(plain)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    log.warning("webhook_unreadable", topic=delivery.topic, delivery=str(delivery.id))
    return {}


async def _uninstalled(session: AsyncSession, connection: Connection, heard: Sequence[Heard], now: datetime) -> None:
    """The shop ended our access; its tokens are worth nothing and are destroyed at once.

    A delivery may come hours late: when the merchant has let us in again since, a test tells what is true.
    """
    let_in = connection.connected_at
    if let_in and all(one.triggered_at and one.triggered_at < let_in for one in heard):
        await tasks.ask(session, connection, kinds.CHECK, [str(connection.id)], now=now)
        return
    connection.secrets = connection.previous_secrets = connection.next_secrets = None
    connection.access_ends_at = None
    states.lose_permission(session, connection, Problem(problem_class=ProblemClass.PERMISSION, code=UNINSTALLED), now)


async def _shop_changed(session: AsyncSession, connection: Connection, _heard: Sequence[Heard], now: datetime) -> None:
    """What we may do there, or where stock is kept, is asked anew."""
    await tasks.ask(session, connection, kinds.CHECK, [str(connection.id)], now=now)


async def _products_changed(
    session: AsyncSession, connection: Connection, heard: Sequence[Heard], now: datetime
) -> None:
    await read_soon(session, connection, await _listings(session, connection, heard), now)


async def _products_deleted(
    session: AsyncSession, connection: Connection, heard: Sequence[Heard], now: datetime
) -> None:
    for listing in await _listings(session, connection, heard):
        listing.observed, listing.observed_at = Observed.ENDED, now
        announce(session, listing)


async def _stock_changed(session: AsyncSession, connection: Connection, heard: Sequence[Heard], now: datetime) -> None:
    """Our own pushes come back as events too; only a number we did not know of is work.

    Where several locations count, the number of one cannot be compared with what we know, their sum: it is read.
    """
    counted = locations.counted(connection.settings)
    said = {
        f"gid://shopify/InventoryItem/{one.body.get('inventory_item_id')}": one.body.get("available")
        for one in heard
        if f"gid://shopify/Location/{one.body.get('location_id')}" in counted
    }
    items = await session.scalars(
        select(ListingItem).where(ListingItem.connection_id == connection.id, ListingItem.stock_id.in_(said))
    )
    news = [
        str(item.id)
        for item in items
        if len(counted) > 1
        or said[item.stock_id] not in (None, item.confirmed_quantity, item.sent_quantity, item.accounted_quantity)
    ]
    await tasks.ask(session, connection, kinds.STOCK, news, now=now)


async def _listings(session: AsyncSession, connection: Connection, heard: Sequence[Heard]) -> Sequence[Listing]:
    channel_ids = {_product_id(one.body) for one in heard}
    found = await session.scalars(
        select(Listing).where(Listing.connection_id == connection.id, Listing.channel_id.in_(channel_ids))
    )
    return found.all()


def _product_id(body: Mapping[str, Any]) -> str:
    return str(body.get("admin_graphql_api_id") or f"gid://shopify/Product/{body.get('id')}")


Act = Callable[[AsyncSession, Connection, Sequence[Heard], datetime], Awaitable[None]]

TOPICS: dict[str, Act] = {
    "app/uninstalled": _uninstalled,
    "app/scopes_update": _shop_changed,
    "locations/activate": _shop_changed,
    "locations/create": _shop_changed,
    "locations/deactivate": _shop_changed,
    "locations/delete": _shop_changed,
    "locations/update": _shop_changed,
    "products/update": _products_changed,
    "products/delete": _products_deleted,
    "inventory_levels/update": _stock_changed,
}
