"""Jinja as the portal uses it: strict, translated, with the few filters every template may call."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency, get_currency_precision
from litestar import Request
from litestar.template.base import csrf_token
from markupsafe import Markup, escape

from portal import i18n
from portal.clock import utc_now

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"


def render(request: Request[Any, Any, Any], template: str, context: dict[str, Any]) -> str:
    """The template with what it names, plus what every template may name (see templates/base.html)."""
    visitor = request.scope.get("user")
    chrome = context.get("chrome")
    token = csrf_token({"request": request})
    shared = {
        "csrf_token": token,
        "csrf_input": Markup('<input type="hidden" name="_csrf_token" value="{}">').format(token),
        "user": visitor,
        "merchant": {"name": visitor.merchant_name} if visitor else None,
        "path": request.url.path,
        "theme": visitor.theme if visitor else "system",
        "shortcuts": visitor.shortcuts if visitor else True,
        "language": i18n.language(),
        "now": i18n.local(utc_now()),
        "flash": visitor.flash if visitor else (),
        "nav_counts": chrome.nav_counts if chrome else {},
        "banners": chrome.banners if chrome else (),
        "live": visitor is not None,
    }
    return environment().get_template(template).render(shared | context)


@cache
def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        i18n.gettext, i18n.ngettext, newstyle=True, pgettext=i18n.pgettext
    )
    made.globals["asset"] = asset
    made.filters["money"] = money
    made.filters["when"] = when
    made.filters["ago"] = ago
    made.filters["listed"] = listed
    return made


def asset(name: str) -> str:
    """The address of a static file. It changes with the build, so that it may be cached for ever."""
    return f"/static/{build_digest()}/{name}"


@cache
def build_digest() -> str:
    """One digest over all static files: script modules import each other by relative address."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def money(minor: int | None, currency: str) -> str:
    """Minor units as a price: 2400 EUR is €24.00, 1200 JPY is ¥1,200."""
    if minor is None:
        return ""
    return str(format_currency(minor / 10 ** get_currency_precision(currency), currency, locale=i18n.locale()))


def when(moment: datetime | None) -> Markup:
    """A moment on the reader's clock: today's by its time, any other with its day."""
    if moment is None:
        return Markup("")
    here = i18n.local(moment)
    if here.date() == i18n.local(utc_now()).date():
        text = i18n.gettext("today, %(time)s") % {"time": format_datetime(here, "HH:mm")}
    else:
        text = _written(moment, "HH:mm")
    return _time(moment, text)


def ago(moment: datetime | None) -> Markup:
    """How long since (or until) `moment`, as a <time> with the full moment in its title."""
    if moment is None:
        return Markup("")
    return _time(moment, format_timedelta(moment - utc_now(), add_direction=True, locale=i18n.locale()))


def listed(words: Iterable[object]) -> Markup:
    """The words in a row, as the reader's language puts them: "Amazon, Rakuten, and Yahoo!"."""
    return Markup(i18n.listed(str(escape(word)) for word in words))  # noqa: S704 - each word is escaped


def _time(moment: datetime, text: str) -> Markup:
    """The text as a <time>, with the full moment and its zone in the title."""
    here = i18n.local(moment)
    full = _written(moment, "HH:mm:ss")
    return Markup('<time datetime="{}" title="{} {}">{}</time>').format(moment.isoformat(), full, here.tzname(), text)


def _written(moment: datetime, time: str) -> str:
    between = ", " if i18n.language() == "en" else " "
    return i18n.day(moment) + between + format_datetime(i18n.local(moment), time)
