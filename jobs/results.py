"""How one task of a batch ended, in the words the engine acts on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connectors.errors import Problem, ProblemClass


class Ended(StrEnum):
    """What becomes of the task: see `jobs.settle`."""

    DONE = "done"
    REFUSED = "refused"
    SENT = "sent"
    BUSY = "busy"
    PERMISSION = "permission"
    IN_DOUBT = "in_doubt"
    OURS = "ours"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`value` is what the handler's `record` needs. `retry_after_seconds` counts for busy, sent and in doubt.

    `reference` is what the channel calls work that goes on there: the task stays sent, and is looked at again. When
    it is still unfinished `patience_seconds` after it was sent, nobody knows what became of it.
    """

    ended: Ended
    problem: Problem | None = None
    value: Any = None
    retry_after_seconds: float | None = None
    reference: str = ""
    patience_seconds: float = 0.0


BY_CLASS = {
    ProblemClass.DATA: Ended.REFUSED,
    ProblemClass.ACCOUNT: Ended.REFUSED,
    ProblemClass.PERMISSION: Ended.PERMISSION,
    ProblemClass.BUSY: Ended.BUSY,
    ProblemClass.UNKNOWN: Ended.IN_DOUBT,
    ProblemClass.OURS: Ended.OURS,
}


def refused(problem: Problem, value: Any = None, retry_after_seconds: float | None = None) -> Result:
    """The result a channel's problem leads to; its class alone decides."""
    return Result(
        ended=BY_CLASS[problem.problem_class], problem=problem, value=value, retry_after_seconds=retry_after_seconds
    )
