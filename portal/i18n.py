"""Words in the reader's language: gettext, with the locale of the current request."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path

from babel.support import NullTranslations, Translations

LOCALES = ("en",)
FOLDER = Path(__file__).parent / "locales"

_current: ContextVar[NullTranslations | None] = ContextVar("translations", default=None)


def use(locale: str) -> None:
    """Everything said in this context from now on is in `locale`; unknown ones fall back to English."""
    _current.set(Translations.load(FOLDER, [locale]))


def gettext(message: str) -> str:
    translations = _current.get()
    return translations.gettext(message) if translations else message


def ngettext(one: str, many: str, count: int) -> str:
    translations = _current.get()
    if translations:
        return translations.ngettext(one, many, count)
    return one if count == 1 else many


_ = gettext
