"""Committing an import in the background, a piece a transaction, resumed where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.i18n import _
from portal.imports import queries
from portal.imports import service as imports
from portal.imports.formats import ABOUT_THE_KNOWN
from portal.imports.products import Outcome, read_products
from portal.imports.refusals import UnreadableFile
from portal.models.accounts import Merchant
from portal.models.imports import Import, ImportState
from portal.runtime import Runtime

# Rows a transaction: enough to be fast, few enough that nobody waits for the writer.
ROWS_A_PIECE = 1000

# A job that ran longer would be cut off; the next one goes on behind the last piece.
LONGEST = timedelta(seconds=30)

log = structlog.get_logger()


class CommitImport:
    """Everything of the file that can arrive is in the catalog, and the report names the rest.

    `call` writes in short transactions of its own; each remembers how far it came, so that
    a killed import goes on behind its last piece.
    """

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        prepared = Prepared()
        for task in batch.tasks:
            record = await session.get(Import, UUID(task.subject))
            if record is None or record.state is not ImportState.RUNNING:
                prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            else:
                prepared.work[task.id] = record
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        results = {}
        for task_id, record in prepared.work.items():
            try:
                done = await _commit(runtime, record)
                results[task_id] = Result(ended=Ended.DONE) if done else Result(ended=Ended.BUSY, retry_after_seconds=0)
            except (UnreadableFile, OSError) as error:
                log.warning("import_failed", import_id=str(record.id), error=type(error).__name__)
                reason = error.title if isinstance(error, UnreadableFile) else type(error).__name__
                results[task_id] = Result(ended=Ended.REFUSED, value=reason)
        return results

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        for task_id, record in prepared.work.items():
            result, row = results[task_id], await session.get_one(Import, record.id)
            if result.ended is Ended.DONE:
                await imports.finish(session, row, now=now)
            elif result.ended is Ended.REFUSED:
                await imports.fail(session, row, str(result.value), now=now)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        for task in batch.tasks:
            record = await session.get(Import, UUID(task.subject))
            if record is not None and record.state is ImportState.RUNNING:
                await imports.fail(session, record, _("Something went wrong on our side"), now=now)


async def _commit(runtime: Runtime, record: Import) -> bool:
    """Piece after piece, for as long as one job may take; whether the file's end was reached."""
    stop_at = runtime.clock() + LONGEST
    async with runtime.sessions.read(record.merchant_id) as session:
        merchant = await session.get_one(Merchant, record.merchant_id)
        known = await queries.known(session) if record.format in ABOUT_THE_KNOWN else None
    path = imports.kept_file(runtime.settings.data_dir, record)
    table, mapping = await asyncio.to_thread(imports.reopen, path, record)
    outcomes = _behind(read_products(path, table, mapping, merchant.currency, known), record.last_row)
    while piece := await asyncio.to_thread(_piece, outcomes):
        async with runtime.sessions.write(record.merchant_id) as session:
            await imports.save_piece(session, record.id, piece, mapping, made_by=record.filename, now=runtime.clock())
        if runtime.clock() >= stop_at:
            return False
    return True


def _piece(outcomes: Iterator[Outcome]) -> list[Outcome]:
    """The next outcomes, up to the one that makes the rows enough."""
    piece, rows = [], 0
    while rows < ROWS_A_PIECE and (outcome := next(outcomes, None)):
        product, problems = outcome
        piece.append(outcome)
        rows += product.row_count if product else len(problems)
    return piece


def _behind(outcomes: Iterator[Outcome], last_row: int) -> Iterator[Outcome]:
    """The outcomes that no earlier piece holds. Reading again from the top gives the same ones in the same order."""
    return (outcome for outcome in outcomes if imports.last_row_of(outcome) > last_row)
