"""Counting tries, right across processes: one statement counts and answers."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import case, delete, literal, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from portal.db import Sessions
from portal.errors import TooMany
from portal.i18n import _
from portal.models.accounts import Throttle
from portal.models.base import UtcDateTime
from portal.tenancy import SYSTEM

HOUR = 3600


class Throttled(TooMany):
    """`first` is true for the first refusal since tries were last allowed: the one worth an alert."""

    def __init__(self, until: datetime, *, first: bool) -> None:
        self.first = first
        super().__init__(until, _("You can try again at {time} UTC.").format(time=f"{until:%H:%M}"))


def key(kind: str, *parts: object) -> str:
    """A throttle's key. Hashed, so that the table says nothing about who tried what."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:{digest}"


async def hit(sessions: Sessions, key: str, limit: int, window_seconds: int, now: datetime) -> None:
    """The try is counted; raises Throttled when `limit` of them came without a pause of `window_seconds`.

    Every counted try starts the pause anew and refused ones do not, so no stretch of
    `window_seconds`, wherever it begins, holds more than `limit` tries. This suits guesses;
    steady traffic needs a bucket. Committed by itself, before what it protects is done.
    """
    ends = literal(now + timedelta(seconds=window_seconds), UtcDateTime())
    over = Throttle.window_ends_at <= now
    async with sessions.write(SYSTEM) as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        counted = insert(Throttle).values(key=key, count=1, window_ends_at=ends)
        counted = counted.on_conflict_do_update(
            index_elements=[Throttle.key],
            set_={
                "count": case((over, 1), else_=Throttle.count + 1),
                "window_ends_at": case((or_(over, Throttle.count < limit), ends), else_=Throttle.window_ends_at),
            },
        )
        count, until = (await session.execute(counted.returning(Throttle.count, Throttle.window_ends_at))).one()
    if count > limit:
        raise Throttled(until, first=count == limit + 1)


async def give_back(session: AsyncSession, key: str) -> None:
    """One counted try no longer counts: it was right, and only wrong ones should."""
    counted = update(Throttle).where(Throttle.key == key, Throttle.count > 0)
    await session.execute(counted.values(count=Throttle.count - 1))


async def forget(session: AsyncSession, now: datetime) -> None:
    """Counts whose pause is over are gone."""
    await session.execute(delete(Throttle).where(Throttle.window_ends_at <= now))
