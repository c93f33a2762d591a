"""Orders of a Rakuten store: implements connectors.protocol.Orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.errors import OurFault, Problem, ProblemClass, as_error
from connectors.orders import OrderPage, OrderRecord, OrderToCancel, ParcelToTell, UnreadOrder, understanding
from connectors.protocol import Account
from connectors.rakuten import cancelling, order_calls, order_feed, order_mapping, shipping
from connectors.rakuten.client import RakutenClient
from connectors.rakuten.order_calls import ORDERS_A_READ
from connectors.rakuten.order_feed import Place
from connectors.rakuten.order_mapping import Progress
from connectors.records import Done, Failed, Outcome

# A number of another shop. [rakutenpayorderapi/rakutenpaymsgcodereference]
_ANOTHER_SHOPS = "ORDER_EXT_API_GET_ORDER_ERROR_016"


class RakutenOrders:
    """Orders go by their number. `clock` gives the seconds since 1970."""

    carriers: Mapping[str, str] = shipping.CARRIERS

    def __init__(self, client: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._client = client
        self._clock = clock

    async def changed(self, account: Account, since: datetime, page: str = "") -> OrderPage:
        """See order_feed for what is searched for, what it costs, and what is not noticed."""
        store = self._store(account)
        begun = Place.read(page) if page else Place(now=int(self._clock()))
        found = await order_feed.numbers_from(store, since, begun)
        outcomes = await self._read(store, found.numbers)
        records = [outcome for outcome in outcomes.values() if isinstance(outcome, OrderRecord)]
        unread = [
            UnreadOrder(channel_id=number, number=number, problem=outcome)
            for number, outcome in outcomes.items()
            if isinstance(outcome, Problem)
        ]
        place = found.place
        if found.search is not None:
            in_order = (outcomes.get(number) for number in reversed(found.numbers))
            last = next((one.placed_at for one in in_order if isinstance(one, OrderRecord)), None)
            place = place.after(found.search, last)
        return OrderPage(records, "" if order_feed.is_over(since, place) else str(place), unread)

    async def read(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[OrderRecord | None]]:
        found = await self._read(self._store(account), channel_ids)
        outcomes = (found.get(number) for number in channel_ids)
        return [Failed(one) if isinstance(one, Problem) else Done(one) for one in outcomes]

    async def _read(self, store: RakutenClient, numbers: Sequence[str]) -> dict[str, OrderRecord | Problem]:
        """The orders by number, or why one cannot be told; those that the store does not have are left out.

        Raises what is about any call, also where Rakuten says it of single orders.
        """
        # Before the call: what changes during it may not be in the answer.
        read_at = datetime.fromtimestamp(self._clock(), UTC)
        models, problems = await order_calls.get(store, numbers)
        for problem in problems.values():
            if problem.problem_class in (ProblemClass.PERMISSION, ProblemClass.ACCOUNT):
                raise as_error(problem)
        return problems | {number: _understood(model, read_at) for number, model in models.items()}

    async def find(self, account: Account, number: str) -> OrderRecord | None:
        try:
            [outcome] = await self.read(account, [number.strip()])
        except OurFault as error:
            if error.problem.code == _ANOTHER_SHOPS:
                return None
            raise
        if isinstance(outcome, Failed):
            raise as_error(outcome.problem)
        return outcome.value if isinstance(outcome, Done) else None

    def heard(self, account: Account, topic: str, body: Mapping[str, Any]) -> OrderRecord | None:
        """Rakuten's notifications carry no prices, and go to an address that the merchant applies for."""
        return None

    async def placed(self, account: Account, start: datetime, end: datetime) -> Sequence[str]:
        return await order_feed.placed(self._store(account), start, end)

    async def accept(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Each of these orders is confirmed, so that Rakuten takes its payment; one that is further counts as done."""
        store = self._store(account)
        models, problems = await order_calls.get(store, channel_ids)
        waiting = [number for number, model in models.items() if model["orderProgress"] == Progress.UNCONFIRMED]
        for start in range(0, len(waiting), ORDERS_A_READ):
            problems |= await order_calls.confirm(store, waiting[start : start + ORDERS_A_READ])
        problems = await _of_waiting(store, problems, refused=[number for number in waiting if number in problems])
        outcomes: dict[str, Outcome[None]] = dict.fromkeys(models, Done(None))
        outcomes |= {number: Failed(problem) for number, problem in problems.items()}
        unknown = Failed(shipping.order_unknown())
        return [outcomes.get(number, unknown) for number in channel_ids]

    async def tell_shipped(self, account: Account, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
        return await shipping.tell_shipped(self._store(account), parcels)

    async def cancel(self, account: Account, orders: Sequence[OrderToCancel]) -> list[Outcome[None]]:
        return await cancelling.cancel(self._store(account), orders)

    def _store(self, account: Account) -> RakutenClient:
        return RakutenClient(self._client, account)


async def _of_waiting(
    store: RakutenClient, problems: Mapping[str, Problem], *, refused: Sequence[str]
) -> dict[str, Problem]:
    """The problems without those of orders that were confirmed between our look and our call.

    By hand in RMS, or by a call of ours that was believed lost.
    """
    models, _unread = await order_calls.get(store, refused)
    further = {number for number, model in models.items() if model["orderProgress"] != Progress.UNCONFIRMED}
    return {number: problem for number, problem in problems.items() if number not in further}


def _understood(model: Mapping[str, Any], read_at: datetime) -> OrderRecord | Problem:
    try:
        with understanding():
            return order_mapping.order(model, read_at=read_at)
    except OurFault as error:
        return error.problem
