"""A channel as the truth: it counts by itself, sells, is counted by hand and loses answers; and who sells there.

It stands in for a channel's server, not for anything of ours: work runs through the real engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from connectors.errors import Busy, InDoubt
from connectors.records import Done, ListingState, Observed, ObservedItem, StockChange, StockSet
from connectors.registry import CHANNELS
from jobs.handlers import Batch, Prepared
from jobs.orders import OVERLAP
from jobs.registry import HANDLERS
from jobs.results import Ended, Result
from portal.clock import new_id
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.listings import Listing, ListingItem
from portal.models.orders import OrderFeed
from portal.models.stock import Movement, Shortfall
from portal.stock import claims
from portal.stock import service as stock
from portal.stock.accounted import sold_there
from portal.stock.claims import Claim
from portal.stock.service import Move
from portal.tasks import kinds
from portal.tasks import service as tasks
from portal.tenancy import SYSTEM
from tests.stage import Stage
from tests.stock.products import a_listing, a_product

START = 50


@dataclass
class Channel:
    """One item's number there. `lose` is when the next answer is lost: before or after it was acted on.

    `key` is the channel whose capabilities it has. A sale is in its list of orders `lag` seconds later,
    and one that is `unlisted` is not yet in it.
    """

    has_orders: bool = True
    number: int = START
    sales: dict[str, int] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    sold_at: dict[str, datetime] = field(default_factory=dict)
    lose: str = ""
    key: str = "shopify"
    lag: float = 0

    @property
    def capabilities(self) -> Any:
        return CHANNELS[self.key]

    @property
    def orders(self) -> Any:
        return self if self.has_orders else None

    def sells(self, quantity: int, at: datetime | None = None) -> str:
        self.number -= quantity
        key = str(len(self.sales))
        self.sales[key] = quantity
        if at is not None:
            self.sold_at[key] = at
        return key

    def told(self, now: datetime) -> list[str]:
        """The sales in its list of orders."""
        listed = now - timedelta(seconds=self.lag)
        return [key for key in self.sales if key not in self.unlisted and self.sold_at.get(key, listed) <= listed]

    async def read_states(self, _account: Any, channel_ids: Sequence[str]) -> list[Any]:
        items = (ObservedItem(channel_id="item", quantity=self.number),)
        return [Done(ListingState(channel_id=one, observed=Observed.LIVE, items=items)) for one in channel_ids]

    async def set_stock(self, _account: Any, changes: Sequence[StockChange], *, idempotency_key: str) -> list[Any]:
        [change], lose = changes, self.lose
        self.lose = ""
        if lose == "before":
            raise InDoubt("timeout")
        found = self.number
        fits = change.expected in (None, found) or not self.capabilities.compare_and_set_stock
        if fits:
            self.number = change.quantity
        if lose == "after":
            raise InDoubt("timeout")
        return [Done(StockSet(quantity=self.number, stale_actual=None if fits else found))]


@dataclass
class Trade:
    """A merchant with one variant on one channel."""

    stage: Stage
    merchant: Merchant
    channel: Channel
    connection: Connection
    variant: Variant
    item_id: UUID
    moved: int = 0
    reads_orders: bool = True

    async def hears(self, key: str) -> None:
        """The sale is taken in, as an order is: once, however often it is told."""
        claim = Claim(variant_id=self.variant.id, quantity=self.channel.sales[key], cause="order", cause_id=key)
        async with self.stage.sessions.write(self.merchant.id) as session:
            [taken] = await claims.take(
                session, merchant_id=self.merchant.id, claims=[claim], made_by="there", now=self.stage.now
            )
            if not taken.repeated:
                await sold_there(session, {self.item_id: claim.quantity})

    async def moves(self, quantity: int) -> None:
        """Stock comes in, or is sold elsewhere."""
        self.moved += quantity
        known = {"variant_id": self.variant.id, "cause": "elsewhere", "cause_id": str(new_id())}
        made: dict[str, Any] = {"merchant_id": self.merchant.id, "made_by": "test", "now": self.stage.now}
        async with self.stage.sessions.write(self.merchant.id) as session:
            if quantity > 0:
                await stock.move(session, moves=[Move(quantity=quantity, **known)], **made)
            else:
                await claims.take(session, claims=[Claim(quantity=-quantity, **known)], **made)

    async def works(self) -> None:
        self.stage.process.runtime.connectors[self.channel.key] = self.channel  # type: ignore[assignment]
        await self.stage.work(handlers={**HANDLERS, "orders": ReadOrders(self)})

    async def asks(self, kind: kinds.Kind, subject: str) -> None:
        async with self.stage.sessions.write(self.merchant.id) as session:
            await tasks.enqueue(
                session,
                kind,
                [subject],
                merchant_id=self.merchant.id,
                connection_id=self.connection.id,
                now=self.stage.now,
            )

    async def quiets(self, clock: Any) -> None:
        """Polls come as ever, a last push, and everything that was put off."""
        for _ in range(4):
            await self.asks(kinds.ORDERS, str(self.connection.id))
            await self.asks(kinds.STOCK, str(self.item_id))
            for _pause in range(4):
                await self.works()
                clock.advance(20)

    async def held(self) -> tuple[int, dict[str, int]]:
        """What is on hand here, and the sum of movements by cause."""
        async with self.stage.sessions.read(SYSTEM) as session:
            variant = await session.get_one(Variant, self.variant.id)
            query = select(Movement.cause, func.sum(Movement.quantity)).where(Movement.variant_id == variant.id)
            sums = {cause: int(total) for cause, total in await session.execute(query.group_by(Movement.cause))}
            return variant.on_hand, sums

    async def missing(self) -> int:
        """Units that were sold and are not there."""
        async with self.stage.sessions.read(SYSTEM) as session:
            query = select(func.sum(Shortfall.quantity - Shortfall.cleared))
            return int(await session.scalar(query.where(Shortfall.variant_id == self.variant.id)) or 0)


class ReadOrders:
    """Reads what the channel sold, as of the beginning of the reading."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade

    async def prepare(self, _session: Any, batch: Batch, now: datetime) -> Prepared:
        return Prepared(work={task.id: self.trade.channel.told(now) for task in batch.tasks})

    async def call(self, _runtime: Any, _batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        if not self.trade.reads_orders:
            raise Busy("down")
        for key in next(iter(prepared.work.values())):
            await self.trade.hears(key)
        return {task: Result(ended=Ended.DONE) for task in prepared.work}

    async def record(self, session: Any, batch: Batch, _prepared: Prepared, results: Any, now: datetime) -> None:
        if any(result.ended is not Ended.DONE for result in results.values()):
            return
        feed = await session.get(OrderFeed, batch.connection.id)  # type: ignore[union-attr]
        if feed is None:
            feed = OrderFeed(merchant_id=batch.merchant_id, connection_id=batch.connection.id, since=now - OVERLAP)  # type: ignore[union-attr]
            session.add(feed)
        feed.read_at, feed.since = now, max(feed.since, now - OVERLAP)

    async def give_up(self, *_args: Any) -> None: ...


async def a_trade(stage: Stage, merchant: Merchant, channel: Channel) -> Trade:
    """The variant has as many here as the channel shows, and has had for an hour."""
    product = await a_product(stage.sessions, merchant)
    async with stage.sessions.read(SYSTEM) as session:
        variant = (await session.scalars(select(Variant).where(Variant.product_id == product.id))).one()
    connection = await a_listing(stage.sessions, product, [variant])
    async with stage.sessions.write(SYSTEM) as session:
        item = (await session.scalars(select(ListingItem).where(ListingItem.connection_id == connection.id))).one()
        (await session.get_one(Connection, connection.id)).channel = channel.key
        (await session.get_one(Listing, item.listing_id)).channel_id = "listing"
        item.stock_id, item.channel_id = "there", "item"
        item.sent_quantity = item.confirmed_quantity = item.accounted_quantity = channel.number
        item.sent_quantity_at = item.confirmed_quantity_at = stage.now - timedelta(hours=1)
    connection.channel = channel.key
    first = Move(variant_id=variant.id, quantity=channel.number, cause="received", cause_id="first")
    async with stage.sessions.write(merchant.id) as session:
        await stock.begin(session, merchant_id=merchant.id, moves=[first], made_by="test", now=stage.now)
    return Trade(stage, merchant, channel, connection, variant, item.id)
