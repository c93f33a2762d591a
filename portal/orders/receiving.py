"""Taking in what a channel told of orders, so that none of them holds back another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError

from connectors.errors import Problem, ProblemClass
from connectors.orders import OrderRecord, UnreadOrder
from portal.models.connections import Connection
from portal.orders import unread
from portal.orders.intake import take_in
from portal.runtime import Runtime

NOT_TAKEN: Final = "order_not_taken"
# What an order can make our code raise that no other order would.
_ITS_OWN: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


async def receive(
    runtime: Runtime, connection: Connection, orders: Sequence[OrderRecord], told_unread: Sequence[UnreadOrder] = ()
) -> None:
    """Each of these orders is here; what could not be read or taken in is known to be unread. By short transactions."""
    failed = [*told_unread, *await take(runtime, connection, orders)]
    if failed:
        async with runtime.sessions.write(connection.merchant_id) as session:
            await unread.note(session, connection, failed, now=runtime.clock())


async def take(runtime: Runtime, connection: Connection, orders: Sequence[OrderRecord]) -> list[UnreadOrder]:
    """Each of these orders is here, but for those that are returned: our code or the database would not have them."""
    if not orders:
        return []
    try:
        async with runtime.sessions.write(connection.merchant_id) as session:
            await take_in(session, runtime.vault, connection, orders, now=runtime.clock())
    except (DBAPIError, *_ITS_OWN) as error:
        if isinstance(error, DBAPIError) and not _is_about_values(error):
            raise
        if len(orders) == 1:
            return [_unread(orders[0], error)]
        return [one for order in orders for one in await take(runtime, connection, [order])]
    return []


def _is_about_values(error: DBAPIError) -> bool:
    """Whether the database refuses what was to be written, and not the moment. https://www.postgresql.org/docs/current/errcodes-appendix.html

    Some values the driver refuses before the database sees them.
    """
    refused = str(getattr(error.orig, "sqlstate", "") or "").startswith("22")
    return (
        refused or isinstance(error, IntegrityError) or isinstance(getattr(error.orig, "__cause__", None), ValueError)
    )


def _unread(order: OrderRecord, error: Exception) -> UnreadOrder:
    """What the error says may quote the buyer, so only its kind is kept."""
    problem = Problem(problem_class=ProblemClass.OURS, code=NOT_TAKEN, message=type(error).__name__)
    return UnreadOrder(channel_id=order.channel_id, number=order.number, problem=problem)
