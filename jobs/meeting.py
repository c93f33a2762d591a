"""Looks for products at a channel before anything is sent: another's, or our own of a try nobody heard the end of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Account, Connector
from connectors.records import Done, Found, Outcome, ProductRecord
from jobs.handlers import Batch
from jobs.results import Ended
from portal.models.listings import Listing
from portal.models.tasks import Attempt, AttemptItem
from portal.tasks import kinds


@dataclass(frozen=True, slots=True)
class Tried:
    """Earlier tries to list a product: the handles they used, and since when one may have made it unheard of."""

    handles: frozenset[str] = frozenset()
    since: datetime | None = None


NOT_TRIED = Tried()
# A try that ended so may have made the product all the same.
UNHEARD = frozenset({"", Ended.IN_DOUBT, Ended.OURS})


async def tried_before(session: AsyncSession, batch: Batch, listings: Iterable[Listing]) -> dict[str, Tried]:
    """Those of the listings without an id that an earlier try may have created."""
    unknown = [str(listing.id) for listing in listings if not listing.channel_id]
    rows = await session.execute(
        select(AttemptItem.subject, AttemptItem.outcome, Attempt.sent, Attempt.created_at)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(
            AttemptItem.subject.in_(unknown),
            Attempt.kind.in_([kinds.PUBLISH.name, kinds.UPDATE.name]),
            Attempt.id != batch.attempt_id,
        )
    )
    found: dict[str, Tried] = {}
    for subject, outcome, sent, began in rows.all():
        said, before = sent.get(subject, {}).get("handle", ""), found.get(subject, NOT_TRIED)
        handles = before.handles | ({said} if said else frozenset())
        since = min(began, before.since or began) if outcome in UNHEARD else before.since
        found[subject] = Tried(handles, since)
    return found


async def meet(
    connector: Connector, account: Account, wanted: Mapping[UUID, tuple[ProductRecord, Tried]]
) -> dict[UUID, Outcome[Found | None]]:
    """What is at the channel for each task: our own, made under whatever handle it once had, before another's."""
    asked: list[tuple[UUID, ProductRecord]] = []
    for task, (record, tried) in wanted.items():
        others = sorted(tried.handles - {record.handle})
        asked += [(task, record), *((task, replace(record, handle=one)) for one in others)]
    outcomes = await connector.find(account, [record for _task, record in asked]) if asked else []
    met: dict[UUID, Outcome[Found | None]] = {}
    for (task, record), outcome in zip(asked, outcomes, strict=True):
        seen = _marked(outcome, record, wanted[task][1])
        if task not in met or _is_ours(seen, record):
            met[task] = seen
    return met


def _marked(outcome: Outcome[Found | None], record: ProductRecord, tried: Tried) -> Outcome[Found | None]:
    """Where the channel keeps no mark: what came to be there since we first tried to make it is what we made."""
    seen = outcome.value if isinstance(outcome, Done) else None
    if seen is None or seen.mark or seen.created_at is None or tried.since is None or seen.created_at < tried.since:
        return outcome
    return Done(replace(seen, mark=record.key))


def _is_ours(outcome: Outcome[Found | None], record: ProductRecord) -> bool:
    return isinstance(outcome, Done) and outcome.value is not None and outcome.value.mark == record.key
