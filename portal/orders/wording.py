"""An order's states, hops and events in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.errors import ProblemClass
from connectors.orders import NOT_UNDERSTOOD, CancelReason, OrderState
from portal.i18n import _
from portal.models.buyer_credits import CreditState
from portal.models.orders import Order, OrderEvent, Shelving, StoreStep
from portal.orders import drafts, events
from portal.orders.retention import Why
from portal.templating import money

# The problem of a parcel that the marketplace is not told of because a rule of the merchant's says so.
HUSHED: Final = "hushed"


@dataclass(frozen=True, slots=True)
class Badge:
    """`line` says who acts next; `icon` replaces the tone's own shape."""

    tone: str
    word: str
    line: str = ""
    icon: str = ""


def badge(order: Order, *, in_own_store: bool) -> Badge:
    """Where an order stands, from its state at the channel and its step to the store."""
    if order.state is OrderState.CANCELLED:
        return Badge("none", _("Cancelled"))
    if order.store_step is StoreStep.PROBLEM:
        return Badge("critical", _("Not in store"), problem_line(order.problem or {}))
    if order.state is OrderState.SHIPPED:
        return Badge("success", _("Shipped"), icon="truck")
    if order.by_channel:
        return Badge("none", _("Shipped by the channel"))
    if order.state is OrderState.PENDING:
        return Badge("info", _("Pending"), _("The channel has not released it yet; its stock is held."), "clock")
    if order.store_step is StoreStep.KEPT_OUT:
        return Badge("none", _("Kept out of the store"), _("One of your rules says so"))
    if order.store_step is StoreStep.WAITING:
        return Badge("info", _("Queued"), _("On its way to your store"), "clock")
    if order.store_step is StoreStep.CREATED or in_own_store:
        return Badge("success", _("In store"), icon="store")
    if order.history:
        return Badge("none", _("Earlier order"), _("Placed before this channel was connected"))
    return Badge("attention", _("To ship"), _("No store is connected to create it in"))


def problem_line(problem: Mapping[str, Any]) -> str:
    """One sentence for why an order is not in the store, or a cancellation did not travel."""
    known = {
        drafts.UNKNOWN_SKU: _("A SKU isn't known here. Say which product it is."),
        drafts.NO_ADDRESS: _("The channel gave no address. Check the order there, then try again."),
        drafts.NO_PRICE: _("The channel gave no price yet. Check it again later."),
        drafts.NOTHING_LEFT: _("Nothing of it is left to ship."),
        "order_cancelled": _("The order was cancelled before its parcel left."),
        "quarantined": _("Our fault, not yours. Try again, or ask us."),
    }
    code = str(problem.get("code", ""))
    return known.get(code) or _("Your store refused it. Its own words are below.")


def unread_line(problem: Mapping[str, Any], *, channel: str) -> str:
    """One sentence for why an order could not be read; its channel's own words stand beside it."""
    said = {"channel": channel}
    if problem.get("code") == NOT_UNDERSTOOD:
        return _("%(channel)s tells of it in a way that we do not understand yet. That is our fault, not yours.") % said
    if ProblemClass(problem["problem_class"]) is ProblemClass.BUSY:
        return _("%(channel)s is at work on it and cannot tell of it just now.") % said
    if problem.get("original"):
        return _("%(channel)s answers with an error when it is asked for this order:") % said
    return _("Something goes wrong with this order alone. That is our fault, not yours.")


def state(word: OrderState | str) -> str:
    known = {
        OrderState.PENDING: _("pending"),
        OrderState.OPEN: _("to ship"),
        OrderState.SHIPPED: _("shipped"),
        OrderState.CANCELLED: _("cancelled"),
    }
    return known[OrderState(word)]


def event(row: OrderEvent) -> str:
    """What happened, as one line of the timeline."""
    told = {name: str(value) for name, value in row.details.items()}
    if row.kind == events.CHANGED:
        told["state"] = state(told["state"])
    elif row.kind == events.STORE_FAILED:
        told["why"] = problem_line(row.details)
    elif row.kind == events.CREDIT_GIVEN:
        told["amount"] = money(row.details["amount_minor"], row.details["currency"])
    elif row.kind == events.BUYER_REMOVED:
        told["why"] = removed_because(row.details["why"])
    kind = row.kind
    if kind == events.IN_STORE and row.details.get("found"):
        kind = "found"
    elif kind == events.CANCELLED and "store" in told:
        kind = "cancelled_in_store"
    words = _events().get(kind)
    return words % told if words else kind


def removed_because(why: str) -> str:
    """Why nothing of the buyer is kept any more."""
    known = {
        Why.SHIPPED: _("30 days after the order was shipped"),
        Why.CANCELLED: _("30 days after the order was cancelled"),
        Why.UNSHIPPED: _("180 days after the order was placed, and never shipped"),
        Why.ASKED: _("the buyer, or the shop, asked for it"),
    }
    return known[Why(why)]


def _events() -> dict[str, str]:
    return {
        events.RECEIVED: _("Received from the channel"),
        events.CHANGED: _("The channel says: %(state)s"),
        events.ACCEPTED: _("Accepted at the channel"),
        events.NOT_ACCEPTED: _("The channel did not take our acceptance"),
        events.STOCK: _("Stock of %(sku)s: %(quantity)s"),
        events.SHORT: _("Oversold: %(quantity)s of %(sku)s were not there"),
        events.RETURNED: _("Back on the shelf: %(quantity)s of %(sku)s"),
        events.CAME_BACK: _("Sent back by the buyer: %(quantity)s of %(sku)s"),
        events.NOTED_BACK: _("Recorded here as sent back: %(quantity)s of %(sku)s"),
        events.SAME_BACK: _("Told of %(quantity)s of %(sku)s that was recorded here; nothing is counted twice"),
        events.SHELVED: _("Sent back and for sale again: %(quantity)s of %(sku)s"),
        events.NOT_SHELVED: _("Sent back and not for sale again: %(quantity)s of %(sku)s"),
        events.IN_STORE: _("Created in %(store)s as %(number)s"),
        "found": _("Found in %(store)s as %(number)s and linked"),
        events.STORE_FAILED: _("Not created in the store: %(why)s"),
        events.SHIPPED: _("Left the store: %(carrier)s %(number)s"),
        events.TOLD: _("Tracking %(number)s sent to the marketplace"),
        events.TELL_FAILED: _("Tracking %(number)s was not taken by the marketplace"),
        events.CANCEL_ASKED: _("Cancelling at the channel"),
        events.CANCELLED: _("Cancelled"),
        "cancelled_in_store": _("Cancelled in %(store)s"),
        events.CANCEL_FAILED: _("The cancellation did not travel"),
        events.LINKED: _("%(sku)s is known from now on"),
        events.REVEALED: _("Buyer's details shown"),
        events.CREDIT_ASKED: _("A buyer credit was asked for"),
        events.CREDIT_GIVEN: _("Paid back to the buyer: %(amount)s"),
        events.CREDIT_DECLINED: _("The buyer credit was declined"),
        events.BUYER_REMOVED: _("Buyer's details removed: %(why)s"),
        events.KEPT_OUT: _("Kept out of the store by the rule “%(rule)s”"),
        events.RULED: _("The rule “%(rule)s” changed it for the store"),
        events.HUSHED: _("Not sent to the marketplace: the rule “%(rule)s” says so"),
    }


def shelving_badge(standing: Shelving) -> Badge:
    """What becomes of units that came back."""
    return {
        Shelving.WAITING: Badge("attention", _("Waits for your decision"), icon="clock"),
        Shelving.BACK: Badge("success", _("For sale again")),
        Shelving.GONE: Badge("none", _("Not for sale again")),
        Shelving.OUTSIDE: Badge("none", _("Handled outside")),
    }[standing]


def shelvings() -> list[tuple[str, str]]:
    """What may become of what came back, for a select."""
    return [
        (Shelving.WAITING.value, _("Decide later")),
        (Shelving.BACK.value, _("Back on the shelf")),
        (Shelving.GONE.value, _("Not for sale again")),
    ]


def credit_badge(standing: CreditState) -> Badge:
    """Where a request for a buyer credit stands."""
    return {
        CreditState.ASKED: Badge("info", _("With our staff"), icon="clock"),
        CreditState.GIVEN: Badge("success", _("Paid back")),
        CreditState.DECLINED: Badge("none", _("Declined")),
    }[standing]


def reasons() -> list[tuple[str, str]]:
    """What may be given as the reason of a cancellation, for a select."""
    return [
        (CancelReason.OUT_OF_STOCK.value, _("Out of stock")),
        (CancelReason.CUSTOMER.value, _("The buyer asked for it")),
        (CancelReason.ADDRESS.value, _("It can't be delivered there")),
        (CancelReason.UNPAID.value, _("It was not paid")),
        (CancelReason.OTHER.value, _("Another reason")),
    ]
