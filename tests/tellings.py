"""What practice channels were told of stock, by their own ledgers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Row = dict[str, Any]
# When the channel took it, in seconds since 1970; the item's stock id there; how many.
Telling = tuple[float, str, int]


def of(channel: str, ledger: Sequence[Row]) -> Iterator[Telling]:
    """Every number that the channel took from us, oldest first."""
    for row in ledger:
        for stock_id, quantity in _READ[channel](row):
            yield row["at"], stock_id, quantity


def _shopify(row: Row) -> Iterator[tuple[str, int]]:
    if row["operation"] == "inventorySetQuantities":
        for one in row["values"]["input"]["quantities"]:
            yield one["inventoryItemId"], one["quantity"]


def _amazon(row: Row) -> Iterator[tuple[str, int]]:
    if row["operation"] == "patchListingsItem":
        for level in row["details"].get("fulfillment_availability") or []:
            yield row["item"], level["quantity"]


def _rakuten(row: Row) -> Iterator[tuple[str, int]]:
    if row["operation"] == "inventories.bulk.upsert":
        for one in row["values"]:
            yield f"{one['manageNumber']}/{one['variantId']}", one["quantity"]


def _yahoo(row: Row) -> Iterator[tuple[str, int]]:
    if row["operation"] == "setStock":
        yield row["item"], row["details"]["quantity"]


_READ = {"shopify": _shopify, "amazon": _amazon, "rakuten": _rakuten, "yahoo": _yahoo}
