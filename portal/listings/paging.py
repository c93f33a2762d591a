"""Lists walked by key: fifty at a time, newest first, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

PAGE = 50


@dataclass(frozen=True, slots=True)
class Keys:
    """The ids of one page; `newer` and `older` are the ids to go on from, None at an end."""

    ids: Sequence[UUID]
    newer: UUID | None
    older: UUID | None


async def keys(
    session: AsyncSession,
    query: Select[Any],
    column: InstrumentedAttribute[UUID],
    *,
    before: UUID | None = None,
    after: UUID | None = None,
) -> Keys:
    """Up to 50 ids of `query` (a select of `column`): those older than `before`, or the nearest newer than `after`."""
    if after is not None:
        found = list(await session.scalars(query.where(column > after).order_by(column).limit(PAGE + 1)))
        ids = found[:PAGE][::-1]
        return Keys(ids, ids[0] if len(found) > PAGE else None, ids[-1] if ids else None)
    older = query if before is None else query.where(column < before)
    found = list(await session.scalars(older.order_by(column.desc()).limit(PAGE + 1)))
    ids = found[:PAGE]
    more = len(found) > PAGE
    return Keys(ids, ids[0] if ids and before is not None else None, ids[-1] if ids and more else None)
