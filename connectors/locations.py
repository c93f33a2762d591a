"""The places where an account keeps stock, and which of them count: what is kept of them in its settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

# The keys in `Identity.settings` and in a connection's: all that is known, the main one, when the choice last changed.
KNOWN = "locations"
MAIN = "location_id"
RECOUNTED = "recounted_at"

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """`own` is not somebody else's warehouse. One that is `gone` counted until the account no longer had it."""

    id: str
    name: str
    own: bool = True
    counts: bool = False
    gone: bool = False


def known(settings: Settings) -> list[Location]:
    """All of the account's locations in its own order, those that are gone last; none where nobody has asked yet."""
    return [Location(**one) for one in settings.get(KNOWN) or ()]


def offered(settings: Settings) -> list[Location]:
    """Those a merchant may choose: their own, and whatever counts already."""
    return [one for one in known(settings) if not one.gone and (one.own or one.counts)]


def gone(settings: Settings) -> list[Location]:
    """Those that counted and are no longer there, until the merchant chooses again."""
    return [one for one in known(settings) if one.gone]


def counted(settings: Settings) -> tuple[str, ...]:
    """The ids of the locations whose stock is summed, the main one first; none where there is no main one."""
    main = str(settings.get(MAIN) or "")
    others = (one.id for one in known(settings) if one.counts and one.id != main)
    return (main, *others) if main else ()


def counted_names(settings: Settings) -> list[str]:
    """What people call the locations that count, the main one first; none where that was never told."""
    names = {one.id: one.name for one in known(settings)}
    return [names[one] for one in counted(settings) if one in names]


def recounted_at(settings: Settings) -> datetime | None:
    """When other locations began to count."""
    at = settings.get(RECOUNTED)
    return datetime.fromisoformat(at) if at else None


def first_choice(places: Sequence[Location], main: str) -> dict[str, Any]:
    """The settings of an account for which nobody has chosen: its main location alone counts."""
    return chosen({KNOWN: [asdict(one) for one in places]}, {main}, main) if places else {}


def chosen(settings: Settings, ids: Collection[str], main: str) -> dict[str, Any]:
    """The settings with these locations counting, the main one among them. What is gone is forgotten."""
    places = [replace(one, counts=one.id in ids) for one in known(settings) if not one.gone]
    return {**settings, KNOWN: [asdict(one) for one in places], **({MAIN: main} if main else {})}


def remembered(before: Settings, told: Settings) -> dict[str, Any]:
    """What a merchant chose, to be kept beside what `identify` has told now: nobody chooses again by reconnecting."""
    if KNOWN in before:
        return {key: before[key] for key in (KNOWN, MAIN, RECOUNTED) if key in before}
    main = before.get(MAIN)
    if main and KNOWN not in told:
        return {MAIN: main}
    if main in {one.id for one in known(told)}:
        return first_choice(known(told), str(main))
    return {}


def refreshed(settings: Settings, told: Settings) -> dict[str, Any]:
    """The settings with the locations there are now, as `identify` told them, and with the merchant's choice of them.

    A location that is no longer there does not count, and is kept as gone. Where the main one is gone, the next that
    counts takes its place, or else the one that the account would have begun with. Unchanged where nothing was told.
    """
    if KNOWN not in told:
        return dict(settings)
    there = known(told)
    ids = [one.id for one in there]
    left = [one for one in counted(settings) if one in ids]
    main = left[0] if left else str(told.get(MAIN) or "")
    lost = [
        replace(one, counts=False, gone=True)
        for one in known(settings)
        if (one.counts or one.gone) and one.id not in ids
    ]
    fresh = chosen({**settings, KNOWN: told[KNOWN]}, {*left, main}, main)
    return {**fresh, KNOWN: [*fresh[KNOWN], *(asdict(one) for one in lost)]}
