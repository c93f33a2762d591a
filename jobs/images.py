"""Looking at product images: batches without a channel, again later where a site does not answer, and once a night."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import Problem
from connectors.fetching import Fetch
from jobs.handlers import Batch, Prepared
from jobs.results import Ended, Result
from portal.images import queries, service
from portal.images.looking import Finding, look
from portal.models.accounts import Merchant
from portal.models.images import ImageCheck, ImageState
from portal.models.tasks import Task
from portal.runtime import Runtime
from portal.tenancy import SYSTEM

# Of one process, whatever the number of merchants: each look may hold ten megabytes.
LOOKS_AT_ONCE = 4
# A batch that gets no place in this time gives way; a job that ran much longer would be cut off.
PATIENCE_SECONDS = 30.0
NO_PLACE_SECONDS = 5.0
# Small enough that nobody waits for the writer.
PRODUCTS_A_TRANSACTION = 200

log = structlog.get_logger()


class CheckImages:
    """What is known of an address is what a look has just found."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(LOOKS_AT_ONCE)

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        """An address that no product shows any more is forgotten instead of looked at."""
        checks = await _checks(session, batch.tasks)
        used = await queries.users(session, [check.url for check in checks.values()])
        prepared = Prepared()
        for task in batch.tasks:
            check = checks.get(task.subject)
            if check is not None and check.url in used:
                prepared.work[task.id] = (check.url, check.tries)
                continue
            prepared.settled[task.id] = Result(ended=Ended.CANCELLED)
            if check is not None:
                await session.delete(check)
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        looks = [self._result(runtime.fetch, url, tries) for url, tries in prepared.work.values()]
        return dict(zip(prepared.work, await asyncio.gather(*looks), strict=True))

    async def record(
        self, session: AsyncSession, batch: Batch, prepared: Prepared, results: Mapping[UUID, Result], now: datetime
    ) -> None:
        checks = await _checks(session, batch.tasks)
        differing = set()
        for task in batch.tasks:
            check, finding = checks.get(task.subject), results[task.id].value
            if check is None or not isinstance(finding, Finding):
                continue
            service.note(check, finding, now)
            if check.next_check_at is not None:
                check.next_check_at = task.not_before
            differing.add(check.url)
        await service.announce(session, batch.merchant_id, differing)

    async def give_up(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
        """A picture that our own code stumbles over is one we cannot read, and says so."""
        for check in (await _checks(session, batch.tasks)).values():
            service.note(check, Finding(state=ImageState.UNREADABLE, code=problem.code[:64]), now)
            await service.announce(session, batch.merchant_id, [check.url])

    async def _result(self, fetch: Fetch, url: str, tries: int) -> Result:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            return Result(ended=Ended.BUSY, retry_after_seconds=NO_PLACE_SECONDS)
        try:
            finding = await look(fetch, url)
        finally:
            self._places.release()
        if finding.state is ImageState.UNSTABLE:
            seconds = service.wait(tries + 1).total_seconds()
            return Result(ended=Ended.BUSY, value=finding, retry_after_seconds=seconds)
        return Result(ended=Ended.DONE, value=finding)


async def _checks(session: AsyncSession, tasks: Collection[Task]) -> dict[str, ImageCheck]:
    """What is known of the addresses that the tasks are about, by subject."""
    rows = await session.scalars(select(ImageCheck).where(ImageCheck.id.in_([UUID(task.subject) for task in tasks])))
    return {str(check.id): check for check in rows}


async def capture_images(ctx: dict[str, Any]) -> None:
    """Once a night, every merchant: what was never looked at, changed lately, or sells."""
    runtime: Runtime = ctx["worker"].runtime
    async with runtime.sessions.read(SYSTEM) as session:
        merchants = list(await session.scalars(select(Merchant.id).order_by(Merchant.id)))
    for merchant_id in merchants:
        asked = await capture(runtime, merchant_id)
        log.info("images_captured", merchant=str(merchant_id), asked=asked)


async def capture(runtime: Runtime, merchant_id: UUID, *, ordered: Collection[UUID] = ()) -> int:
    """One merchant's night; `ordered` are the products of its recent orders. How many looks were asked for."""
    now = runtime.clock()
    async with runtime.sessions.read(merchant_id) as session:
        due = await queries.due(session, now, ordered=ordered)
    asked = 0
    for products, again in ((due.first, False), (due.again, True)):
        for start in range(0, len(products), PRODUCTS_A_TRANSACTION):
            async with runtime.sessions.write(merchant_id) as session:
                piece = products[start : start + PRODUCTS_A_TRANSACTION]
                asked += await service.ask(session, merchant_id, piece, now, again=again)
    return asked
