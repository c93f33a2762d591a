"""Sets units to sell with compare-and-set, and keeps a refused row from holding back the others.

Where one location counts, its level is set and Shopify compares. Where several do, what the shop sells is their sum:
the levels are read, the sum is compared here, and the difference is written to the main location, each level compared
by Shopify with what was just read (docs/decisions/0022).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import Problem, ProblemClass, as_error
from connectors.records import Done, Failed, Outcome, StockChange, StockSet
from connectors.shopify import errors, levels, mapping
from connectors.shopify.client import Result, ShopifyClient
from connectors.shopify.documents import Part
from connectors.shopify.levels import Held, Level


@dataclass(frozen=True, slots=True)
class Row:
    """A change with the levels that make it, which one call takes all or none of.

    `held` is what each location had, where several count.
    """

    change: StockChange
    levels: tuple[Level, ...]
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def stock_id(self) -> str:
        return self.change.stock_id

    def done(self) -> Outcome[StockSet]:
        """The shop has taken it."""
        quantity = self.change.quantity
        return Done(StockSet(quantity=quantity, taken_from={} if quantity else self.held))


Rows = dict[int, Row]
Outcomes = dict[int, Outcome[StockSet]]

# https://shopify.dev/docs/api/usage/limits: arrays of input hold at most 250.
MOST_LEVELS = mapping.LARGEST_PAGE

_INVENTORY_ITEM = re.compile(r"gid://shopify/InventoryItem/[0-9]+", re.ASCII)
_STALE_CODES = frozenset({errors.STALE, "COMPARE_QUANTITY_STALE"})
# Refusals that name a row; any other is about the call, so every row of it has that problem.
_ROW_CODES = _STALE_CODES | {
    errors.NOT_STOCKED,
    "INVALID_INVENTORY_ITEM",
    "INVALID_LOCATION",
    "INVALID_QUANTITY_NEGATIVE",
    "INVALID_QUANTITY_TOO_HIGH",
    "INVALID_QUANTITY_TOO_LOW",
    "NON_MUTABLE_INVENTORY_ITEM",
    "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
}


async def set_stock(
    shop: ShopifyClient, changes: Sequence[StockChange], *, locations: Sequence[str], idempotency_key: str
) -> list[Outcome[StockSet]]:
    """One outcome a change. Shopify takes all rows of a call or none, so after a refusal the innocent go again.

    `locations` are those that count, the main one first. Every call's own key is made of `idempotency_key` and its
    rows: the same operation repeated replays the same calls, and no key is ever sent with other rows.
    """
    push = _Push(shop, locations, idempotency_key)
    known = {number: change for number, change in enumerate(changes) if _INVENTORY_ITEM.fullmatch(change.stock_id)}
    strange = Problem(problem_class=ProblemClass.OURS, code="not_an_inventory_item")
    outcomes: Outcomes = {number: Failed(strange) for number in range(len(changes)) if number not in known}
    if known and len(locations) == 1:
        outcomes |= await push.first({n: push.at_main(change) for n, change in known.items()})
    elif known:
        outcomes |= await push.sums(known)
    return [outcomes[number] for number in range(len(changes))]


class _Push:
    """The calls of one set_stock."""

    def __init__(self, shop: ShopifyClient, locations: Sequence[str], key: str) -> None:
        self._shop = shop
        self._locations = locations
        self._main = locations[0]
        self._several = len(locations) > 1
        self._key = key

    def at_main(self, change: StockChange) -> Row:
        """The change as it is where the main location alone counts."""
        return Row(change, (Level(self._main, change.quantity, change.expected),))

    async def sums(self, changes: Mapping[int, StockChange]) -> Outcomes:
        """The changes of what several locations hold together; like `first` in what is raised."""
        held = await levels.read(self._shop, [change.stock_id for change in changes.values()], self._locations)
        outcomes: Outcomes = {}
        rows: Rows = {}
        unstocked: Rows = {}
        untracked: Rows = {}
        for number, change in changes.items():
            there = held[change.stock_id]
            if isinstance(there, Problem):
                outcomes[number] = Failed(there)
                continue
            row = Row(change, levels.spread(change.quantity, there.units, change.set_aside), there.by_location)
            if change.expected not in (None, there.total):
                outcomes[number] = _stale(change, there.total)
            elif not row.levels:
                outcomes[number] = Done(StockSet(quantity=there.total))
                if not there.tracked:
                    untracked[number] = row
            elif row.levels[0].expected is None:
                unstocked[number] = row
            else:
                rows[number] = row
        first, *others = _calls(rows) or [{}]
        if first:
            outcomes |= await self.first(first)
        for call in others:
            outcomes |= await self._rest(call, self._key)
        return outcomes | await self._activate(unstocked) | await self._track(untracked)

    async def first(self, rows: Rows) -> Outcomes:
        """Like `rest`, but what stops the whole call is raised: nothing was set yet."""
        (result,) = await self._shop.run([self._set_quantities(rows, self._key)])
        problem = errors.problem_in(result)
        if problem is not None and problem.code == errors.SPENT_KEY:
            return await self._rest(rows, f"{self._key} again")
        if problem is not None and problem.problem_class is ProblemClass.BUSY and problem.code not in _ROW_CODES:
            raise as_error(problem)
        return await self._settle(rows, result, problem)

    async def _rest(self, rows: Rows, key: str) -> Outcomes:
        if not rows:
            return {}
        (result,) = await self._shop.run_anyway([self._set_quantities(rows, key)])
        return await self._settle(rows, result, errors.problem_in(result))

    async def _settle(self, rows: Rows, result: Result, problem: Problem | None) -> Outcomes:
        if problem is None and isinstance(result, dict):
            untracked = _untracked(result)
            accepted: Outcomes = {number: row.done() for number, row in rows.items()}
            return accepted | await self._track({n: row for n, row in rows.items() if row.stock_id in untracked})
        user_errors = result.get("userErrors") or [] if isinstance(result, dict) else []
        if not user_errors or any(error.get("code") not in _ROW_CODES for error in user_errors):
            return dict.fromkeys(rows, Failed(problem or Problem(problem_class=ProblemClass.UNKNOWN, code="no_result")))
        refused = _by_row([number for number, row in rows.items() for _level in row.levels], user_errors)
        if refused is None:
            return await self._halves(rows)
        innocent = {number: row for number, row in rows.items() if number not in refused}
        # The refused are looked at first: their outcome then speaks of the moment of the refusal.
        outcomes = await self._look_after({number: rows[number] for number in refused}, refused)
        return outcomes | await self._rest(innocent, self._key)

    async def _halves(self, rows: Rows) -> Outcomes:
        """For a refusal that does not say which row it means."""
        numbers = list(rows)
        middle = len(numbers) // 2
        first = await self._rest({number: rows[number] for number in numbers[:middle]}, self._key)
        return first | await self._rest({number: rows[number] for number in numbers[middle:]}, self._key)

    async def _look_after(self, rows: Rows, refused: Mapping[int, Mapping[str, Any]]) -> Outcomes:
        stale = {number: row for number, row in rows.items() if refused[number]["code"] in _STALE_CODES}
        unstocked = {number: row for number, row in rows.items() if refused[number]["code"] == errors.NOT_STOCKED}
        if self._several:
            # It was stocked there a moment ago, so the sum is another one now.
            stale, unstocked = stale | unstocked, {}
        outcomes: Outcomes = {
            number: Failed(errors.problem_of([refused[number]]))
            for number in rows
            if number not in stale and number not in unstocked
        }
        outcomes |= await self._compare(stale)
        unstocked |= {number: rows[number] for number in stale if number not in outcomes}
        return outcomes | await self._activate(unstocked)

    async def _compare(self, rows: Rows) -> Outcomes:
        """What stale rows really hold; rows whose item turns out not to be stocked are left out."""
        outcomes: Outcomes = {}
        for number, there in (await self._held(rows)).items():
            if isinstance(there, Problem):
                outcomes[number] = Failed(there)
            elif self._several or there.units[self._main] is not None:
                outcomes[number] = _stale(rows[number].change, there.total)
        return outcomes

    async def _held(self, rows: Rows) -> dict[int, Held | Problem]:
        if self._several:
            ids = [row.stock_id for row in rows.values()]
            held = await levels.read(self._shop, ids, self._locations, anyway=True) if ids else {}
            return {number: held[row.stock_id] for number, row in rows.items()}
        results = await self._shop.run_anyway([self._level_at(row) for row in rows.values()])
        return {number: self._held_at_main(result) for number, result in zip(rows, results, strict=True)}

    def _held_at_main(self, result: Result) -> Held | Problem:
        if isinstance(result, Problem):
            return result
        if result is None:
            return levels.UNKNOWN_ITEM
        return Held({self._main: mapping.available(result.get("inventoryLevel"))}, bool(result.get("tracked")))

    async def _activate(self, rows: Rows) -> Outcomes:
        results = await self._shop.run_anyway([self._activation(row) for row in rows.values()])
        outcomes: Outcomes = {}
        untracked: Rows = {}
        for (number, row), result in zip(rows.items(), results, strict=True):
            problem = errors.problem_in(result)
            outcomes[number] = Failed(problem) if problem else row.done()
            level = result.get("inventoryLevel") if isinstance(result, dict) else None
            if level and not level["item"]["tracked"]:
                untracked[number] = row
        return outcomes | await self._track(untracked)

    async def _track(self, rows: Rows) -> Outcomes:
        """The failures among turning tracking on: an untracked item sells without limit, whatever was set."""
        results = await self._shop.run_anyway([Part("Track", {"id": row.stock_id}) for row in rows.values()])
        problems = {number: errors.problem_in(result) for number, result in zip(rows, results, strict=True)}
        return {number: Failed(problem) for number, problem in problems.items() if problem is not None}

    def _set_quantities(self, rows: Rows, key: str) -> Part:
        quantities = [
            {
                "inventoryItemId": row.stock_id,
                "locationId": level.location_id,
                "quantity": level.quantity,
                "changeFromQuantity": level.expected,
            }
            for row in rows.values()
            for level in row.levels
        ]
        value = {"name": "available", "reason": "correction", "quantities": quantities}
        return Part("SetQuantities", {"input": value, "idempotencyKey": _key_for(key, value)})

    def _activation(self, row: Row) -> Part:
        """Only the main location is ever stocked anew, and then no other gives anything."""
        (level,) = row.levels
        value = {"inventoryItemId": row.stock_id, "locationId": level.location_id, "available": level.quantity}
        return Part("Activate", {**value, "idempotencyKey": _key_for(self._key, value)})

    def _level_at(self, row: Row) -> Part:
        return Part("LevelAt", {"inventoryItemId": row.stock_id, "locationId": self._main})


def _key_for(key: str, value: Mapping[str, Any]) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([key, value], sort_keys=True)))


def _calls(rows: Rows) -> list[Rows]:
    """The rows in their order, as many together as one call may hold levels."""
    calls: list[Rows] = []
    room = 0
    for number, row in rows.items():
        if len(row.levels) > room:
            calls.append({})
            room = MOST_LEVELS
        calls[-1][number] = row
        room -= len(row.levels)
    return calls


def _stale(change: StockChange, actual: int) -> Outcome[StockSet]:
    """Also where it is the number we want: a sale may have made it so as well as an earlier try of ours.

    One that nothing was expected of is never stale: it moved while it was set, and is set again.
    """
    if change.expected is None and actual != change.quantity:
        return Failed(Problem(problem_class=ProblemClass.BUSY, code=errors.STALE))
    return Done(StockSet(quantity=actual, stale_actual=None if change.expected is None else actual))


def _by_row(numbers: Sequence[int], user_errors: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]] | None:
    """The first refusal of each row it names; None when one of them names no row.

    `numbers` are the rows of the levels that were sent, in their order.
    """
    refused: dict[int, Mapping[str, Any]] = {}
    for error in user_errors:
        position = 0 if len(set(numbers)) == 1 else _position(error.get("field"))
        if position is None or position >= len(numbers):
            return None
        refused.setdefault(numbers[position], error)
    return refused


def _position(field: Any) -> int | None:
    path = [str(step) for step in field] if isinstance(field, list) else []
    after = path[path.index("quantities") + 1 :] if "quantities" in path else []
    return int(after[0]) if after and after[0].isdecimal() else None


def _untracked(result: Mapping[str, Any]) -> set[str]:
    group = result.get("inventoryAdjustmentGroup") or {}
    items = [change.get("item") or {} for change in group.get("changes") or []]
    return {str(item["id"]) for item in items if item.get("tracked") is False}
