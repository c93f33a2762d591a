"""Sends rows of updateItems, and keeps a refused row from holding back the others."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import ChannelError, Problem
from connectors.yahoo import answers, errors, mapping
from connectors.yahoo.answers import Element
from connectors.yahoo.client import Reply, YahooClient

# Up to a hundred are documented, not surely; half of that is safe.
ROWS = 50

Fields = Mapping[str, str]


async def update_items(shop: YahooClient, rows: Mapping[int, Fields]) -> dict[int, Problem]:
    """The problems of the rows that were refused, by the rows' own numbers; the others are in the editing area.

    Setting fields twice leaves them as setting them once. Raises when the first call as a whole came to nothing;
    what stops a later one is the problem of its rows.
    """
    refused: dict[int, Problem] = {}
    waiting = _chunks(list(rows))
    first = True
    while waiting:
        numbers = waiting.pop(0)
        try:
            reply = await shop.post("updateItems", _parameters([rows[number] for number in numbers]))
        except ChannelError as error:
            if first:
                raise
            return refused | dict.fromkeys([*numbers, *(one for chunk in waiting for one in chunk)], error.problem)
        first = False
        if not reply.refusals:
            continue
        named = _refused(reply, {number: rows[number]["item_code"] for number in numbers})
        if not named and len(numbers) == 1:
            named = {numbers[0]: errors.problem_of(reply.refusals, request_id=reply.request_id)}
        refused |= named
        waiting = _again([number for number in numbers if number not in named], split=not named) + waiting
    return refused


def _chunks(numbers: list[int]) -> list[list[int]]:
    return [numbers[start : start + ROWS] for start in range(0, len(numbers), ROWS)]


def _again(numbers: list[int], *, split: bool) -> list[list[int]]:
    """What goes again after a refusal, because it is unsure whether Yahoo! takes the rows beside a refused one.

    In halves where the refusal did not say which row it means.
    """
    middle = len(numbers) // 2 if split else 0
    return [half for half in (numbers[:middle], numbers[middle:]) if half]


def _parameters(rows: list[Fields]) -> dict[str, str]:
    return {f"item{number}": mapping.row(fields) for number, fields in enumerate(rows, start=1)}


def _refused(reply: Reply, codes: Mapping[int, str]) -> dict[int, Problem]:
    """The problem of each row that a refused result names by its item code."""
    number_of = {code: number for number, code in codes.items()}
    found: dict[int, Problem] = {}
    for result in answers.results(reply.root):
        number = number_of.get(answers.text(result, "ItemCode"))
        said = _refusals(result)
        if number is not None and said:
            found[number] = errors.problem_of(said, request_id=reply.request_id)
    return found


def _refusals(result: Element) -> list[errors.Refusal]:
    """How an error stands in a result of updateItems is unsure: below it, or as the result's own code."""
    return errors.refusals_in(result) or ([errors.refusal(result)] if answers.text(result, "Code") else [])
