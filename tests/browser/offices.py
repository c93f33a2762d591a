"""The back offices of the practice channels: where a test disturbs an account, and reads what it has accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.browser.conftest import Installation

# What each practice channel calls its accounts, in its addresses and in what it tells of them.
_ACCOUNTS = {
    "shopify": ("", "shops", "domain"),
    "amazon": ("amazon/", "sellers", "seller_id"),
    "rakuten": ("rakuten/", "stores", "name"),
    "yahoo": ("yahoo/", "stores", "seller_id"),
}


@dataclass(frozen=True, slots=True)
class Office:
    """The one account there is at a practice channel."""

    url: str
    origin: str

    def ask(self, path: str) -> Any:
        return self._send("GET", path)

    def do(self, action: str, **data: Any) -> Any:
        return self._send("POST", action, data)

    def fault(self, kind: str, **details: Any) -> None:
        """Without a `count` it goes on until it is cleared."""
        self._send("POST", "faults", {"kind": kind, **details})

    def clear(self) -> None:
        self._send("DELETE", "faults")

    def products(self) -> list[dict[str, Any]]:
        return list(self.ask("products"))

    def _send(self, method: str, path: str, data: Any = None) -> Any:
        with httpx.Client(trust_env=False) as client:
            headers = {"Origin": self.origin}
            answer = client.request(method, f"{self.url}/{path}", json=data, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def office(installation: Installation, channel: str) -> Office:
    below, accounts, key = _ACCOUNTS[channel]
    root = f"{installation.practice_url}/{below}practice/api/{accounts}"
    with httpx.Client(trust_env=False) as client:
        [account] = client.get(root).raise_for_status().json()
    return Office(f"{root}/{account[key]}", installation.practice_url)
