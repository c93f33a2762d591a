"""Sets units to sell, up to a thousand a call, with one outcome a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.errors import Problem, ProblemClass
from connectors.records import Done, Failed, Outcome, StockChange, StockSet
from connectors.yahoo import answers, codes, errors, mapping
from connectors.yahoo.answers import Element
from connectors.yahoo.client import Reply, YahooClient

# https://developer.yahoo.co.jp/webapi/shopping/setStock.html
ROWS = 1000


async def set_stock(shop: YahooClient, changes: Sequence[StockChange]) -> list[Outcome[StockSet]]:
    """One outcome a change. The numbers are absolute, so a repetition changes nothing and needs no key.

    Yahoo! keeps the number of a code that no item has, for one that may come: an item that is gone is no refusal.
    """
    strange = Problem(problem_class=ProblemClass.OURS, code="not_a_stock_code")
    good = [change for change in changes if codes.is_stock_id(change.stock_id)]
    outcomes = await _set(shop, mapping.quantities(good)) if good else {}
    return [outcomes.get(change.stock_id, Failed(strange)) for change in changes]


async def _set(shop: YahooClient, quantities: Mapping[str, int]) -> dict[str, Outcome[StockSet]]:
    reply = await shop.post("setStock", mapping.set_stock(quantities))
    if reply.root.tag == "Error" or (reply.refusals and not answers.results(reply.root)):
        whole = errors.problem_of(reply.refusals, request_id=reply.request_id)
        if whole.code == errors.SET_BUT_NOT_READ:
            return {stock_id: Done(StockSet(quantity=quantity)) for stock_id, quantity in quantities.items()}
        raise errors.as_error(whole)
    rows = mapping.stock_rows(reply.root)
    return {stock_id: _row(rows.get(stock_id), quantity, reply) for stock_id, quantity in quantities.items()}


def _row(row: Element | None, quantity: int, reply: Reply) -> Outcome[StockSet]:
    if row is None:
        return Failed(
            Problem(problem_class=ProblemClass.UNKNOWN, code="no_result", channel_request_id=reply.request_id)
        )
    code = answers.text(row, "ErrorCode")
    if code and code != errors.SET_BUT_NOT_READ:
        refusal = errors.Refusal(code, row.findtext("Message") or "")
        return Failed(errors.problem_of([refusal], request_id=reply.request_id))
    return Done(StockSet(quantity=quantity))
