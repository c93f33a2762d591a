"""The parts of an import's page that move while it runs: `import-progress-<id>` and `import-problems-<id>`."""

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
        context = {"view": await queries.view(session, record)}
        parts.append(Fragment(f"import-progress-{record.id}", "imports/_progress.html", context))
    return parts


async def problems(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    """The report from its first row on."""
    rows = await session.execute(select(Import).where(Import.id.in_(ids)))
    parts = []
    for record in rows.scalars():
        found, following = await queries.problems(session, record.id)
        view = await queries.view(session, record)
        context = {"view": view, "causes": await queries.causes(session, record.id), "problems": found}
        context |= {"following": following, "after": 0}
        parts.append(Fragment(f"import-problems-{record.id}", "imports/_problems.html", context))
    return parts


FRAGMENTS = {"import-progress": progress, "import-problems": problems}
