"""Orders as a channel tells of them, and what is asked of a channel about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from connectors.errors import OurFault, Problem, ProblemClass
from connectors.records import Money

# The channel told of an order, in a shape that our mapping does not know.
NOT_UNDERSTOOD = "order_not_understood"
_UNKNOWN_SHAPE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class OrderState(StrEnum):
    PENDING = "pending"  # sold, and not paid or not approved yet: its stock is held, nothing may be shipped
    OPEN = "open"
    SHIPPED = "shipped"  # all that was not cancelled has left
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    OUT_OF_STOCK = "out_of_stock"
    CUSTOMER = "customer"  # the buyer asked for it
    ADDRESS = "address"  # it cannot be delivered there
    UNPAID = "unpaid"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`country` is ISO 3166 alpha-2; `region` as the channel writes it (a prefecture, a state's code)."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""

    def __repr__(self) -> str:
        return "Address(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What is known of who bought, to be sealed before it is stored. None is what the channel keeps to itself."""

    name: str = ""
    email: str = ""
    phone: str = ""
    ship_to: Address | None = None
    bill_to: Address | None = None
    note: str = ""

    def __repr__(self) -> str:
        return "Buyer(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """`quantity` is as ordered; of these, `cancelled` will not leave and `shipped` have left.

    `item_id` is the listing item's id at the channel (`LinkedItem.channel_id`), empty where the channel has none.
    `unit_price` and `tax` (of the whole line) are None while the channel does not say; `discount` is off the whole
    line; `tax_rate` is a fraction as text ("0.1" is ten per cent). `restocked` of the cancelled ones went back on the
    channel's own shelf without us. Of what had left, `returned` came back in all, by what the channel says, last at
    `returned_at`; of these it put `shelved` on the shelf whose number we tell it (see `Capabilities.returns`).
    `reference` is the line of the sale (its `channel_id`) that we wrote on it when it was we who made it.
    """

    channel_id: str
    sku: str
    title: str
    quantity: int
    item_id: str = ""
    cancelled: int = 0
    shipped: int = 0
    restocked: int = 0
    returned: int = 0
    shelved: int = 0
    returned_at: datetime | None = None
    unit_price: Money | None = None
    tax: Money | None = None
    tax_rate: str = ""
    discount: Money | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What left for the buyer together: `lines` are line ids with how many of each; none named is all there is.

    `carrier` is as the channel writes it, `carrier_code` its code where it has codes.
    """

    channel_id: str
    carrier: str = ""
    carrier_code: str = ""
    number: str = ""
    url: str = ""
    shipped_at: datetime | None = None
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """One order as the channel has it now. `channel_id` never changes; `number` is what people call it.

    `changed_at` orders two tellings of it: the channel's own time of change, or when it was read where the channel
    says none. Amounts of the whole order are None while it does not say them. `fraud` is "low", "medium" or "high",
    empty where the channel supplies none. `by_channel`: from the channel's warehouse, so that no stock of ours leaves.
    `to_accept`: the channel waits for the shop's word before it takes the payment (`protocol.Orders.accept`).
    `reference` is what we wrote on it when it was we who made it (`StoreDraft.reference`).
    """

    channel_id: str
    number: str
    placed_at: datetime
    changed_at: datetime
    state: OrderState
    currency: str
    lines: tuple[OrderLine, ...]
    subtotal: Money | None = None
    shipping: Money | None = None
    tax: Money | None = None
    discount: Money | None = None
    total: Money | None = None
    taxes_included: bool = True
    buyer: Buyer | None = None
    payment: str = ""
    shipping_method: str = ""
    fraud: str = ""
    cancel_requested: bool = False
    cancel_reason: str = ""
    ship_by: datetime | None = None
    by_channel: bool = False
    to_accept: bool = False
    test: bool = False
    url: str = ""
    reference: str = ""
    parcels: tuple[Parcel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadOrder:
    """An order that the channel has and that could not be read or understood: all that is known of it is its number."""

    channel_id: str
    number: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`next_page` asks for what follows, empty at the end. What of the page could not be read is in `unread`.

    A page that `lasts` leaves no order out when it is asked for later, by another reading since the same time.
    """

    orders: Sequence[OrderRecord]
    next_page: str = ""
    unread: Sequence[UnreadOrder] = ()
    lasts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelToTell:
    """A parcel that left, told to the marketplace the order is from. `key` is ours, the same on every try.

    `ordinal` counts the order's parcels from 1. `carrier` is a key of connectors.carriers; `carrier_name` what the
    shop wrote. `told` is what the channel called it when we told of it before, empty for the first time.
    """

    key: str
    order_id: str
    ordinal: int
    carrier: str
    carrier_name: str
    number: str
    shipped_at: datetime
    lines: tuple[tuple[str, int], ...]
    last: bool
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToCancel:
    """An order to cancel as a whole. `restock`: the channel puts its units back on its own shelf, where it can."""

    order_id: str
    reason: CancelReason
    lines: tuple[tuple[str, int], ...]
    restock: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrder:
    """A marketplace's order as it stands in the merchant's own store. Its lines are joined by `OrderLine.reference`."""

    channel_id: str
    number: str
    url: str = ""
    created_at: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLine:
    """A line to create: the store's variant it is, or only its words where there is none."""

    line: OrderLine
    quantity: int
    variant_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDraft:
    """An order to create in the store, at the prices of the sale. `reference` is how a look finds it again.

    `source` is the marketplace's name. Stock is not lowered by the store: we tell it the number ourselves.
    """

    reference: str
    source: str
    order: OrderRecord
    lines: tuple[StoreLine, ...]
    tags: tuple[str, ...] = ()


@contextmanager
def understanding() -> Iterator[None]:
    """Reads an order's answer inside. Raises OurFault for a shape that nobody knows, whatever the reading raised."""
    try:
        yield
    except _UNKNOWN_SHAPE as error:
        # What the error says may quote the buyer, so only its kind is kept.
        raise OurFault(NOT_UNDERSTOOD, message=type(error).__name__) from error


def of_one(problem: Problem, *, internal: Collection[str] = ()) -> Problem | None:
    """The problem as that of the order that was asked for; None where it says nothing of the order alone.

    `internal` are the codes of errors inside the channel: it goes on answering for other orders.
    """
    if problem.problem_class in (ProblemClass.DATA, ProblemClass.OURS):
        return problem
    return replace(problem, problem_class=ProblemClass.DATA) if problem.code in internal else None


def tags_of(channel: str, number: str) -> tuple[str, ...]:
    """What every order that we create in a store is tagged with: that we made it, where it was sold, its number."""
    return ("crossdock", channel, number)


def as_document(buyer: Buyer) -> dict[str, Any]:
    """The buyer as plain JSON, to be sealed."""
    return asdict(buyer)


def buyer_of(document: Mapping[str, Any]) -> Buyer:
    """The buyer that `as_document` wrote down."""
    places = {name: Address(**document[name]) if document.get(name) else None for name in ("ship_to", "bill_to")}
    return Buyer(**{**document, **places})
