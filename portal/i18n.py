"""Words in the reader's language and times on the reader's clock, as the current request has them."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.support import NullTranslations, Translations

LOCALES = ("en",)
FOLDER = Path(__file__).parent / "locales"

_current: ContextVar[NullTranslations | None] = ContextVar("translations", default=None)
_zone: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


def use(locale: str, time_zone: str) -> None:
    """Everything said in this context from now on is in `locale`, unknown ones in English, with times of the zone."""
    _current.set(Translations.load(FOLDER, [locale]))
    # UTC is known without the machine's list of zones.
    _zone.set(UTC if time_zone == "UTC" else ZoneInfo(time_zone))


def local(moment: datetime) -> datetime:
    """The moment on the reader's clock."""
    return moment.astimezone(_zone.get())


def gettext(message: str) -> str:
    translations = _current.get()
    return translations.gettext(message) if translations else message


def ngettext(one: str, many: str, count: int) -> str:
    translations = _current.get()
    if translations:
        return translations.ngettext(one, many, count)
    return one if count == 1 else many


_ = gettext
