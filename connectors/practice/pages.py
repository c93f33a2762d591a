"""What the pages of practice channels have in common: style, the back office of an account, forms of our own only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.response import Template

from connectors.practice.store import Store

STYLE = Path(__file__).with_name("practice.css")
TEMPLATES = Path(__file__).with_name("templates")
LAST_CALLS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """An order as the back office lists it. `actions` are what can be done to it: name to label."""

    number: str
    state: str
    lines: str
    parcels: str
    actions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the back office of an account shows. `actions` and `faults` are its buttons: name to label.

    `waiting` is how many faults wait for a call; `rows` are what is sold, cell by cell under `columns`. `sales` are the
    last orders; None where the account takes none.
    """

    channel: str
    name: str
    about: str
    facts: Sequence[tuple[str, str]]
    actions: Mapping[str, str]
    faults: Mapping[str, str]
    waiting: int
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    calls: Sequence[Sequence[object]]
    sales: Sequence[Sale] | None = None


def show(office: Office) -> Template:
    return Template("shop.html", context={"office": office}, headers=page_headers())


def last_calls(store: Store, shop: str) -> list[tuple[object, ...]]:
    """Time, operation, status and outcome of an account's last calls, the newest first."""
    rows = store.rows("SELECT * FROM request WHERE shop = ? ORDER BY id DESC LIMIT ?", shop, LAST_CALLS)
    return [(clock_time(row["at"]), row["operation"], row["status"], row["outcome"]) for row in rows]


def clock_time(seconds: float) -> str:
    """The time of day, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def page_headers(*, form_target: str = "") -> dict[str, str]:
    """Nothing but our own style sheet and forms; a consent form may lead on to the app it is for."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self' {form_target}"
    )
    return {
        "Content-Security-Policy": policy.strip(),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


@get("/practice/style.css")
async def style() -> Response[str]:
    return Response(content=STYLE.read_text(), media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


def from_own_pages(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A guard: a browser sends our forms from our own pages, not from a stranger's."""
    origin = connection.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        raise PermissionDeniedException("This form was sent from another site.")
