"""Cancels orders that have not left: looks first, as no order is cancelled twice. [rakutenpayorderapi/cancelorder]

What has left is cancelled in RMS, once it is back: cancelOrderAfterShipping does the whole of it at once, and is not
ours to call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from connectors.orders import CancelReason, OrderToCancel
from connectors.rakuten import order_calls
from connectors.rakuten.batches import one_by_one
from connectors.rakuten.client import RakutenClient
from connectors.rakuten.order_mapping import Progress
from connectors.rakuten.shipping import order_unknown
from connectors.records import Done, Failed, Outcome

# inventoryRestoreType. 0 would leave it to each item's setting, and us without knowing.
_RESTORE, _LEAVE = 1, 2
# changeReasonDetailApply. An address that cannot be delivered to is the buyer's (6), and the rest the shop's (10).
_REASONS: Final[Mapping[CancelReason, int]] = MappingProxyType(
    {
        CancelReason.OUT_OF_STOCK: 8,
        CancelReason.CUSTOMER: 1,
        CancelReason.ADDRESS: 6,
        CancelReason.UNPAID: 4,
        CancelReason.OTHER: 10,
    }
)
_ALREADY_CANCELLED = "ORDER_EXT_API_CANCEL_ORDER_ERROR_103"
# Being cancelled counts: Rakuten finishes it by itself.
_GONE = frozenset({Progress.CANCELLED, Progress.CANCELLING})


async def cancel(client: RakutenClient, orders: Sequence[OrderToCancel]) -> list[Outcome[None]]:
    """A call for every order that is not cancelled yet, after one for every hundred."""
    models, problems = await order_calls.get(client, [order.order_id for order in orders])

    async def cancel_one(order: OrderToCancel) -> Outcome[None]:
        model = models.get(order.order_id)
        if model is None:
            return Failed(problems.get(order.order_id) or order_unknown())
        if model["orderProgress"] in _GONE:
            return Done(None)
        restore, reason = _RESTORE if order.restock else _LEAVE, _REASONS[order.reason]
        reply = await order_calls.cancel(client, order.order_id, restore=restore, reason=reason)
        problem = order_calls.problem_in(reply)
        return Done(None) if problem is None or problem.code == _ALREADY_CANCELLED else Failed(problem)

    return await one_by_one(orders, cancel_one)
