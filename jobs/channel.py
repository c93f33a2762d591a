"""What every handler that calls a channel does alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from connectors.protocol import Account, Connector
from connectors.records import Failed, Outcome, PriceChange, PublishItem, Sent, SentItem, StockChange
from jobs.handlers import Batch
from jobs.results import Ended, Result, refused
from portal.connections.account import ConnectionAccount
from portal.models.connections import Connection
from portal.runtime import Runtime


def connection_of(batch: Batch) -> Connection:
    """The batch's connection. Work without one never comes to a handler that asks."""
    assert batch.connection is not None, "this kind of task belongs to a connection"
    return batch.connection


def reach(runtime: Runtime, batch: Batch) -> tuple[Connector, ConnectionAccount]:
    """The channel to call and the account to call it as."""
    connection = connection_of(batch)
    return runtime.connectors[connection.channel], ConnectionAccount(runtime, connection)


def result_of(outcome: Outcome[Any]) -> Result:
    """One item's outcome as the engine's result."""
    if isinstance(outcome, Failed):
        return refused(outcome.problem, retry_after_seconds=outcome.retry_after_seconds)
    if isinstance(outcome, Sent):
        return Result(
            ended=Ended.SENT,
            reference=outcome.reference,
            patience_seconds=outcome.patience_seconds,
            retry_after_seconds=outcome.look_after_seconds,
        )
    return Result(ended=Ended.DONE, value=outcome.value)


def results_of(tasks: Mapping[UUID, Any], outcomes: Sequence[Outcome[Any]]) -> dict[UUID, Result]:
    """The outcomes, which come in the order of the tasks, by task."""
    return {task: result_of(outcome) for task, outcome in zip(tasks, outcomes, strict=True)}


async def look(
    connector: Connector,
    account: Account,
    batch: Batch,
    work: Mapping[UUID, PublishItem] | Mapping[UUID, StockChange] | Mapping[UUID, PriceChange],
) -> dict[UUID, Result]:
    """What became of work that an earlier call left at the channel."""
    sent = [SentItem(item=item, reference=batch.sent[task]) for task, item in work.items()]
    return results_of(work, await connector.look(account, sent))
