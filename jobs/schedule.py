"""What runs by the clock beside the sweep: letters, tests of connections, and putting away what has served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, true

from jobs.checking import check_numbers
from jobs.images import capture_images
from jobs.orders import poll_orders
from jobs.reports import ask_reports
from jobs.statements import compare_all
from portal import mail
from portal.accounts import links
from portal.connections import service as connections
from portal.models.accounts import Throttle
from portal.models.connections import ConnectAttempt, Connection, ConnectionState, ExchangeEntry
from portal.models.webhooks import Delivery
from portal.orders import letters, retention
from portal.proof import repairs
from portal.runtime import Runtime
from portal.tenancy import SYSTEM

SILENCE = timedelta(hours=1)
EXCHANGES_KEPT = timedelta(days=30)
# Channels stop repeating a delivery after hours; what could not be handled by then may hold buyers' data.
DELIVERIES_KEPT = timedelta(days=30)


async def send_mail(ctx: dict[str, Any]) -> None:
    runtime: Runtime = ctx["worker"].runtime
    await mail.send_waiting(runtime.sessions, runtime.settings, runtime.vault, runtime.clock)


async def write_order_letters(ctx: dict[str, Any]) -> None:
    """One letter a member about all new orders of the last minute, however many they are."""
    runtime: Runtime = ctx["worker"].runtime
    post = mail.Post(runtime.vault, runtime.settings.public_url)
    async with runtime.sessions.write(SYSTEM) as session:
        await letters.write_due(session, post, now=runtime.clock())


async def tidy(ctx: dict[str, Any]) -> None:
    """Old exchanges, deliveries and repairs, spent links, ended throttles and consent visits are gone."""
    runtime: Runtime = ctx["worker"].runtime
    now = runtime.clock()
    async with runtime.sessions.write(SYSTEM) as session:
        await links.tidy(session, now)
        await mail.tidy(session, now)
        await repairs.tidy(session, now)
        await session.execute(delete(ExchangeEntry).where(ExchangeEntry.created_at < now - EXCHANGES_KEPT))
        await session.execute(delete(Delivery).where(Delivery.created_at < now - DELIVERIES_KEPT))
        await session.execute(delete(Throttle).where(Throttle.window_ends_at < now))
        await session.execute(delete(ConnectAttempt).where(ConnectAttempt.expires_at < now - timedelta(days=1)))


async def remove_buyers(ctx: dict[str, Any]) -> None:
    """Buyers' details that nothing needs any more are gone, so many a transaction that nobody waits for it."""
    runtime: Runtime = ctx["worker"].runtime
    removed = retention.AT_ONCE
    while removed == retention.AT_ONCE:
        async with runtime.sessions.write(SYSTEM) as session:
            removed = await retention.remove_due(session, now=runtime.clock())


async def test_silent(ctx: dict[str, Any]) -> None:
    """Connections that nothing was heard of for an hour are tested: their access may have ended unheard."""
    runtime: Runtime = ctx["worker"].runtime
    before = runtime.clock() - SILENCE
    await _test(runtime, or_(Connection.last_heard_at.is_(None), Connection.last_heard_at < before))


async def test_all(ctx: dict[str, Any]) -> None:
    """Every connection is tested, so that webhooks a channel gave up on are made again."""
    await _test(ctx["worker"].runtime, true())


async def _test(runtime: Runtime, which: ColumnElement[bool]) -> None:
    now = runtime.clock()
    async with runtime.sessions.write(SYSTEM) as session:
        active = select(Connection).where(Connection.state == ConnectionState.ACTIVE, which).order_by(Connection.id)
        for connection in await session.scalars(active):
            await connections.check(session, connection, now=now)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A function and when it runs: at these seconds of each minute, of some of the hour, or of one of the day."""

    run: Callable[[dict[str, Any]], Awaitable[None]]
    timeout_seconds: int
    second: frozenset[int] = frozenset({0})
    minute: int | frozenset[int] | None = None
    hour: int | None = None


HOUSEKEEPING = (
    Scheduled(send_mail, timeout_seconds=60, second=frozenset(range(0, 60, 5))),
    Scheduled(write_order_letters, timeout_seconds=60, second=frozenset({50})),
    Scheduled(poll_orders, timeout_seconds=60, second=frozenset({20})),
    Scheduled(check_numbers, timeout_seconds=60, second=frozenset({40}), minute=frozenset(range(0, 60, 3))),
    Scheduled(compare_all, timeout_seconds=60, minute=37),
    Scheduled(test_silent, timeout_seconds=60, minute=7),
    Scheduled(test_all, timeout_seconds=60, hour=4, minute=41),
    Scheduled(capture_images, timeout_seconds=900, hour=2, minute=23),
    Scheduled(ask_reports, timeout_seconds=300, hour=1, minute=11),
    Scheduled(tidy, timeout_seconds=300, hour=3, minute=17),
    Scheduled(remove_buyers, timeout_seconds=300, hour=3, minute=47),
)
