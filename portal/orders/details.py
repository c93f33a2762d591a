"""One order as its page shows it: lines, hops, parcels, what happened, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import Buyer, OrderState
from portal.i18n import _
from portal.listings.eligible import channel_name
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.orders import Order, OrderEvent, OrderLine, Parcel, StoreOrder, StoreStep
from portal.models.tasks import OPEN, Task
from portal.orders import buyer_credits, buyers, cancelling, events, queries, retention, returned, store
from portal.orders.buyer_credits import MoneyBack
from portal.orders.returned import CameBack
from portal.orders.wording import HUSHED, Badge, badge
from portal.tasks import kinds
from portal.vault import Vault


@dataclass(frozen=True, slots=True)
class Line:
    """`product` and `label` are of the variant it sold, None where nobody knows which that is."""

    line: OrderLine
    product: Product | None
    label: str
    on_hand: int | None


@dataclass(frozen=True, slots=True)
class Hop:
    """One of the stations of an order. `state` is done, now, failed or later; `at` when it was passed."""

    name: str
    state: str
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Until when the buyer is kept, and why (a retention.Why); once removed, why they were."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """An order as its page shows it. One `sold_in_store` is fulfilled where it was sold."""

    order: Order
    source: Connection
    channel: str
    account: str
    badge: Badge
    lines: Sequence[Line]
    buyer: Buyer | None
    store: Connection | None
    sold_in_store: bool
    store_order: StoreOrder | None
    task: Task | None
    parcels: Sequence[Parcel]
    events: Sequence[OrderEvent]
    hops: Sequence[Hop]
    may_create: bool
    may_cancel: bool
    carries_cancel: bool
    keeping: Keeping
    money_back: MoneyBack
    came_back: CameBack

    def line(self, line_id: UUID) -> Line:
        return next(one for one in self.lines if one.line.id == line_id)


async def detail(session: AsyncSession, vault: Vault, order_id: UUID, *, revealed: bool = False) -> Detail:
    """The order as it is now; its buyer masked unless `revealed`. Raises NotFound."""
    order = await queries.one(session, order_id)
    source = await session.get_one(Connection, order.connection_id)
    stands = await store.made(session, order.id)
    parcels = list(await session.scalars(select(Parcel).where(Parcel.order_id == order.id).order_by(Parcel.ordinal)))
    buyer = buyers.opened(vault, order)
    own = source.channel in store.STORES
    shop = await store.store_of(session, source) if not own else None
    happened = await _happened(session, order.id)
    alive = order.state in (OrderState.PENDING, OrderState.OPEN)
    return Detail(
        order=order,
        source=source,
        channel=channel_name(source.channel),
        account=source.external_name or source.domain,
        badge=badge(order, in_own_store=own),
        lines=await _lines(session, order.lines),
        buyer=buyer if revealed or buyer is None else buyers.masked(buyer),
        store=shop,
        sold_in_store=own,
        store_order=stands,
        task=await _task(session, order.id),
        parcels=parcels,
        events=happened,
        hops=_hops(order, stands, parcels, own),
        may_create=not own and stands is None and order.state is OrderState.OPEN and not order.by_channel,
        may_cancel=alive and not any(line.shipped for line in order.lines) and not order.by_channel,
        carries_cancel=cancelling.travels(source),
        keeping=_keeping(order, parcels, happened),
        money_back=await buyer_credits.money_back(session, order, source, parcels),
        came_back=await returned.came_back(session, order, source, shop if stands else None, parcels),
    )


async def _happened(session: AsyncSession, order_id: UUID) -> list[OrderEvent]:
    query = select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.id)
    return list(await session.scalars(query))


def _keeping(order: Order, parcels: Sequence[Parcel], happened: Sequence[OrderEvent]) -> Keeping:
    until, why = retention.end(order, max((parcel.shipped_at for parcel in parcels), default=None))
    removed = [str(one.details["why"]) for one in happened if one.kind == events.BUYER_REMOVED]
    return Keeping(until, removed[-1] if removed else why)


async def _lines(session: AsyncSession, lines: Sequence[OrderLine]) -> list[Line]:
    ids = {line.variant_id for line in lines if line.variant_id}
    found = await session.execute(
        select(Variant, Product).join(Product, Product.id == Variant.product_id).where(Variant.id.in_(ids))
    )
    known: Mapping[UUID, tuple[Variant, Product]] = {variant.id: (variant, product) for variant, product in found.all()}
    return [_line(line, known.get(line.variant_id) if line.variant_id else None) for line in lines]


def _line(line: OrderLine, known: tuple[Variant, Product] | None) -> Line:
    if known is None:
        return Line(line, None, "", None)
    variant, product = known
    label = " / ".join(value for value in variant.option_values if value)
    return Line(line, product, label, variant.on_hand if variant.tracked else None)


async def _task(session: AsyncSession, order_id: UUID) -> Task | None:
    """What is under way to the store: it knows when the next try is."""
    query = select(Task).where(Task.kind == kinds.STORE_ORDER.name, Task.subject == str(order_id), Task.state.in_(OPEN))
    task: Task | None = await session.scalar(query.limit(1))
    return task


def _hops(order: Order, stands: StoreOrder | None, parcels: Sequence[Parcel], own: bool) -> list[Hop]:
    """Sold, received, created in the store, shipped, tracking returned."""
    hops = [Hop(_("Sold"), "done", order.placed_at), Hop(_("Order received"), "done", order.created_at)]
    over = order.state is OrderState.CANCELLED
    if not own and not order.by_channel:
        hops.append(_store_hop(order, stands, over))
    shipped = order.shipped_at or (parcels[0].shipped_at if parcels else None)
    hops.append(Hop(_("Shipped"), "done" if shipped else "off" if over else "later", shipped))
    if not own and not order.by_channel:
        hops.append(_told_hop(parcels, over))
    if over:
        hops.append(Hop(_("Cancelled"), "done", order.cancelled_at))
    return hops


def _store_hop(order: Order, stands: StoreOrder | None, over: bool) -> Hop:
    if stands is not None:
        return Hop(_("Created in store"), "done", stands.created_at, stands.number)
    if order.store_step is StoreStep.PROBLEM:
        return Hop(_("Created in store"), "failed", order.problem_since)
    return Hop(_("Created in store"), "off" if over else "now" if order.store_step is StoreStep.WAITING else "later")


def _told_hop(parcels: Sequence[Parcel], over: bool) -> Hop:
    told = [parcel.told_at for parcel in parcels if parcel.told_at]
    name = _("Tracking returned")
    if parcels and len(told) == len(parcels):
        return Hop(name, "done", max(told))
    problems = [parcel.problem["code"] for parcel in parcels if parcel.problem]
    if problems:
        return Hop(name, "off" if set(problems) == {HUSHED} else "failed")
    return Hop(name, "off" if over else "now" if parcels else "later")


def originals(found: Detail) -> list[dict[str, Any]]:
    """The channels' own words behind what failed: the store's on the order, the marketplace's on each parcel."""
    problems = [found.order.problem, *(parcel.problem for parcel in found.parcels)]
    return [
        problem for problem in problems if problem and (problem.get("original") or problem.get("channel_request_id"))
    ]
