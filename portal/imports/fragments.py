"""The part of an import's page that moves while it runs: `import-progress-<id>`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.imports import queries
from portal.models.imports import Import
from portal.web import Fragment, Visitor


async def progress(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    rows = await session.execute(select(Import).where(Import.id.in_(ids)))
    parts = []
    for record in rows.scalars():
        view = await queries.view(session, record)
        context = {"view": view, "causes": await queries.causes(session, record.id)}
        parts.append(Fragment(f"import-progress-{record.id}", "imports/_progress.html", context))
    return parts


FRAGMENTS = {"import-progress": progress}
