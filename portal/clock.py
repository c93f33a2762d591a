"""The time, injected: tests move it, nobody sleeps for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

Clock = Callable[[], datetime]
Pause = Callable[[float], Awaitable[None]]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def sleep(seconds: float) -> None:
    """That much of the time `utc_now` tells has passed."""
    await asyncio.sleep(seconds)


def new_id() -> UUID:
    """A UUIDv7: sorts by the time it was made, so ids serve as keyset cursors."""
    return uuid7()
