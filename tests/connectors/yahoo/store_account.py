"""The account of the client tests: Yahoo!'s test store, at the real address."""

from __future__ import annotations

from typing import Any

import httpx

from connectors.records import Credentials
from tests.connectors.wire import FakeAccount
from tests.connectors.yahoo.products import LIBRARY


def an_account(**changes: Any) -> FakeAccount:
    usual: dict[str, Any] = {
        "domain": "teststore",
        "base_url": "https://circus.shopping.yahooapis.jp",
        "settings": {},
        "currency": "JPY",
        "held": Credentials(access_token="planted-token", refresh_token="planted-refresh"),
        "library": dict(LIBRARY),
    }
    return FakeAccount(**(usual | changes))


def refused_xml(status: int, body: str, **headers: str) -> httpx.Response:
    """An answer with an error status and an XML body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers={"content-type": "application/xml", **named}, content=body.encode())
