"""Words in the reader's language and times on the reader's clock, as the current request has them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

# As browsers and `lang` attributes write them, each named in itself.
LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "ja": "日本語", "zh-Hans": "简体中文"})
FOLDER = Path(__file__).parent / "locales"
_ENGLISH = "en"
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


@dataclass(frozen=True, slots=True)
class _Reader:
    language: str
    translations: NullTranslations
    zone: tzinfo


_NOBODY = _Reader(_ENGLISH, NullTranslations(), UTC)
_current: ContextVar[_Reader | None] = ContextVar("reader", default=None)


def use(language: str, time_zone: str) -> None:
    """Everything said in this context from now on is in `language`, unknown ones in English, with times of the zone."""
    known = language if language in LANGUAGES else _ENGLISH
    # UTC is known without the machine's list of zones.
    _current.set(_Reader(known, _translations(known), UTC if time_zone == "UTC" else ZoneInfo(time_zone)))


def preferred(accept_language: str) -> str:
    """The language of ours that a browser's Accept-Language header likes best; English where it names none."""
    for wanted in sorted(accept_language.lower().split(","), key=_dislike):
        tag = wanted.partition(";")[0].strip()
        if tag.startswith(_TRADITIONAL):
            continue
        for language in LANGUAGES:
            if tag.partition("-")[0] == language.partition("-")[0]:
                return language
    return _ENGLISH


def _dislike(wanted: str) -> float:
    _tag, _, weight = wanted.partition(";q=")
    try:
        return -float(weight or 1)
    except ValueError:
        return 0.0


@cache
def _translations(language: str) -> NullTranslations:
    """Made from the .po file itself: there is nothing to compile, and nothing that can be out of date."""
    if language == _ENGLISH:
        return NullTranslations()
    compiled = io.BytesIO()
    with (FOLDER / language / "messages.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language.replace("-", "_")))
    compiled.seek(0)
    return Translations(compiled)


def _reader() -> _Reader:
    return _current.get() or _NOBODY


def language() -> str:
    """The reader's, one of LANGUAGES."""
    return _reader().language


def locale() -> Locale:
    """How numbers, dates and lists are written for the reader."""
    return Locale.parse(language(), sep="-")


def local(moment: datetime) -> datetime:
    """The moment on the reader's clock."""
    return moment.astimezone(_reader().zone)


def day(moment: datetime) -> str:
    """The day of the moment on the reader's calendar, as their language writes it."""
    pattern = "d MMM yyyy" if language() == _ENGLISH else "y年M月d日"
    return str(format_date(local(moment), pattern, locale=locale()))


def listed(words: Iterable[str]) -> str:
    """ "Amazon, Rakuten, and Yahoo!" as the reader's language puts words in a row; "" where there is none."""
    found = list(words)
    return str(format_list(found, locale=locale())) if found else ""


def gettext(message: str) -> str:
    return _reader().translations.gettext(message)


def pgettext(context: str, message: str) -> str:
    """The message as it is said of `context`: English has one word where others have two."""
    return str(_reader().translations.pgettext(context, message))


def ngettext(one: str, many: str, count: int) -> str:
    return _reader().translations.ngettext(one, many, count)


_ = gettext
