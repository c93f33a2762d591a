"""A rule as it is typed: rows that come and go without a script, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portal.errors import FormInvalid
from portal.i18n import _
from portal.rules.deciding import (
    OF_AMOUNTS,
    OF_TEXT,
    WITH_TEXT,
    Act,
    Attribute,
    Condition,
    Operator,
    Outcome,
    Rule,
    amount,
)
from portal.rules.service import Draft

MOST_ROWS = 10
LONGEST_NAME = 100
LONGEST_VALUE = 200
# https://help.shopify.com/en/manual/shopify-admin/productivity-tools/using-tags: a tag of an order has 40 at most.
LONGEST_TAG = 40
BRANCHES = ("then", "otherwise")

R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConditionRow:
    of: str = ""
    how: str = Operator.IS.value
    value: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """`what` is an act, with the connection's id behind a colon where it is about one."""

    what: str = ""
    value: str = ""


@dataclass(slots=True)
class Sheet:
    """What stands in the form, right or wrong."""

    name: str = ""
    conditions: list[ConditionRow] = field(default_factory=lambda: [ConditionRow()])
    then: list[OutcomeRow] = field(default_factory=lambda: [OutcomeRow()])
    otherwise: list[OutcomeRow] = field(default_factory=list)


def sheet_of(rule: Rule) -> Sheet:
    return Sheet(
        name=rule.name,
        conditions=[ConditionRow(one.attribute, one.operator, one.value) for one in rule.conditions],
        then=[_outcome_row(one) for one in rule.then],
        otherwise=[_outcome_row(one) for one in rule.otherwise],
    )


def _outcome_row(said: Outcome) -> OutcomeRow:
    if said.act in {Act.TELL, Act.HUSH}:
        return OutcomeRow(f"{said.act}:{said.value}")
    return OutcomeRow(said.act, said.value)


def read(form: Any) -> Sheet:
    """The form as it was sent; a row more than allowed is read, so that it is said rather than lost."""

    def texts(name: str) -> list[str]:
        return [str(text).replace("\0", "").strip() for text in form.getall(name, [])][: MOST_ROWS + 1]

    def outcomes(branch: str) -> list[OutcomeRow]:
        rows = zip(texts(f"{branch}-what"), texts(f"{branch}-value"), strict=False)
        return [OutcomeRow(what, value) for what, value in rows]

    columns = (texts("condition-of"), texts("condition-how"), texts("condition-value"))
    return Sheet(
        name=str(form.get("name", "")).replace("\0", "").strip(),
        conditions=[ConditionRow(*row) for row in zip(*columns, strict=False)],
        then=outcomes("then"),
        otherwise=outcomes("otherwise"),
    )


def rearrange(sheet: Sheet, command: str) -> str:
    """A row more or less, as the pressed button says; the control that the reader goes on at, empty for none."""
    verb, _dash, rest = command.partition("-")
    part, _dash, place = rest.partition("-")
    if part not in ("condition", *BRANCHES):
        return ""
    rows: list[Any] = sheet.conditions if part == "condition" else getattr(sheet, part)
    first = "of" if part == "condition" else "what"
    if verb == "add" and len(rows) < MOST_ROWS:
        rows.append(ConditionRow() if part == "condition" else OutcomeRow())
        return f"{part}-{len(rows) - 1}-{first}"
    if verb == "remove" and place.isascii() and place.isdigit() and int(place) < len(rows):
        del rows[int(place)]
    return ""


def check(sheet: Sheet, channels: Collection[str]) -> Draft:
    """The rule, from what was typed; rows left empty are left out. `channels` are the ids of connections to tell.

    Raises FormInvalid, its fields named as the controls' ids are.
    """
    errors: dict[str, str] = {}
    if not sheet.name:
        errors["name"] = _("Give the rule a name.")
    elif len(sheet.name) > LONGEST_NAME:
        errors["name"] = _("Use at most %(most)s characters.") % {"most": LONGEST_NAME}
    conditions = _rows(sheet.conditions, "condition", errors, _condition)
    then = _rows(sheet.then, "then", errors, lambda row, at, said: _outcome(row, at, said, channels))
    otherwise = _rows(sheet.otherwise, "otherwise", errors, lambda row, at, said: _outcome(row, at, said, channels))
    if not errors and not then and not otherwise:
        errors["then-0-what"] = _("Choose what happens.")
        sheet.then = sheet.then or [OutcomeRow()]
    if errors:
        raise FormInvalid(errors)
    return Draft(name=sheet.name, conditions=conditions, then=then, otherwise=otherwise)


def _rows(
    rows: Sequence[R], part: str, errors: dict[str, str], reader: Callable[[R, str, dict[str, str]], T | None]
) -> list[T]:
    if len(rows) > MOST_ROWS:
        name = "of" if part == "condition" else "what"
        errors[f"{part}-{MOST_ROWS}-{name}"] = _("At most %(most)s rows. Take one out.") % {"most": MOST_ROWS}
    read_rows = [reader(row, f"{part}-{place}", errors) for place, row in enumerate(rows[:MOST_ROWS])]
    return [row for row in read_rows if row is not None]


def _condition(row: ConditionRow, at: str, errors: dict[str, str]) -> Condition | None:
    if not row.of and not row.value:
        return None
    if row.of not in set(Attribute):
        errors[f"{at}-of"] = _("Choose what to look at.")
        return None
    if row.how not in set(Operator):
        errors[f"{at}-how"] = _("Choose how to compare.")
        return None
    said = Condition(Attribute(row.of), Operator(row.how), row.value)
    _check_value(said, at, errors)
    return said


def _check_value(said: Condition, at: str, errors: dict[str, str]) -> None:
    of_total = said.attribute is Attribute.TOTAL
    if not said.value:
        errors[f"{at}-value"] = _("Type what to compare with.")
    elif len(said.value) > LONGEST_VALUE:
        errors[f"{at}-value"] = _("Use at most %(most)s characters.") % {"most": LONGEST_VALUE}
    elif of_total and said.operator in OF_TEXT:
        errors[f"{at}-how"] = _("A total is an amount: compare it with is, is not, is more than or is less than.")
    elif of_total and amount(said.value) is None:
        errors[f"{at}-value"] = _("Type the amount in digits, such as 1200 or 12.50.")
    elif not of_total and said.operator in OF_AMOUNTS:
        errors[f"{at}-how"] = _("Only a total can be more or less. Choose another way to compare.")


def _outcome(row: OutcomeRow, at: str, errors: dict[str, str], channels: Collection[str]) -> Outcome | None:
    act, _colon, key = row.what.partition(":")
    if not row.what:
        if row.value:
            errors[f"{at}-what"] = _("Choose what happens.")
        return None
    if act in WITH_TEXT and not key:
        return _with_text(Act(act), row.value, at, errors)
    if act == Act.SKIP and not key:
        return Outcome(Act.SKIP)
    if act in {Act.TELL, Act.HUSH} and key in channels:
        return Outcome(Act(act), key)
    errors[f"{at}-what"] = _("Choose what happens.")
    return None


def _with_text(act: Act, text: str, at: str, errors: dict[str, str]) -> Outcome:
    most = LONGEST_VALUE if act is Act.SHIPPING else LONGEST_TAG
    if not text:
        errors[f"{at}-value"] = _("Type the words to use.")
    elif len(text) > most:
        errors[f"{at}-value"] = _("Use at most %(most)s characters.") % {"most": most}
    elif act is not Act.SHIPPING and "," in text:
        errors[f"{at}-value"] = _("A tag has no comma. Add one row for each tag.")
    return Outcome(act, text)
