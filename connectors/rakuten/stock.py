"""Sets absolute quantities, and keeps a refused row from holding back the others.

Whether a refused bulk call has applied anything is not known [unsure]; absolute numbers may be sent again safely.
Rakuten has no compare: what is there is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.errors import ChannelError, Problem, ProblemClass
from connectors.rakuten import errors, inventory, names, pointers
from connectors.rakuten.client import RakutenClient, Reply
from connectors.rakuten.inventory import Row
from connectors.records import Done, Failed, Outcome, StockChange, StockSet


async def set_stock(client: RakutenClient, changes: Sequence[StockChange]) -> list[Outcome[StockSet]]:
    """One outcome a change. Of several changes of one variant the last is sent, and is the outcome of all of them:
    Rakuten refuses a call that names a variant twice (IE1102).
    """
    wanted = {change.stock_id: change.quantity for change in changes if names.split_item_id(change.stock_id)}
    if not wanted:
        return [_strange() for _ in changes]
    held = await inventory.rows(client, list(wanted))
    ids = list(wanted)
    problems: dict[str, Problem] = {}
    for start in range(0, len(ids), inventory.ROWS_A_WRITE):
        part = {one: wanted[one] for one in ids[start : start + inventory.ROWS_A_WRITE]}
        try:
            problems |= await _set(client, part, held)
        except ChannelError as error:
            if start == 0:
                raise
            problems |= dict.fromkeys(part, error.problem)
    return [_outcome(change, wanted, problems) for change in changes]


def _strange() -> Failed:
    return Failed(Problem(problem_class=ProblemClass.OURS, code="not_a_stock_id"))


def _outcome(change: StockChange, sent: Mapping[str, int], problems: Mapping[str, Problem]) -> Outcome[StockSet]:
    if change.stock_id not in sent:
        return _strange()
    problem = problems.get(change.stock_id)
    return Failed(problem) if problem is not None else Done(StockSet(quantity=sent[change.stock_id]))


async def _set(client: RakutenClient, wanted: Mapping[str, int], held: Mapping[str, Row]) -> dict[str, Problem]:
    """The problems of the rows that could not be set; raises what stops the whole of the first call."""
    reply = await inventory.write(client, wanted, held)
    if not reply.refusals:
        return {}
    refused = _named(list(wanted), reply)
    if refused:
        rest = {one: quantity for one, quantity in wanted.items() if one not in refused}
        return refused | await _rest(client, rest, held)
    problem = errors.problem_of(reply.refusals, request_id=reply.request_id)
    if len(wanted) == 1 or problem.problem_class is not ProblemClass.DATA:
        return dict.fromkeys(wanted, problem)
    ids = list(wanted)
    halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
    first, second = [{one: wanted[one] for one in half} for half in halves]
    return await _rest(client, first, held) | await _rest(client, second, held)


async def _rest(client: RakutenClient, wanted: Mapping[str, int], held: Mapping[str, Row]) -> dict[str, Problem]:
    """Like _set, but what stops the call is the problem of its rows: other rows have been settled by now."""
    if not wanted:
        return {}
    try:
        return await _set(client, wanted, held)
    except ChannelError as error:
        return dict.fromkeys(wanted, error.problem)


def _named(ids: Sequence[str], reply: Reply) -> dict[str, Problem]:
    """The problem of each row that an error names."""
    named: dict[str, list[errors.Refusal]] = {}
    for refusal in reply.refusals:
        row = pointers.row_of(refusal.path)
        if row is not None and row < len(ids):
            named.setdefault(ids[row], []).append(refusal)
    return {one: errors.problem_of(found, request_id=reply.request_id) for one, found in named.items()}
