"""What every handler that calls a channel does alike."""

from __future__ import annotations

from typing import Any

from connectors.protocol import Connector
from connectors.records import Failed, Outcome, Sent
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
        return refused(outcome.problem)
    if isinstance(outcome, Sent):
        return Result(
            ended=Ended.SENT,
            reference=outcome.reference,
            patience_seconds=outcome.patience_seconds,
            retry_after_seconds=outcome.look_after_seconds,
        )
    return Result(ended=Ended.DONE, value=outcome.value)
