"""A channel's number that is not what it must be: a sale not heard of yet, a change made there, or a lost push of ours.

What the channel *must* hold is `ListingItem.accounted_quantity`: what it took from us, less what was sold there and
is known here. A compare that fails tells what it holds. The difference is remembered, the connection's orders are
read, and until then the number told is the smaller one: ours, or ours with the difference. Sales heard meanwhile
lower what it must hold, so that a difference they made is gone. What is left once the orders have been read, at a
number that has not moved since before, is no sale: it is taken into our own stock with a cause that says so.
Taken in too early, for a channel that told of a sale late, it comes back as the opposite difference.

Where stock lies at several locations that count, two things differ, because the smaller number is told at the main
location and then takes from the others what it has not got, which the merchant would find at the wrong place. More than
must be there, seen for the first time since other locations count, is what lies at those: it is taken in at once. And
what is about to be taken in is no longer told away before (docs/decisions/0022).

Remembered is a difference by `confirmed_quantity` (what it held, since `confirmed_quantity_at`) beside
`sent_quantity` (what it had to hold): they are the same where the last answer left no question.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors import locations
from connectors.records import StockChange
from connectors.registry import CHANNELS
from portal.models.connections import Connection
from portal.models.listings import ListingItem

# A difference no orders could be read for is taken in all the same: the channel is told the smaller number long enough.
LONGEST = timedelta(minutes=10)
# A first look again, and each later one when the difference is half as old again.
SOON = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a push was about to do: `accounted` is what the channel had to hold, and `expected` what is compared.

    `settles` says that what they differ by is no sale, should the channel still hold `expected`. `stopped` says
    that it is told nothing because selling is.
    """

    quantity: int
    expected: int | None
    accounted: int
    settles: bool = False
    stopped: bool = False

    @property
    def odd(self) -> int:
        """The difference known before the push."""
        return 0 if self.expected is None else self.expected - self.accounted

    def change(self, key: str, item: ListingItem) -> StockChange:
        return StockChange(
            key=key,
            stock_id=item.stock_id,
            quantity=self.quantity,
            expected=self.expected,
            set_aside=item.set_aside or {},
        )

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def differs(item: ListingItem, connection: Connection) -> bool:
    """Whether the channel's last answer left a difference to explain."""
    known = item.sent_quantity is not None and item.confirmed_quantity is not None
    compares = CHANNELS[connection.channel].compare_and_set_stock
    return compares and known and item.confirmed_quantity != item.sent_quantity


def counted_anew(item: ListingItem, connection: Connection) -> bool:
    """Whether other locations count since the channel last said what it holds."""
    at, said_at = locations.recounted_at(connection.settings), item.confirmed_quantity_at
    return at is not None and (said_at is None or said_at < at)


def tell(
    item: ListingItem, connection: Connection, quantity: int, *, orders_read_at: datetime | None, now: datetime
) -> Telling:
    """What to send, so that the channel sells no more than we have, whatever the difference turns out to be."""
    if item.accounted_quantity is None:
        item.accounted_quantity = item.sent_quantity if item.confirmed_quantity is None else item.confirmed_quantity
    accounted = item.accounted_quantity
    if accounted is None:
        # Nobody knows what is there, so nothing is compared. What is sold from now on is sold from this number.
        item.accounted_quantity = quantity
        telling = Telling(quantity=quantity, expected=None, accounted=quantity)
    elif not differs(item, connection) or item.confirmed_quantity is None or item.confirmed_quantity_at is None:
        telling = Telling(quantity=quantity, expected=accounted, accounted=accounted)
    else:
        since, held = item.confirmed_quantity_at, item.confirmed_quantity
        read = orders_read_at is not None and orders_read_at > since
        settles = read or now - since > LONGEST
        told = max(0, min(quantity, quantity + held - accounted))
        if settles and len(locations.counted(connection.settings)) > 1:
            told = max(told, min(held, quantity + held - accounted))
        telling = Telling(quantity=told, expected=held, accounted=accounted, settles=settles)
    item.sent_quantity, item.sent_quantity_at = telling.quantity, now
    return telling


def taken(item: ListingItem, telling: Telling, now: datetime) -> int:
    """The channel held what was compared, and holds what was sent; the difference that is explained by no sale."""
    moved = telling.quantity - (telling.accounted if telling.expected is None else telling.expected)
    settled = telling.odd if telling.settles else 0
    _account(item, moved + settled)
    item.confirmed_quantity = telling.quantity
    item.sent_quantity = telling.quantity - telling.odd + settled
    if item.sent_quantity == item.confirmed_quantity:
        item.confirmed_quantity_at = now
    return settled


def stale(item: ListingItem, telling: Telling, actual: int, now: datetime, *, at_once: bool) -> int:
    """The channel holds another number. It is remembered, or is no sale `at_once`: then the difference is answered."""
    settled = actual - telling.accounted if at_once else 0
    _account(item, settled)
    item.confirmed_quantity, item.confirmed_quantity_at = actual, now
    item.sent_quantity = telling.accounted + settled
    return settled


def untaken(item: ListingItem, telling: Telling) -> None:
    """The channel still holds what it held: the next compare must not expect a number that was never there."""
    item.sent_quantity = None if telling.expected is None else telling.accounted
    forget_first(item, telling)


def forget_first(item: ListingItem, telling: Telling) -> None:
    """A first telling that may not have arrived leaves nothing to compare with."""
    if telling.expected is None:
        item.accounted_quantity = None


def look_again_at(item: ListingItem, now: datetime) -> datetime:
    """When a difference is looked at again."""
    return now + max(SOON, (now - (item.confirmed_quantity_at or now)) / 2)


def _account(item: ListingItem, units: int) -> None:
    """In the database, not here: a sale there may be taken in at the same time."""
    if units:
        item.accounted_quantity = ListingItem.accounted_quantity + units
