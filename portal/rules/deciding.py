"""What rules make of an order: a pure function of the rules and of what is known of the order.

No pattern is ever run: a condition compares words and amounts, so that what is typed costs no more than its length.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from portal.catalog.search import normal


class Attribute(StrEnum):
    """What of an order a condition looks at. Of some there are several words (SKUs, tags): one that fits is enough."""

    SOURCE = "source"
    NUMBER = "number"
    TOTAL = "total"
    SKU = "sku"
    FRAUD = "fraud"
    SHIPPING = "shipping"
    PAYMENT = "payment"
    TAGS = "tags"


class Operator(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    MORE = "more"
    LESS = "less"


class Act(StrEnum):
    """What a rule does. The value of TELL and HUSH is a connection's id, of SKIP nothing, of the others a text."""

    TAG = "tag"
    RETAG = "retag"
    SHIPPING = "shipping"
    SKIP = "skip"
    TELL = "tell"
    HUSH = "hush"


OF_TEXT = frozenset({Operator.CONTAINS, Operator.STARTS_WITH})
OF_AMOUNTS = frozenset({Operator.MORE, Operator.LESS})
LONGEST_AMOUNT = 15
WITH_TEXT = frozenset({Act.TAG, Act.RETAG, Act.SHIPPING})


@dataclass(frozen=True, slots=True)
class Condition:
    attribute: Attribute
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Outcome:
    act: Act
    value: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    id: UUID
    name: str
    conditions: Sequence[Condition]
    then: Sequence[Outcome]
    otherwise: Sequence[Outcome] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an order. `total` is in whole units of its own currency (12.50), None where unsaid."""

    words: Mapping[Attribute, tuple[str, ...]]
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A condition with what the order had there at that moment, and whether that held."""

    condition: Condition
    found: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One rule as it was asked. `outcomes` are those of the branch that was taken."""

    rule: Rule
    held: bool
    checks: Sequence[Check]
    outcomes: Sequence[Outcome]


@dataclass(slots=True)
class Decision:
    """What becomes of the order. Without any rule: its own tags, nothing changed, told only to where it was sold.

    `shipping` replaces the shipping method in the store, None leaves it. `kept_out_by` names the rule that keeps the
    order out of the store. `told` says for connections that a rule named whether news of the order goes there, and
    `because` which rule said so last. `steps` are all the rules in the order they were asked.
    """

    tags: tuple[str, ...]
    shipping: str | None = None
    kept_out_by: str = ""
    told: dict[str, bool] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def changing(self) -> list[str]:
        """Names of the rules that changed what the store is told."""
        acts = WITH_TEXT
        return [step.rule.name for step in self.steps if any(outcome.act in acts for outcome in step.outcomes)]


def decide(rules: Sequence[Rule], facts: Facts) -> Decision:
    """Every rule is asked, first to last; a later one sees what earlier ones changed, and its word replaces theirs."""
    words = dict(facts.words)
    decision = Decision(tags=words.get(Attribute.TAGS, ()))
    for rule in rules:
        checks = [_check(condition, words, facts.total) for condition in rule.conditions]
        held = all(check.held for check in checks)
        outcomes = rule.then if held else rule.otherwise
        decision.steps.append(Step(rule, held, checks, outcomes))
        for outcome in outcomes:
            _apply(outcome, rule.name, decision)
        words[Attribute.TAGS] = decision.tags
        if decision.shipping is not None:
            words[Attribute.SHIPPING] = (decision.shipping,)
    return decision


def _apply(outcome: Outcome, name: str, decision: Decision) -> None:
    match outcome.act:
        case Act.TAG:
            decision.tags = tuple(dict.fromkeys((*decision.tags, outcome.value)))
        case Act.RETAG:
            decision.tags = (outcome.value,)
        case Act.SHIPPING:
            decision.shipping = outcome.value
        case Act.SKIP:
            decision.kept_out_by = decision.kept_out_by or name
        case Act.TELL | Act.HUSH:
            decision.told[outcome.value] = outcome.act is Act.TELL
            decision.because[outcome.value] = name


def _check(condition: Condition, words: Mapping[Attribute, tuple[str, ...]], total: Decimal | None) -> Check:
    found = words.get(condition.attribute, ())
    if condition.attribute is Attribute.TOTAL:
        return Check(condition, found, _compares(condition, total))
    wanted = _normal(condition.value)
    return Check(condition, found, _fits(condition.operator, [_normal(word) for word in found], wanted))


# A week's orders share most of their words with one another, and all of them the rules'.
_normal = lru_cache(maxsize=4096)(normal)


def _fits(operator: Operator, found: Sequence[str], wanted: str) -> bool:
    match operator:
        case Operator.IS:
            return wanted in found
        case Operator.IS_NOT:
            return wanted not in found
        case Operator.CONTAINS:
            return any(wanted in word for word in found)
        case Operator.STARTS_WITH:
            return any(word.startswith(wanted) for word in found)
    return False


def _compares(condition: Condition, total: Decimal | None) -> bool:
    """An order whose total nobody said is neither more nor less than anything, and is not any amount."""
    wanted = amount(condition.value)
    if total is None or wanted is None:
        return condition.operator is Operator.IS_NOT
    match condition.operator:
        case Operator.IS:
            return total == wanted
        case Operator.IS_NOT:
            return total != wanted
        case Operator.MORE:
            return total > wanted
        case Operator.LESS:
            return total < wanted
    return False


def amount(typed: str) -> Decimal | None:
    """The amount that was typed, "１２.50" as 12.50; None where it is none."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    digits = plain.replace(".", "", 1)
    return Decimal(plain) if digits.isascii() and digits.isdigit() and len(plain) <= LONGEST_AMOUNT else None
