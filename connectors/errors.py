"""Everything that can go wrong with a channel, sorted by who must act next.

ChannelError
├── DataRefused       data        the merchant edits the product
├── PermissionLost    permission  the merchant reconnects
├── AccountBlocked    account     the merchant acts at the channel
├── Busy              busy        nobody: it is tried again by itself
├── InDoubt           unknown     nobody: it is settled by looking
└── OurFault          ours        we do; nothing is charged

A whole call fails by raising one of these; one item of a batch fails by
carrying its `Problem` in `records.Failed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

# Codes that callers act on, so every channel gives them for the same thing: a name that another product has there,
# and a product of ours that is there no more.
HANDLE_NOT_UNIQUE = "HANDLE_NOT_UNIQUE"
PRODUCT_GONE = "PRODUCT_DOES_NOT_EXIST"
# A first part is done and the rest follows by itself soon: busy, but nothing has failed.
UNDER_WAY = "under_way"


class ProblemClass(StrEnum):
    """Who must act: the class alone decides retry, hold, charge and the button."""

    DATA = "data"
    PERMISSION = "permission"
    ACCOUNT = "account"
    BUSY = "busy"
    UNKNOWN = "unknown"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One refusal, as the channel put it.

    `original` is byte for byte what the channel said (empty when it said nothing);
    `field` is a JSON pointer into our product record ("/title",
    "/variants/0/sku"), empty when the channel named none.
    `code` is the channel's own code, or one of ours in lower case where it gave none.
    `message` is for our log and holds no secret and no buyer's data.
    """

    problem_class: ProblemClass
    code: str
    original: str = ""
    original_lang: str = "en"
    field: str = ""
    recommended: str = ""
    channel_request_id: str = ""
    message: str = ""


class ChannelError(Exception):
    """A call as a whole did not do what was asked."""

    problem_class = ProblemClass.OURS

    def __init__(self, code: str, original: str = "", **details: str) -> None:
        self.problem = Problem(problem_class=self.problem_class, code=code, original=original, **details)
        super().__init__(f"{type(self).__name__}({code})")


class DataRefused(ChannelError):
    problem_class = ProblemClass.DATA


class PermissionLost(ChannelError):
    problem_class = ProblemClass.PERMISSION


class AccountBlocked(ChannelError):
    problem_class = ProblemClass.ACCOUNT


class Busy(ChannelError):
    """Nothing was executed; try again after `retry_after_seconds`."""

    problem_class = ProblemClass.BUSY

    def __init__(self, code: str, original: str = "", *, retry_after_seconds: float = 0.0, **details: str) -> None:
        super().__init__(code, original, **details)
        self.retry_after_seconds = retry_after_seconds


class InDoubt(ChannelError):
    """The request left and no readable answer came: it may or may not have been executed."""

    problem_class = ProblemClass.UNKNOWN


class OurFault(ChannelError):
    """We sent what the channel cannot read, or cannot read what it sent."""

    problem_class = ProblemClass.OURS


ERROR_OF_CLASS: Mapping[ProblemClass, type[ChannelError]] = MappingProxyType(
    {kind.problem_class: kind for kind in (DataRefused, PermissionLost, AccountBlocked, Busy, InDoubt, OurFault)}
)


def as_error(problem: Problem) -> ChannelError:
    """The error to raise when one problem is the outcome of a whole call."""
    return ERROR_OF_CLASS[problem.problem_class](
        problem.code,
        problem.original,
        original_lang=problem.original_lang,
        field=problem.field,
        channel_request_id=problem.channel_request_id,
        recommended=problem.recommended,
        message=problem.message,
    )
