"""Every combination of a listing's columns has one badge, and the badge always says who acts next."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from connectors.errors import ProblemClass
from connectors.records import Observed
from portal.listings.badge import Badge, Facts, Held, TaskView, Who, badge, unlisted
from portal.models.listings import Intent, LastAttempt
from portal.models.tasks import OPEN, TaskState

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TASKS = (None, *(TaskView(state, NOON) for state in OPEN), TaskView(TaskState.WAITING, NOON, tries=2))
PROBLEMS = (None, *({"problem_class": kind.value, "code": "x"} for kind in ProblemClass))
TONES = {"none", "info", "attention", "success", "warning", "critical"}
STATES = {
    "needs_info", "ready", "queued", "sending", "checking", "live", "live_check", "rejected", "blocked", "delayed",
    "paused", "stopped", "in_doubt", "suppressed", "ending", "ended", "held", "already_there", "not_live",
}  # fmt: skip


def say(**columns: object) -> Badge:
    given = {
        "channel": "Shopify",
        "intent": Intent.PUBLISH,
        "attempt": LastAttempt.ACCEPTED,
        "observed": Observed.LIVE,
        **columns,
    }
    return badge(Facts(**given))  # type: ignore[arg-type]  # the columns are the test's to choose


def test_no_combination_is_without_an_answer_that_says_who_acts_next() -> None:
    seen: set[str] = set()
    count = 0
    for intent, attempt, observed, task, held, problem, found in product(
        Intent, LastAttempt, Observed, TASKS, Held, PROBLEMS, (False, True)
    ):
        for missing, times, warnings, late in ((0, 1, 0, False), (2, 3, 1, True)):
            facts = Facts(
                channel="Shopify",
                intent=intent,
                attempt=attempt,
                observed=observed,
                open_task=task,
                held=held,
                readiness_missing=missing,
                problem=problem,
                problem_count=times,
                cause="Add a title" if problem else "",
                warnings=warnings,
                found=found,
                observed_at=NOON,
                live_by=NOON if attempt is LastAttempt.ACCEPTED else None,
                late=late and attempt is LastAttempt.ACCEPTED,
            )
            answer = badge(facts)
            count += 1
            seen.add(answer.state)
            assert answer.text
            assert answer.line
            assert answer.who in Who
            assert answer.tone in TONES
            assert "%" not in answer.line
            # What is over needs nobody; what needs somebody is never painted as a success.
            assert (answer.tone == "success") <= (answer.who in {Who.NOBODY, Who.US})
    assert count > 100_000
    assert seen == STATES


@pytest.mark.parametrize(
    ("columns", "state", "who"),
    [
        ({}, "live", Who.NOBODY),
        ({"warnings": 1}, "live_check", Who.YOU),
        ({"disputed": True}, "live_check", Who.YOU),
        ({"attempt": LastAttempt.NONE, "observed": Observed.UNKNOWN, "readiness_missing": 2}, "needs_info", Who.YOU),
        ({"attempt": LastAttempt.NONE, "observed": Observed.UNKNOWN}, "ready", Who.YOU),
        ({"attempt": LastAttempt.QUEUED, "observed": Observed.UNKNOWN, "open_task": TASKS[1]}, "queued", Who.US),
        ({"attempt": LastAttempt.QUEUED, "observed": Observed.UNKNOWN, "open_task": TASKS[-1]}, "delayed", Who.US),
        ({"attempt": LastAttempt.SENT, "observed": Observed.UNKNOWN}, "checking", Who.CHANNEL),
        ({"attempt": LastAttempt.ACCEPTED, "observed": Observed.PENDING}, "checking", Who.CHANNEL),
        ({"observed": Observed.PENDING, "live_by": NOON}, "checking", Who.CHANNEL),
        ({"observed": Observed.PENDING, "live_by": NOON, "late": True}, "not_live", Who.YOU),
        ({"attempt": LastAttempt.IN_DOUBT, "observed": Observed.UNKNOWN}, "in_doubt", Who.US),
        ({"attempt": LastAttempt.REJECTED, "problem": PROBLEMS[1], "problem_count": 1}, "rejected", Who.YOU),
        ({"attempt": LastAttempt.REJECTED, "problem": PROBLEMS[1], "problem_count": 3}, "stopped", Who.YOU),
        ({"attempt": LastAttempt.REJECTED, "found": True}, "already_there", Who.YOU),
        ({"observed": Observed.SUPPRESSED}, "suppressed", Who.YOU),
        ({"observed": Observed.ENDED}, "ended", Who.YOU),
        ({"intent": Intent.WITHDRAW, "attempt": LastAttempt.QUEUED, "open_task": TASKS[1]}, "ending", Who.US),
        ({"intent": Intent.WITHDRAW, "observed": Observed.ENDED}, "ended", Who.NOBODY),
        ({"intent": Intent.WITHDRAW, "observed": Observed.UNKNOWN, "relisting": True}, "ending", Who.CHANNEL),
        ({"intent": Intent.WITHDRAW, "attempt": LastAttempt.QUEUED, "relisting": True}, "ending", Who.US),
        ({"intent": Intent.HOLD}, "held", Who.YOU),
        ({"held": Held.NEEDS_REAUTH}, "live_check", Who.YOU),
        ({"held": Held.NEEDS_REAUTH, "observed": Observed.UNKNOWN, "open_task": TASKS[1]}, "paused", Who.YOU),
        ({"held": Held.MAINTENANCE, "observed": Observed.UNKNOWN, "open_task": TASKS[1]}, "delayed", Who.US),
    ],
)
def test_the_words_follow_the_columns(columns: dict[str, object], state: str, who: Who) -> None:
    answer = say(**columns)
    assert (answer.state, answer.who) == (state, who)


def test_what_is_accepted_and_not_live_says_by_when_it_should_be() -> None:
    answer = say(observed=Observed.PENDING, live_by=NOON)
    assert ("not live yet" in answer.line, answer.at) == (True, NOON)


def test_an_account_problem_is_blocked_and_a_data_problem_is_not() -> None:
    account = {"problem_class": ProblemClass.ACCOUNT.value, "code": "PRODUCT_SUSPENDED"}
    assert say(attempt=LastAttempt.REJECTED, problem=account, problem_count=9).state == "blocked"


def test_our_own_fault_is_ours_to_act_on_and_costs_nothing() -> None:
    ours = {"problem_class": ProblemClass.OURS.value, "code": "KeyError"}
    answer = say(attempt=LastAttempt.QUEUED, observed=Observed.UNKNOWN, problem=ours, problem_count=3)
    assert (answer.state, answer.who) == ("stopped", Who.US)
    assert "Nothing was charged" in answer.line


def test_a_delay_says_when_the_next_try_is_and_how_many_there_were() -> None:
    answer = say(attempt=LastAttempt.QUEUED, observed=Observed.UNKNOWN, open_task=TASKS[-1])
    assert answer.at == NOON
    assert answer.line == "Tried 2 times. Next try"


def test_a_live_listing_stays_live_while_its_update_is_on_its_way() -> None:
    answer = say(attempt=LastAttempt.QUEUED, open_task=TASKS[1])
    assert (answer.state, answer.who) == ("live", Who.US)


def test_an_update_the_channel_still_works_on_was_not_delayed() -> None:
    answer = say(attempt=LastAttempt.SENT, open_task=TaskView(TaskState.SENT, NOON, tries=3))
    assert (answer.state, answer.line, answer.at) == ("live", "Shopify is working on an update", None)


def test_what_has_no_listing_is_ready_or_needs_info() -> None:
    assert unlisted(0).state == "ready"
    assert unlisted(1).line == "1 field missing"
