"""Asking our staff to give a buyer money back, once the order has left: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from connectors.registry import CHANNELS
from portal.catalog.typed import amount
from portal.errors import Conflict, FormInvalid
from portal.i18n import _
from portal.models.accounts import Merchant
from portal.models.buyer_credits import BuyerCredit, CreditState
from portal.models.connections import Connection
from portal.models.orders import Order, Parcel
from portal.orders import events, queries
from portal.templating import money

LONGEST_REASON: Final = 1000
LONGEST_ANSWER: Final = 1000


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """How the buyer of an order gets money back, whether our staff may be asked now, and what they were asked."""

    note: str
    may_ask: bool
    credits: Sequence[BuyerCredit]

    @property
    def waits(self) -> bool:
        return any(one.state is CreditState.ASKED for one in self.credits)


async def money_back(session: AsyncSession, order: Order, source: Connection, parcels: Sequence[Parcel]) -> MoneyBack:
    query = select(BuyerCredit).where(BuyerCredit.order_id == order.id).order_by(BuyerCredit.id)
    return MoneyBack(_note(source), _may_ask(order, source, parcels), list(await session.scalars(query)))


def _may_ask(order: Order, source: Connection, parcels: Sequence[Parcel]) -> bool:
    """Once something has left: before, cancelling gives the buyer everything back. In a store the merchant refunds."""
    left = order.state is OrderState.SHIPPED or bool(parcels) or any(line.shipped for line in order.lines)
    return left and not CHANNELS[source.channel].is_store


def _note(source: Connection) -> str:
    """How a buyer of this channel gets money back, since refunds don't travel."""
    can = CHANNELS[source.channel]
    said = {"channel": can.name}
    if can.is_store:
        return _("Refund it in %(channel)s. What you refund there stays there; no marketplace is told.") % said
    return (
        _(
            "Crossdock makes no refunds at %(channel)s. Before anything has left, cancel the order: the buyer gets all "
            "of it back. After that, refund on %(channel)s's own pages, or ask our staff for a buyer credit."
        )
        % said
    )


async def ask(
    session: AsyncSession, order_id: UUID, typed: Mapping[str, Any], *, made_by: str, now: datetime
) -> BuyerCredit:
    """The request waits for our staff. `typed` is the form's `amount` and `reason`.

    Raises NotFound, FormInvalid, and Conflict while another one waits or nothing has left.
    """
    order = await queries.one(session, order_id, lock=True)
    source = await session.get_one(Connection, order.connection_id)
    parcels = list(await session.scalars(select(Parcel).where(Parcel.order_id == order.id)))
    standing = await money_back(session, order, source, parcels)
    if not standing.may_ask:
        raise Conflict(_("No buyer credit can be asked for here"), standing.note)
    if standing.waits:
        raise Conflict(_("Our staff have your request already"), _("Their answer will stand on the order."))
    minor, reason = _read(order, typed, standing.credits)
    credit = BuyerCredit(
        merchant_id=order.merchant_id,
        order_id=order.id,
        amount_minor=minor,
        currency=order.currency,
        reason=reason,
        asked_by=made_by[:200],
        created_at=now,
    )
    session.add(credit)
    events.write(session, order, events.CREDIT_ASKED, now=now, made_by=made_by)
    return credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What our staff made of a request: `given_minor` went back to the buyer, None where it is declined.

    `words` are for the merchant; `by` is who of the staff answers.
    """

    given_minor: int | None
    words: str
    by: str


class NoAnswer(Exception):
    """The request cannot be answered so; the text says to our staff why not."""


async def waiting(session: AsyncSession) -> list[tuple[BuyerCredit, Order, Connection, Merchant]]:
    """Every merchant's requests that nobody answered, the oldest first. The session is the SYSTEM's."""
    query = (
        select(BuyerCredit, Order, Connection, Merchant)
        .join(Order, Order.id == BuyerCredit.order_id)
        .join(Connection, Connection.id == Order.connection_id)
        .join(Merchant, Merchant.id == BuyerCredit.merchant_id)
        .where(BuyerCredit.state == CreditState.ASKED)
        .order_by(BuyerCredit.id)
    )
    return [
        (credit, order, source, merchant) for credit, order, source, merchant in (await session.execute(query)).all()
    ]


async def answer(session: AsyncSession, credit_id: UUID, said: Answer, *, now: datetime) -> BuyerCredit:
    """The request is answered, once, and the order says how. The session is the SYSTEM's. Raises NoAnswer."""
    query = select(BuyerCredit).where(BuyerCredit.id == credit_id).with_for_update()
    credit: BuyerCredit | None = await session.scalar(query)
    if credit is None:
        raise NoAnswer("There is no such request.")
    if credit.state is not CreditState.ASKED:
        raise NoAnswer(f"It was answered already, by {credit.answered_by or 'somebody'}.")
    words, given = said.words.replace("\0", "").strip(), said.given_minor
    if given is None and not words:
        raise NoAnswer("Say why: the merchant reads it on the order.")
    if given is not None and not 0 < given <= credit.amount_minor:
        raise NoAnswer(f"Give more than nothing and at most the {credit.amount_minor} minor units that were asked for.")
    credit.state = CreditState.DECLINED if given is None else CreditState.GIVEN
    credit.given_minor, credit.answer = given, words[:LONGEST_ANSWER]
    credit.answered_at, credit.answered_by = now, said.by[:200]
    order = await session.get_one(Order, credit.order_id)
    kind = events.CREDIT_DECLINED if given is None else events.CREDIT_GIVEN
    details = {} if given is None else {"amount_minor": given, "currency": credit.currency}
    events.write(session, order, kind, now=now, made_by=said.by, **details)
    return credit


def _read(order: Order, typed: Mapping[str, Any], before: Sequence[BuyerCredit]) -> tuple[int, str]:
    """Amount and reason. Raises FormInvalid."""
    errors: dict[str, str] = {}
    minor = 0
    try:
        minor = amount(str(typed.get("amount", "")), order.currency)
        errors |= _too_much(order, minor, before)
    except ValueError as error:
        errors["amount"] = str(error)
    reason = str(typed.get("reason", "")).replace("\0", "").strip()
    if not reason:
        errors["reason"] = _("Say why, so that our staff can decide.")
    elif len(reason) > LONGEST_REASON:
        errors["reason"] = _("Say it in %(most)s characters at most.") % {"most": LONGEST_REASON}
    if errors:
        raise FormInvalid(errors)
    return minor, reason


def _too_much(order: Order, minor: int, before: Sequence[BuyerCredit]) -> dict[str, str]:
    if minor == 0:
        return {"amount": _("Enter an amount above zero.")}
    given = sum(one.given_minor or 0 for one in before)
    most = None if order.total_minor is None else order.total_minor - given
    if most is None or minor <= most:
        return {}
    words = _("Enter %(most)s at most: the buyer paid no more than that for what is not given back yet.")
    return {"amount": words % {"most": money(most, order.currency)}}
