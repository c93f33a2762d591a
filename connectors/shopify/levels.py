"""What items hold at the locations that count, and what each location is to hold so that all hold a sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from connectors.errors import Problem, ProblemClass
from connectors.shopify import mapping
from connectors.shopify.client import Result, ShopifyClient
from connectors.shopify.documents import Part


@dataclass(frozen=True, slots=True)
class Level:
    """What one location is to hold of an item if it still holds `expected`; None sets it whatever is there."""

    location_id: str
    quantity: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """An item's units by location in the order asked, None where it is not stocked."""

    units: Mapping[str, int | None]
    tracked: bool

    @property
    def by_location(self) -> dict[str, int]:
        return {place: units or 0 for place, units in self.units.items()}

    @property
    def total(self) -> int:
        return sum(self.by_location.values())


UNKNOWN_ITEM = Problem(problem_class=ProblemClass.DATA, code="INVALID_INVENTORY_ITEM")


async def read(
    shop: ShopifyClient, stock_ids: Sequence[str], locations: Sequence[str], *, anyway: bool = False
) -> dict[str, Held | Problem]:
    """What each item (250 at most) holds, or why it could not be read; one operation a location.

    What stops the first request as a whole is raised, unless it is to be read `anyway` (see ShopifyClient).
    """
    parts = [Part("LevelsAt", {"ids": list(stock_ids), "locationId": place}) for place in locations]
    results = await (shop.run_anyway(parts) if anyway else shop.run(parts))
    problem = next((result for result in results if isinstance(result, Problem)), None)
    if problem is not None:
        return dict.fromkeys(stock_ids, problem)
    found = [_by_id(result) for result in results]
    held: dict[str, Held | Problem] = {}
    for stock_id in stock_ids:
        nodes = [one.get(stock_id) for one in found]
        units = {
            place: mapping.available(node.get("inventoryLevel"))
            for place, node in zip(locations, nodes, strict=True)
            if node
        }
        tracked = all(node.get("tracked") is not False for node in nodes if node)
        held[stock_id] = Held(units, tracked) if len(units) == len(locations) else UNKNOWN_ITEM
    return held


def _by_id(result: Result) -> dict[str, mapping.Node]:
    nodes = result.get("nodes") or [] if isinstance(result, dict) else []
    return {str(node["id"]): node for node in nodes if node}


def spread(
    quantity: int, units: Mapping[str, int | None], set_aside: Mapping[str, int] = MappingProxyType({})
) -> tuple[Level, ...]:
    """The levels to change, so that all locations together hold `quantity` and none is set below zero.

    The first location takes the whole difference. Only what it has not got is taken from the others, in their order:
    goods lie where the merchant put them. `units` are what each holds, which is what is compared. What was `set_aside`
    lies there all the same.
    """
    held = {place: there or 0 for place, there in units.items()}
    kept_there = {place for place, there in units.items() if there is not None}
    lying = held | {place: max(held[place], set_aside[place]) for place in kept_there & set_aside.keys()}
    (main, at_main), *others = lying.items()
    wanted = {main: max(0, at_main + quantity - sum(lying.values()))}
    surplus = wanted[main] + sum(there for _place, there in others) - quantity
    for place, there in others:
        taken = min(max(there, 0), surplus)
        wanted[place], surplus = there - taken, surplus - taken
    return tuple(Level(place, wanted[place], units[place]) for place in held if wanted[place] != held[place])
