"""Which orders may have changed, from searches that cannot ask for that.

Rakuten has no search by time of change. So what can still change is read each time: all orders that are not shipped,
and those that were cancelled, as far back as LOOKED_BACK; of the others those whose payment was settled, or whose
shipping was reported, since. A shipped order that is cancelled is among the cancelled ones. Not noticed are: a
cancellation of an order placed before LOOKED_BACK, and what is changed in a shipped order without cancelling it.

It costs four searches, and a read for every hundred orders open or cancelled: a call a second, so six seconds for
most shops, and a longer `since` one search more for each SPAN. A shop that cancels ten orders a day reads 1,200 of
them, 12 calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.rakuten import order_calls
from connectors.rakuten.client import RakutenClient
from connectors.rakuten.looking import JAPAN
from connectors.rakuten.order_calls import FIXED, NUMBERS_A_SEARCH, ORDERED, REACHABLE, REPORTED, Search
from connectors.rakuten.order_mapping import Progress

# 63 days are the most; a day less, whichever way they count. [rakutenpayorderapi/searchorder]
SPAN = timedelta(days=62)
# Two spans, with the rest of today.
LOOKED_BACK = timedelta(days=120)
# The search goes back 730 days.
OLDEST = timedelta(days=729)
SECOND = timedelta(seconds=1)
# A page is a search and three reads, when it is full.
ORDERS_A_PAGE = 300

_CAN_CHANGE = (
    Progress.UNCONFIRMED,
    Progress.PROCESSING,
    Progress.READY,
    Progress.CHANGING,
    Progress.CANCELLING,
    Progress.CANCELLED,
)


def searches(since: datetime, now: datetime) -> list[Search]:
    """All that find what changed at or after `since`, in the order in which they are made.

    They go on to the end of the day in Japan: their clock may be ahead of ours.
    """
    end = now.astimezone(JAPAN).replace(hour=23, minute=59, second=59, microsecond=0)
    oldest = now - OLDEST
    begun = max(since, oldest)
    far = max(min(since, now - LOOKED_BACK), oldest)
    return [
        *(Search(date_type=ORDERED, start=a, end=b, progress=_CAN_CHANGE) for a, b in spans(far, end)),
        *(Search(date_type=FIXED, start=a, end=b) for a, b in spans(begun, end)),
        *(Search(date_type=REPORTED, start=a, end=b) for a, b in spans(begun, end)),
    ]


def spans(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time from start to end, both with their second, in pieces that a search takes."""
    while start <= end:
        stop = min(start + SPAN, end)
        yield start, stop
        start = stop + SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a reading has come: which search, from which time on, and which page of that.

    Times are whole seconds since 1970; `now` is when the reading began, and `start` 0 for the search's own.
    """

    now: int
    search: int = 0
    start: int = 0
    page: int = 1

    @classmethod
    def read(cls, text: str) -> Place:
        now, search, start, page = map(int, text.split("."))
        return cls(now=now, search=search, start=start, page=page)

    def __str__(self) -> str:
        return f"{self.now}.{self.search}.{self.start}.{self.page}"

    def of(self, search: Search) -> Search:
        return replace(search, start=datetime.fromtimestamp(self.start, UTC)) if self.start else search

    def next_search(self) -> Place:
        return Place(now=self.now, search=self.search + 1)

    def after(self, search: Search, last_placed_at: datetime | None) -> Place:
        """Where a full page is followed up.

        Pages are in the order of placing. An order that is shipped meanwhile leaves the first search and moves the
        rest forward, so there the next page begins at the time of the last order instead of behind its position.
        """
        if search.date_type == ORDERED and last_placed_at is not None and last_placed_at > search.start:
            return replace(self, start=int(last_placed_at.timestamp()), page=1)
        return replace(self, page=self.page + 1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers to read now. `place` goes on behind them; where `search` was cut short, after its last number."""

    numbers: Sequence[str]
    place: Place
    search: Search | None = None


async def numbers_from(client: RakutenClient, since: datetime, place: Place) -> Numbers:
    """The next numbers, of as many searches as fit into a page."""
    plan = searches(since, datetime.fromtimestamp(place.now, UTC))
    numbers: dict[str, None] = {}
    while place.search < len(plan) and len(numbers) < ORDERS_A_PAGE:
        search = place.of(plan[place.search])
        found = await order_calls.search(client, search, page=place.page, amount=ORDERS_A_PAGE)
        for number in found.numbers:
            numbers.pop(number, None)
            numbers[number] = None
        if found.more:
            return Numbers(list(numbers), place, search)
        place = place.next_search()
    return Numbers(list(numbers), place)


def is_over(since: datetime, place: Place) -> bool:
    return place.search >= len(searches(since, datetime.fromtimestamp(place.now, UTC)))


async def placed(client: RakutenClient, start: datetime, end: datetime) -> list[str]:
    """The numbers of all orders placed from `start` until before `end`: a call for every thousand, one at least."""
    numbers: dict[str, None] = {}
    for first, last in spans(_whole(start), _whole(end) - SECOND):
        numbers |= dict.fromkeys(await _all(client, Search(date_type=ORDERED, start=first, end=last)))
    return list(numbers)


def _whole(time: datetime) -> datetime:
    """The first whole second that is not before it."""
    return time if not time.microsecond else time.replace(microsecond=0) + SECOND


async def _all(client: RakutenClient, search: Search) -> list[str]:
    found = await order_calls.search(client, search, page=1, amount=NUMBERS_A_SEARCH)
    if found.total > REACHABLE and search.start < search.end:
        middle = (search.start + (search.end - search.start) / 2).replace(microsecond=0)
        first = await _all(client, replace(search, end=middle))
        return first + await _all(client, replace(search, start=middle + SECOND))
    numbers, page = list(found.numbers), 1
    while found.more:
        page += 1
        found = await order_calls.search(client, search, page=page, amount=NUMBERS_A_SEARCH)
        numbers += found.numbers
    return numbers
