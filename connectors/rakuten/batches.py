"""Products one by one, each with an outcome of its own, because Rakuten writes one item a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from connectors.errors import ChannelError, Problem, ProblemClass
from connectors.rakuten.errors import CONFLICT
from connectors.records import Failed, Outcome

T = TypeVar("T")
V = TypeVar("V")

# These are about the store or the line to it, not about one item: the next item would fare the same.
_STOPPING = frozenset({ProblemClass.BUSY, ProblemClass.PERMISSION, ProblemClass.ACCOUNT})
_NO_ANSWER = "no_answer"


async def one_by_one(items: Sequence[T], do: Callable[[T], Awaitable[Outcome[V]]]) -> list[Outcome[V]]:
    """The outcomes in the order of the items. `do` raises only where nothing of its item was executed, or in doubt.

    Raises what stopped the first item when that stops all of them. After a store that did not answer the rest is
    left for later: each of them could take as long.
    """
    outcomes: list[Outcome[V]] = []
    for item in items:
        try:
            outcomes.append(await do(item))
        except ChannelError as error:
            # A conflict is with another write of this very item.
            stops = error.problem_class in _STOPPING and error.problem.code != CONFLICT
            if stops and not outcomes:
                raise
            outcomes.append(Failed(error.problem))
            if stops or error.problem.code == _NO_ANSWER:
                rest = error.problem if stops else Problem(problem_class=ProblemClass.BUSY, code="not_tried")
                return outcomes + [Failed(rest)] * (len(items) - len(outcomes))
    return outcomes
