"""Letters about orders, for the members who asked for them; nobody's name is in them.

About new orders: how many, where, and for how much. About a buyer credit: what our staff answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal import i18n
from portal.i18n import _, ngettext
from portal.listings.eligible import channel_name
from portal.mail import Post
from portal.models.accounts import Member, Merchant, User
from portal.models.buyer_credits import BuyerCredit
from portal.models.connections import Connection
from portal.models.orders import Order
from portal.templating import money

# So many are named; a letter about more says how many more there are.
NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class News:
    """A merchant's new orders, oldest first: the first NAMED of them, each with where it was sold, of `count`."""

    merchant: Merchant
    count: int
    named: Sequence[tuple[Order, Connection]]


async def write_due(session: AsyncSession, post: Post, *, now: datetime) -> int:
    """One letter for each member who asked, about all orders nobody was told of; how many letters.

    The orders count as told in the same transaction, so that no order is in two letters, and a worker that dies before
    its commit has told of none. What is written is sent once at least: the same letter twice where the worker dies
    between the server's answer and our record of it (portal.mail). The session is the SYSTEM's.
    """
    due = update(Order).where(Order.letter_due).values(letter_due=False).returning(Order.merchant_id, Order.id)
    told: dict[UUID, list[UUID]] = {}
    for merchant_id, order_id in await session.execute(due, execution_options={"synchronize_session": False}):
        told.setdefault(merchant_id, []).append(order_id)
    written = 0
    for merchant_id, ids in told.items():
        readers = await _readers(session, merchant_id)
        if not readers:
            continue
        news = await _news(session, merchant_id, ids)
        for reader in readers:
            # The words are the reader's, and whoever runs next finds theirs as they were.
            subject, body = copy_context().run(_letter, reader, news, post.public_url)
            post.write(session, to=str(reader.email), subject=subject, body=body, now=now)
        written += len(readers)
    return written


async def _readers(session: AsyncSession, merchant_id: UUID) -> Sequence[User]:
    """Members who asked for it and whose address is known to be theirs."""
    query = (
        select(User)
        .join(Member, Member.user_id == User.id)
        .where(Member.merchant_id == merchant_id, Member.order_letters, User.disabled_at.is_(None))
        .where(User.email.is_not(None), User.email_verified_at.is_not(None))
        .order_by(User.id)
    )
    return (await session.scalars(query)).all()


async def _news(session: AsyncSession, merchant_id: UUID, ids: Sequence[UUID]) -> News:
    query = (
        select(Order, Connection)
        .join(Connection, Connection.id == Order.connection_id)
        .where(Order.id.in_(sorted(ids)[:NAMED]))
        .order_by(Order.id)
    )
    rows = (await session.execute(query)).all()
    named = [(order, connection) for order, connection in rows]
    return News(await session.get_one(Merchant, merchant_id), len(ids), named)


async def credit_answered(session: AsyncSession, post: Post, credit: BuyerCredit, *, now: datetime) -> int:
    """Each member who asked for letters is told what our staff made of the request. The session is the SYSTEM's."""
    order = await session.get_one(Order, credit.order_id)
    merchant = await session.get_one(Merchant, credit.merchant_id)
    readers = await _readers(session, credit.merchant_id)
    for reader in readers:
        subject, body = copy_context().run(_answer, reader, merchant, credit, order, post.public_url)
        post.write(session, to=str(reader.email), subject=subject, body=body, now=now)
    return len(readers)


def _answer(reader: User, merchant: Merchant, credit: BuyerCredit, order: Order, public_url: str) -> tuple[str, str]:
    """Subject and text in the reader's language."""
    i18n.use(reader.locale, merchant.time_zone)
    subject = _("Our answer about a buyer credit for order %(number)s") % {"number": order.number}
    asked = {"amount": money(credit.amount_minor, credit.currency)}
    parts = [_("You asked for a buyer credit of %(amount)s.") % asked]
    if credit.given_minor is None:
        parts.append(_("Our staff declined it."))
    else:
        parts.append(_("Paid back to the buyer: %(amount)s") % {"amount": money(credit.given_minor, credit.currency)})
    parts += filter(None, [credit.answer, f"{public_url}/orders/{order.id}", _why(public_url)])
    return subject, "\n\n".join(parts) + "\n"


def _why(public_url: str) -> str:
    asked = _("You get this letter because you asked for it. To stop it:")
    return f"{asked} {public_url}/settings/profile"


def _letter(reader: User, news: News, public_url: str) -> tuple[str, str]:
    """Subject and text in the reader's language."""
    i18n.use(reader.locale, news.merchant.time_zone)
    said = {"num": news.count, "shop": news.merchant.name}
    subject = ngettext("%(num)s new order at %(shop)s", "%(num)s new orders at %(shop)s", news.count) % said
    parts = [f"{_line(order, connection)}\n{public_url}/orders/{order.id}" for order, connection in news.named]
    if more := news.count - len(news.named):
        others = _("And %(num)s more:") % {"num": more}
        parts.append(f"{others} {public_url}/orders")
    parts.append(_why(public_url))
    return subject, "\n\n".join([subject, *parts]) + "\n"


def _line(order: Order, connection: Connection) -> str:
    where = channel_name(connection.channel)
    if connection.practice:
        where = _("%(channel)s (practice)") % {"channel": where}
    total = money(order.total_minor, order.currency) or _("total not known yet")
    return f"{order.number} · {where} · {total}"
