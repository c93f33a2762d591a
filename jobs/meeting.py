"""Looks for products at a channel before anything is sent: another's, or our own of a try nobody heard the end of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Account, Connector
from connectors.records import Done, Found, Outcome, ProductRecord
from jobs.handlers import Batch
from portal.models.listings import Listing
from portal.models.tasks import Attempt, AttemptItem
from portal.tasks import kinds

Handles = frozenset[str]


async def tried_before(session: AsyncSession, batch: Batch, listings: Iterable[Listing]) -> dict[str, Handles]:
    """Those of the listings without an id that an earlier try may have created, with the handles it was tried under."""
    unknown = [str(listing.id) for listing in listings if not listing.channel_id]
    rows = await session.execute(
        select(AttemptItem.subject, Attempt.sent)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(
            AttemptItem.subject.in_(unknown),
            Attempt.kind.in_([kinds.PUBLISH.name, kinds.UPDATE.name]),
            Attempt.id != batch.attempt_id,
        )
    )
    found: dict[str, Handles] = {}
    for subject, sent in rows.all():
        said = sent.get(subject, {}).get("handle", "")
        found[subject] = found.get(subject, Handles()) | ({said} if said else Handles())
    return found


async def meet(
    connector: Connector, account: Account, wanted: Mapping[UUID, tuple[ProductRecord, Handles]]
) -> dict[UUID, Outcome[Found | None]]:
    """What is at the channel for each task: our own, made under whatever handle it once had, before another's."""
    asked: list[tuple[UUID, ProductRecord]] = []
    for task, (record, handles) in wanted.items():
        asked += [(task, record), *((task, replace(record, handle=one)) for one in sorted(handles - {record.handle}))]
    outcomes = await connector.find(account, [record for _task, record in asked]) if asked else []
    met: dict[UUID, Outcome[Found | None]] = {}
    for (task, record), outcome in zip(asked, outcomes, strict=True):
        if task not in met or _is_ours(outcome, record):
            met[task] = outcome
    return met


def _is_ours(outcome: Outcome[Found | None], record: ProductRecord) -> bool:
    return isinstance(outcome, Done) and outcome.value is not None and outcome.value.mark == record.key
