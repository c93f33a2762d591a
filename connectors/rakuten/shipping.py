"""Tells of parcels: looks first, as adding a row twice makes two of it. [rakutenpayorderapi/updateordershipping]"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from connectors import carriers
from connectors.errors import UNDER_WAY, Problem, ProblemClass
from connectors.orders import ParcelToTell
from connectors.rakuten import order_calls
from connectors.rakuten.batches import one_by_one
from connectors.rakuten.client import RakutenClient, Reply
from connectors.rakuten.looking import JAPAN
from connectors.rakuten.order_calls import Model
from connectors.rakuten.order_mapping import line_id, packages, shipping_rows
from connectors.records import Done, Failed, Outcome

CARRIERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "yamato": "1001",
        "sagawa": "1002",
        "japan_post": "1003",
        "seino": "1004",
        "fukuyama": "1006",
        "ems": "1017",
        "dhl": "1018",
        "fedex": "1019",
        "ups": "1020",
        "usps": "1024",
        "sf": "1025",
        carriers.OTHER: "1000",
    }
)
# Rows told as one parcel, where its order goes to several places.
_BETWEEN_IDS = ","

Row = Mapping[str, Any]


async def tell_shipped(client: RakutenClient, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
    """A call for every parcel that is not there, after one for every hundred orders."""
    orders, problems = await order_calls.get(client, [parcel.order_id for parcel in parcels])
    told: dict[tuple[str, int], list[Row]] = {}

    async def tell(parcel: ParcelToTell) -> Outcome[str]:
        model = orders.get(parcel.order_id)
        if model is None:
            return Failed(problems.get(parcel.order_id) or order_unknown())
        return await _Teller(client, model, told).tell(parcel)

    return await one_by_one(parcels, tell)


def order_unknown() -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code="order_unknown")


class _Teller:
    """One order's parcels. `told` are the rows that were added since the order was read, by order and basket."""

    def __init__(self, client: RakutenClient, model: Model, told: dict[tuple[str, int], list[Row]]) -> None:
        self._client = client
        self._number = str(model["orderNumber"])
        self._model = model
        self._told = told

    async def tell(self, parcel: ParcelToTell) -> Outcome[str]:
        wanted = {
            "deliveryCompany": CARRIERS.get(parcel.carrier, CARRIERS[carriers.OTHER]),
            "shippingNumber": parcel.number,
            "shippingDate": parcel.shipped_at.astimezone(JAPAN).date().isoformat(),
        }
        ids: dict[int, str] = {}
        missing: dict[int, Row] = {}
        known = set(parcel.told.split(_BETWEEN_IDS))
        for basket in _baskets(self._model, parcel):
            row = next((one for one in self._rows(basket) if _id(one) in known or _is_same(one, wanted)), None)
            if row is not None and _is_same(row, wanted):
                ids[basket] = _id(row)
            else:
                missing[basket] = wanted if row is None else {"shippingDetailId": row["shippingDetailId"], **wanted}
        return await self._write(missing, ids) if missing else Done(_joined(ids))

    def _rows(self, basket: int) -> list[Row]:
        there = [
            row for package in packages(self._model) if package["basketId"] == basket for row in shipping_rows(package)
        ]
        return there + self._told.get((self._number, basket), [])

    async def _write(self, missing: Mapping[int, Row], ids: dict[int, str]) -> Outcome[str]:
        reply = await order_calls.write_shipping(self._client, self._number, missing)
        problem = order_calls.problem_in(reply)
        if problem is not None:
            return Failed(problem)
        numbers = _ids_in(reply, len(missing))
        if not all(numbers):
            return Failed(Problem(problem_class=ProblemClass.BUSY, code=UNDER_WAY))
        for (basket, row), number in zip(missing.items(), numbers, strict=True):
            ids[basket] = number
            self._told.setdefault((self._number, basket), []).append({**row, "shippingDetailId": number})
        return Done(_joined(ids))


def _baskets(model: Model, parcel: ParcelToTell) -> list[int]:
    """The destinations whose lines are in the parcel; all of them where it names none that the order has."""
    inside = {line for line, _ in parcel.lines}
    named = [
        package["basketId"]
        for package in packages(model)
        if any(line_id(item) in inside for item in package.get("ItemModelList") or [])
    ]
    return named or [package["basketId"] for package in packages(model)]


def _is_same(row: Row, wanted: Row) -> bool:
    """The same number by the same carrier; without a number, the same day."""
    number = _plain(row.get("shippingNumber"))
    if number != _plain(wanted["shippingNumber"]) or row.get("deliveryCompany") != wanted["deliveryCompany"]:
        return False
    return bool(number) or row.get("shippingDate") == wanted["shippingDate"]


def _plain(number: Any) -> str:
    return re.sub(r"[\s-]", "", str(number or "")).casefold()


def _ids_in(reply: Reply, rows: int) -> list[str]:
    """What Rakuten calls the rows, in their order; empty where it added one and could not say (WARNING_101)."""
    told = {one.get("dataNumber"): _id(one) for one in reply.body.get("MessageModelList") or []}
    return [told.get(number, "") for number in range(1, rows + 1)]


def _id(row: Row) -> str:
    found = row.get("shippingDetailId")
    return "" if found is None else str(found)


def _joined(ids: Mapping[int, str]) -> str:
    return _BETWEEN_IDS.join(ids[basket] for basket in sorted(ids) if ids[basket])
