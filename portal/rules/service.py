"""The merchant's rules as rows, in their order, and what they make of an order that is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from babel.numbers import get_currency_precision
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import tags_of
from portal.clock import new_id
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.listings.eligible import channel_name, connection_name
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.orders import Order
from portal.models.rules import RoutingRule
from portal.rules.deciding import Act, Attribute, Condition, Decision, Facts, Operator, Outcome, Rule, decide

MOST_RULES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule as it is to be kept; checked by portal.rules.forms."""

    name: str
    conditions: Sequence[Condition]
    then: Sequence[Outcome]
    otherwise: Sequence[Outcome]


async def rows(session: AsyncSession, *, lock: bool = False) -> list[RoutingRule]:
    """All rules of the merchant in their order, those that are off as well."""
    query = select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)
    return list(await session.scalars(query.with_for_update() if lock else query))


async def active(session: AsyncSession) -> list[Rule]:
    return [rule_of(row) for row in await rows(session) if row.enabled]


async def with_draft(session: AsyncSession, draft: Draft, rule_id: UUID | None) -> list[Rule]:
    """The rules that are on, as they would be with this one kept and on; a new one stands last."""
    row = RoutingRule(id=rule_id or new_id(), enabled=True)
    _write(row, draft)
    there = [row if one.id == rule_id else one for one in await rows(session)]
    return [rule_of(one) for one in (there if rule_id else [*there, row]) if one.enabled]


async def one(session: AsyncSession, rule_id: UUID) -> RoutingRule:
    """Raises NotFound."""
    found = await session.get(RoutingRule, rule_id)
    if found is None:
        raise NotFound
    return found


def rule_of(row: RoutingRule) -> Rule:
    return Rule(
        id=row.id,
        name=row.name,
        conditions=[Condition(Attribute(of), Operator(how), value) for of, how, value in row.conditions],
        then=_outcomes(row.then),
        otherwise=_outcomes(row.otherwise),
    )


def _outcomes(kept: Sequence[Sequence[str]]) -> list[Outcome]:
    return [Outcome(Act(act), value) for act, value in kept]


def facts_of(order: Order, source: Connection) -> Facts:
    """What conditions can look at. `order.lines` are loaded."""
    words = {
        Attribute.SOURCE: (channel_name(source.channel), source.channel, connection_name(source)),
        Attribute.NUMBER: (order.number,),
        Attribute.SKU: tuple(line.sku for line in order.lines),
        Attribute.FRAUD: (order.fraud,),
        Attribute.SHIPPING: (order.shipping_method,),
        Attribute.PAYMENT: (order.payment,),
        Attribute.TAGS: tags_of(source.channel, order.number),
    }
    total = None
    if order.total_minor is not None:
        total = Decimal(order.total_minor).scaleb(-get_currency_precision(order.currency))
        words[Attribute.TOTAL] = (f"{total:f}",)
    return Facts({of: tuple(dict.fromkeys(filter(None, said))) for of, said in words.items()}, total)


async def decision(session: AsyncSession, order: Order, source: Connection) -> Decision:
    """What the merchant's rules, as they are now, make of this order."""
    return decide(await active(session), facts_of(order, source))


async def to_source_only(session: AsyncSession, merchant_id: UUID) -> bool:
    """Whether news of an order may go to no connection but the one it was sold at."""
    return bool(await session.scalar(select(Merchant.updates_to_source_only).where(Merchant.id == merchant_id)))


async def switch(session: AsyncSession, merchant_id: UUID, *, to_source_only: bool) -> None:
    await session.execute(
        update(Merchant)
        .where(Merchant.id == merchant_id)
        .values(updates_to_source_only=to_source_only)
        .execution_options(synchronize_session=False)
    )


async def create(session: AsyncSession, merchant_id: UUID, draft: Draft) -> RoutingRule:
    """The rule stands last. Raises Conflict where there are as many as there may be."""
    there = await rows(session)
    if len(there) >= MOST_RULES:
        raise Conflict(
            _("There are %(most)s rules already") % {"most": MOST_RULES},
            _("Delete one that is not needed, or put two into one."),
        )
    row = RoutingRule(merchant_id=merchant_id, position=there[-1].position + 1 if there else 0, enabled=True)
    _write(row, draft)
    session.add(row)
    return row


async def change(session: AsyncSession, rule_id: UUID, draft: Draft) -> None:
    _write(await one(session, rule_id), draft)


def _write(row: RoutingRule, draft: Draft) -> None:
    row.name = draft.name
    row.conditions = [list(asdict(condition).values()) for condition in draft.conditions]
    row.then = [list(asdict(outcome).values()) for outcome in draft.then]
    row.otherwise = [list(asdict(outcome).values()) for outcome in draft.otherwise]


async def move(session: AsyncSession, rule_id: UUID, *, up: bool) -> None:
    """The rule changes places with the one before or after it; the first and the last have none there and stay."""
    ordered = await rows(session, lock=True)
    place = next((place for place, row in enumerate(ordered) if row.id == rule_id), None)
    if place is None:
        raise NotFound
    other = place - 1 if up else place + 1
    if 0 <= other < len(ordered):
        ordered[place], ordered[other] = ordered[other], ordered[place]
    for position, row in enumerate(ordered):
        row.position = position


async def enable(session: AsyncSession, rule_id: UUID, *, enabled: bool) -> RoutingRule:
    row = await one(session, rule_id)
    row.enabled = enabled
    return row


async def remove(session: AsyncSession, rule_id: UUID) -> None:
    await session.delete(await one(session, rule_id))
