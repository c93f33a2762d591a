"""What a listing's badge says: a pure function of the listing's columns, its open task, its connection and readiness.

One table, first match wins. Every answer says what happened, who acts next and, where there is one, when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connectors.errors import ProblemClass
from connectors.records import Observed
from portal.i18n import _, ngettext
from portal.models.listings import Intent, LastAttempt
from portal.models.tasks import TaskState

IDENTICAL_ERRORS_BEFORE_STOP = 3


class Who(StrEnum):
    """Who acts next."""

    YOU = "you"
    US = "us"
    CHANNEL = "channel"
    NOBODY = "nobody"


class Held(StrEnum):
    """Why work for a connection waits; NOT when it does not."""

    NOT = ""
    NEEDS_REAUTH = "needs_reauth"
    PAUSED = "paused"
    MAINTENANCE = "maintenance"
    DISCONNECTED = "disconnected"
    SETUP = "setup"


@dataclass(frozen=True, slots=True)
class TaskView:
    """The open task that will next change what the channel holds of this listing."""

    state: TaskState
    not_before: datetime
    tries: int = 0
    outcome_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a badge depends on. `cause` is the plain title of `problem`, for the line under the badge.

    `live_by` is when what the channel has taken should be seen by buyers, and `late` that it is past.
    `relisting` says that it is taken off only to be listed again, and `disputed` that a stock number does not stay.
    """

    channel: str
    intent: Intent
    attempt: LastAttempt
    observed: Observed
    open_task: TaskView | None = None
    held: Held = Held.NOT
    held_until: datetime | None = None
    readiness_missing: int = 0
    problem: Mapping[str, Any] | None = None
    problem_count: int = 0
    cause: str = ""
    warnings: int = 0
    found: bool = False
    observed_at: datetime | None = None
    live_by: datetime | None = None
    late: bool = False
    relisting: bool = False
    disputed: bool = False

    @property
    def problem_class(self) -> str:
        return str(self.problem["problem_class"]) if self.problem else ""

    @property
    def refused(self) -> bool:
        return self.attempt is LastAttempt.REJECTED

    def task_is(self, *states: TaskState) -> bool:
        return self.open_task is not None and self.open_task.state in states


@dataclass(frozen=True, slots=True)
class Badge:
    """`line` is said under the badge and ends in the time `at` where there is one."""

    state: str
    text: str
    tone: str
    icon: str | None
    who: Who
    line: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    applies: Callable[[Facts], bool]
    badge: Callable[[Facts], Badge]


def badge(facts: Facts) -> Badge:
    """What to show of this listing, and who acts next."""
    return next(rule.badge(facts) for rule in _TABLE if rule.applies(facts))


def unlisted(readiness_missing: int) -> Badge:
    """The badge of a product on a connection where it has no listing yet."""
    if readiness_missing:
        return _needs_info(readiness_missing)
    return Badge("ready", _("Ready"), "info", None, Who.YOU, _("Choose in Inbox"))


def _ended(facts: Facts) -> Badge:
    line = _("Not for sale on %(channel)s") % {"channel": facts.channel}
    return Badge("ended", _("Ended"), "none", "stop", Who.NOBODY, line, facts.observed_at)


def _ended_there(facts: Facts) -> Badge:
    line = _("Taken off sale on %(channel)s. Publish it again if you want it back.") % {"channel": facts.channel}
    return Badge("ended", _("Ended"), "attention", "stop", Who.YOU, line, facts.observed_at)


def _ending(facts: Facts) -> Badge:
    at = facts.open_task.not_before if facts.open_task and facts.open_task.tries else None
    line = _("Next try") if at else _("We are taking it off sale on %(channel)s") % {"channel": facts.channel}
    if facts.relisting and not at:
        line = _("We are taking it off %(channel)s, to list it again with another code") % {"channel": facts.channel}
    return Badge("ending", _("Ending"), "info", "clock", Who.US, line, at)


def _leaving(facts: Facts) -> Badge:
    line = _("We wait until %(channel)s says that it is gone, then list it again") % {"channel": facts.channel}
    return Badge("ending", _("Ending"), "info", "clock", Who.CHANNEL, line)


def _end_refused(facts: Facts) -> Badge:
    line = facts.cause or _("%(channel)s didn't take it off sale") % {"channel": facts.channel}
    return Badge("rejected", _("Rejected"), "critical", None, Who.YOU, line)


def _already_there(_facts: Facts) -> Badge:
    line = _("Choose: link it, or list yours as new")
    return Badge("already_there", _("Already there"), "attention", "link", Who.YOU, line)


def _held_by_choice(facts: Facts) -> Badge:
    live = facts.observed in {Observed.LIVE, Observed.PENDING}
    line = _("Still for sale; changes are not sent until you publish") if live else _("Not sent until you publish it")
    return Badge("held", _("Held"), "none", "pause", Who.YOU, line)


def _blocked(facts: Facts) -> Badge:
    line = facts.cause or _("Fix this on %(channel)s") % {"channel": facts.channel}
    return Badge("blocked", _("Blocked"), "critical", "lock", Who.YOU, line)


def _stopped(facts: Facts) -> Badge:
    times = ngettext("Same error %(num)s time", "Same error %(num)s times", facts.problem_count) % {
        "num": facts.problem_count
    }
    line = _("%(times)s. It starts again when you change the product.") % {"times": times}
    return Badge("stopped", _("Stopped"), "critical", "stop", Who.YOU, line)


def _our_fault(_facts: Facts) -> Badge:
    return Badge("stopped", _("Stopped"), "critical", "stop", Who.US, _("Our fault, not yours. Nothing was charged."))


def _permission(facts: Facts) -> Badge:
    line = _("Reconnect %(channel)s") % {"channel": facts.channel}
    return Badge("paused", _("Paused"), "critical", "pause", Who.YOU, line)


def _rejected(facts: Facts) -> Badge:
    line = facts.cause or _("%(channel)s rejected this product") % {"channel": facts.channel}
    return Badge("rejected", _("Rejected"), "critical", None, Who.YOU, line)


def _held_line(facts: Facts) -> str:
    said = {
        Held.NEEDS_REAUTH: _("Reconnect %(channel)s"),
        Held.PAUSED: _("You paused %(channel)s. Resume it under Channels."),
        Held.DISCONNECTED: _("Connect %(channel)s again to keep this up to date"),
        Held.SETUP: _("Finish connecting %(channel)s"),
    }
    return said[facts.held] % {"channel": facts.channel}


def _maintenance(facts: Facts) -> Badge:
    line = _("%(channel)s is not answering. It goes out as soon as it is back.") % {"channel": facts.channel}
    if facts.held_until:
        line = _("%(channel)s is in maintenance until") % {"channel": facts.channel}
    return Badge("delayed", _("Delayed"), "attention", "clock", Who.US, line, facts.held_until)


def _paused(facts: Facts) -> Badge:
    tone = "critical" if facts.held is Held.NEEDS_REAUTH else "attention"
    return Badge("paused", _("Paused"), tone, "pause", Who.YOU, _held_line(facts))


def _live_held(facts: Facts) -> Badge:
    return Badge("live_check", _("Live, check"), "warning", None, Who.YOU, _held_line(facts))


def _in_doubt(facts: Facts) -> Badge:
    line = _("No clear answer came. We look whether %(channel)s has it.") % {"channel": facts.channel}
    if facts.open_task is None:
        return Badge("in_doubt", _("In doubt"), "attention", "refresh", Who.US, line)
    line = _("No clear answer came. We look whether %(channel)s has it. Next look") % {"channel": facts.channel}
    return Badge("in_doubt", _("In doubt"), "attention", "refresh", Who.US, line, facts.open_task.not_before)


def _sending(facts: Facts) -> Badge:
    line = _("On its way to %(channel)s") % {"channel": facts.channel}
    return Badge("sending", _("Sending"), "info", "spinner", Who.US, line)


def _checking(facts: Facts) -> Badge:
    line = _("%(channel)s has it and is checking") % {"channel": facts.channel}
    return Badge("checking", _("Checking"), "info", "spinner", Who.CHANNEL, line)


def _not_live_yet(facts: Facts) -> Badge:
    line = _("%(channel)s has accepted it; not live yet. Expected by") % {"channel": facts.channel}
    return Badge("checking", _("Checking"), "info", "spinner", Who.CHANNEL, line, facts.live_by)


def _late(facts: Facts) -> Badge:
    said = {"channel": facts.channel}
    line = _("%(channel)s accepted it and still doesn't show it. Ask them; we go on looking. It was due") % said
    return Badge("not_live", _("Not live yet"), "attention", "clock", Who.YOU, line, facts.live_by)


def _delayed(facts: Facts) -> Badge:
    assert facts.open_task is not None
    tries = facts.open_task.tries
    line = ngettext("Tried %(num)s time. Next try", "Tried %(num)s times. Next try", tries) % {"num": tries}
    return Badge("delayed", _("Delayed"), "attention", "clock", Who.US, line, facts.open_task.not_before)


def _queued(facts: Facts) -> Badge:
    at = facts.open_task.not_before if facts.open_task else None
    line = _("Goes out") if at else _("Waiting for its turn")
    return Badge("queued", _("Queued"), "info", "clock", Who.US, line, at)


def _live(facts: Facts) -> Badge:
    if facts.task_is(TaskState.SENT):
        line = _("%(channel)s is working on an update") % {"channel": facts.channel}
        return Badge("live", _("Live"), "success", None, Who.US, line)
    if facts.open_task is not None:
        at = facts.open_task.not_before if facts.open_task.tries else None
        line = _("An update was delayed. Next try") if at else _("An update is on its way")
        return Badge("live", _("Live"), "success", None, Who.US, line, at)
    line = _("Checked") if facts.observed_at else _("For sale")
    return Badge("live", _("Live"), "success", None, Who.NOBODY, line, facts.observed_at)


def _live_disputed(facts: Facts) -> Badge:
    line = _("Somebody else keeps changing the stock at %(channel)s") % {"channel": facts.channel}
    return Badge("live_check", _("Live, check"), "warning", None, Who.YOU, line)


def _live_check(facts: Facts) -> Badge:
    count = {"num": facts.warnings, "channel": facts.channel}
    line = ngettext("%(num)s warning from %(channel)s", "%(num)s warnings from %(channel)s", facts.warnings) % count
    return Badge("live_check", _("Live, check"), "warning", None, Who.YOU, line)


def _suppressed(facts: Facts) -> Badge:
    line = _("%(channel)s has it but hides it from buyers") % {"channel": facts.channel}
    return Badge("suppressed", _("Suppressed"), "critical", "eye", Who.YOU, line)


def _needs_info(count: int) -> Badge:
    line = ngettext("%(num)s field missing", "%(num)s fields missing", count) % {"num": count}
    return Badge("needs_info", _("Needs info"), "attention", None, Who.YOU, line)


def _ready(_facts: Facts) -> Badge:
    return Badge("ready", _("Ready"), "info", None, Who.YOU, _("Nothing is sent until you publish it"))


_WORKING = {LastAttempt.QUEUED, LastAttempt.SENDING, LastAttempt.SENT, LastAttempt.IN_DOUBT}


def _withdrawing(facts: Facts) -> bool:
    return facts.intent is Intent.WITHDRAW


def _has_work(facts: Facts) -> bool:
    return facts.open_task is not None or facts.attempt in _WORKING


def _given_up(facts: Facts) -> bool:
    """Our own fault ended it and nothing is open: it does not go on by itself."""
    return facts.open_task is None and facts.attempt in _WORKING and facts.problem_class == ProblemClass.OURS


def _waits_held(facts: Facts) -> bool:
    """Held work waits, and so does the look that would say more of what was accepted."""
    if facts.held is Held.NOT or facts.observed is Observed.LIVE:
        return False
    return _has_work(facts) or facts.observed in {Observed.UNKNOWN, Observed.PENDING}


_TABLE: tuple[_Rule, ...] = (
    # Taking it off sale.
    _Rule(lambda f: _withdrawing(f) and f.refused, _end_refused),
    _Rule(lambda f: _withdrawing(f) and _given_up(f), _our_fault),
    _Rule(lambda f: _withdrawing(f) and f.held is Held.MAINTENANCE and _has_work(f), _maintenance),
    _Rule(lambda f: _withdrawing(f) and f.held is not Held.NOT and _has_work(f), _paused),
    _Rule(lambda f: _withdrawing(f) and _has_work(f), _ending),
    _Rule(lambda f: _withdrawing(f) and f.relisting, _leaving),
    _Rule(lambda f: _withdrawing(f) and f.observed in {Observed.ENDED, Observed.UNKNOWN}, _ended),
    _Rule(_withdrawing, _ending),
    # The merchant holds it.
    _Rule(lambda f: f.intent is Intent.HOLD, _held_by_choice),
    # It was refused.
    _Rule(lambda f: f.found, _already_there),
    _Rule(lambda f: f.refused and f.problem_class == ProblemClass.ACCOUNT, _blocked),
    _Rule(lambda f: f.refused and f.problem_class == ProblemClass.PERMISSION, _permission),
    _Rule(lambda f: f.refused and f.problem_class == ProblemClass.OURS, _our_fault),
    _Rule(lambda f: f.refused and f.problem_count >= IDENTICAL_ERRORS_BEFORE_STOP, _stopped),
    _Rule(lambda f: f.refused, _rejected),
    # Work that has left cannot be held back any more.
    _Rule(lambda f: f.task_is(TaskState.RUNNING) and f.observed is not Observed.LIVE, _sending),
    _Rule(lambda f: _waits_held(f) and f.held is Held.MAINTENANCE, _maintenance),
    _Rule(_waits_held, _paused),
    _Rule(_given_up, _our_fault),
    _Rule(lambda f: f.task_is(TaskState.IN_DOUBT) or f.attempt is LastAttempt.IN_DOUBT, _in_doubt),
    # Buyers see it.
    _Rule(lambda f: f.observed is Observed.LIVE and f.held is Held.MAINTENANCE, _live),
    _Rule(lambda f: f.observed is Observed.LIVE and f.held is not Held.NOT, _live_held),
    _Rule(lambda f: f.observed is Observed.LIVE and f.disputed, _live_disputed),
    _Rule(lambda f: f.observed is Observed.LIVE and f.warnings > 0 and f.open_task is None, _live_check),
    _Rule(lambda f: f.observed is Observed.LIVE, _live),
    # On its way.
    _Rule(lambda f: f.task_is(TaskState.SENT) or f.attempt is LastAttempt.SENT, _checking),
    _Rule(lambda f: f.open_task is not None and f.open_task.tries > 0, _delayed),
    _Rule(lambda f: f.attempt is LastAttempt.SENDING, _sending),
    _Rule(lambda f: f.open_task is not None or f.attempt is LastAttempt.QUEUED, _queued),
    # Nothing is under way.
    _Rule(lambda f: f.observed is Observed.SUPPRESSED, _suppressed),
    _Rule(lambda f: f.observed is Observed.ENDED, _ended_there),
    _Rule(lambda f: f.observed is Observed.PENDING and f.late, _late),
    _Rule(lambda f: f.observed is Observed.PENDING and f.live_by is not None, _not_live_yet),
    _Rule(lambda f: f.observed is Observed.PENDING or f.attempt is LastAttempt.ACCEPTED, _checking),
    _Rule(lambda f: f.readiness_missing > 0, lambda f: _needs_info(f.readiness_missing)),
    _Rule(lambda _f: True, _ready),
)
