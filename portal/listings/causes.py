"""Which listings need the merchant, in SQL, and why: the same words behind a count and the list it opens."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select

from connectors.errors import ProblemClass
from connectors.records import Observed
from portal.listings.badge import IDENTICAL_ERRORS_BEFORE_STOP
from portal.listings.sending import UNDER_WAY
from portal.models.connections import Connection
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem

SUPPRESSED = "suppressed"
STOCK_DISPUTED = "stock_disputed"


def code() -> ColumnElement[str]:
    said: ColumnElement[str] = Listing.problem["code"].as_string()
    return said


_STOPPED = and_(
    Listing.attempt == LastAttempt.QUEUED,
    Listing.problem_count >= IDENTICAL_ERRORS_BEFORE_STOP,
    Listing.problem["problem_class"].as_string() == ProblemClass.OURS.value,
)
_REFUSED = and_(Listing.intent != Intent.HOLD, or_(Listing.attempt == LastAttempt.REJECTED, _STOPPED))
_HIDDEN = and_(
    Listing.intent == Intent.PUBLISH,
    Listing.attempt.in_([LastAttempt.ACCEPTED, LastAttempt.NONE]),
    Listing.observed == Observed.SUPPRESSED,
)
# Somebody else keeps changing a number of it there. What was refused, or is hidden, says that first.
DISPUTED = and_(
    Listing.intent == Intent.PUBLISH,
    Listing.attempt != LastAttempt.REJECTED,
    not_(_STOPPED),
    not_(_HIDDEN),
    exists().where(ListingItem.listing_id == Listing.id, ListingItem.disputed_at.is_not(None)),
)
PROBLEM = or_(_REFUSED, _HIDDEN, DISPUTED)

# The filter "state" of the list; what none of them names is still in the list of all.
STATES: Mapping[str, ColumnElement[bool]] = {
    "problems": PROBLEM,
    "live": and_(Listing.intent == Intent.PUBLISH, Listing.observed == Observed.LIVE, not_(PROBLEM)),
    "waiting": and_(
        Listing.intent != Intent.HOLD,
        or_(Listing.attempt.in_(UNDER_WAY), Listing.relisting),
        Listing.observed != Observed.LIVE,
        not_(_STOPPED),
    ),
    "held": Listing.intent == Intent.HOLD,
    "ended": and_(
        or_(Listing.intent == Intent.WITHDRAW, Listing.observed == Observed.ENDED),
        Listing.intent != Intent.HOLD,
        Listing.attempt.not_in(UNDER_WAY),
        not_(Listing.relisting),
        not_(PROBLEM),
    ),
}


def cause_of(channel: str, problem_code: str) -> str:
    """The cause as it stands in an address."""
    return f"{channel}:{problem_code}"


def with_cause(cause: str) -> ColumnElement[bool]:
    """Listings (joined with their connection) that need the merchant for this cause; none where it names no cause."""
    channel, _colon, problem_code = cause.partition(":")
    if not problem_code:
        return false()
    if problem_code == SUPPRESSED:
        return and_(Connection.channel == channel, _HIDDEN)
    if problem_code == STOCK_DISPUTED:
        return and_(Connection.channel == channel, DISPUTED)
    return and_(Connection.channel == channel, _REFUSED, code() == problem_code)


def of_cause(cause: str) -> Select[Listing]:
    return select(Listing).join(Connection, Connection.id == Listing.connection_id).where(with_cause(cause))
