"""Login with Amazon: the consent page of Seller Central, the code it gives, and access renewed every hour.

https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from connectors import http, signatures
from connectors.amazon.marketplaces import ENDPOINTS, SELLER_CENTRAL
from connectors.errors import OurFault, PermissionLost
from connectors.protocol import Answered, ConsentRefused, Keep
from connectors.records import Credentials, Exchange

_FORM = "application/x-www-form-urlencoded;charset=UTF-8"
# RFC 6749 5.2: these are about our application, and no merchant can mend them.
_ABOUT_OUR_APP = frozenset(
    "invalid_client unauthorized_client invalid_request invalid_scope unsupported_grant_type".split()
)
_AGAIN = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonApp:
    """The application as registered with Amazon. `root` is where a practice Amazon has its pages and its tokens."""

    application_id: str
    client_id: str
    client_secret: str
    redirect_uri: str
    draft: bool = False
    root: str = ""

    def __repr__(self) -> str:
        return f"AmazonApp({self.application_id})"

    @property
    def token_url(self) -> str:
        return f"{self.root or 'https://api.amazon.com'}/auth/o2/token"


class AmazonConsent:
    """Implements connectors.protocol.Consent for one registered application."""

    # What the application may do is fixed by the roles of its registration.
    scopes: tuple[str, ...] = ()
    webhook_secrets: tuple[str, ...] = ()

    def __init__(self, client: httpx.AsyncClient, app: AmazonApp) -> None:
        self._client = client
        self._app = app

    def authorize_url(self, base_url: str, *, redirect_uri: str, state: str) -> str:
        region = next((region for region, address in ENDPOINTS.items() if address == base_url), "na")
        query = {
            "application_id": self._app.application_id,
            "state": state,
            "redirect_uri": self._app.redirect_uri,
        } | ({"version": "beta"} if self._app.draft else {})
        return f"{self._app.root or SELLER_CENTRAL[region]}/apps/authorize/consent?{urlencode(query)}"

    def read_return(self, query: Sequence[tuple[str, str]], *, now: datetime, expected_state: str) -> Answered:
        """The code of a visit of ours, with the seller it is for before it: the exchange does not name them."""
        given = dict(query)
        if len(given) != len(query):
            raise ConsentRefused("a parameter comes twice")
        if not expected_state or not signatures.same(expected_state, given.get("state", "")):
            raise ConsentRefused("state")
        if "error" in given:
            raise ConsentRefused(given["error"], declined=given["error"] not in _ABOUT_OUR_APP)
        seller, code = given.get("selling_partner_id", ""), given.get("spapi_oauth_code", "")
        if not code or not seller.isalnum():
            raise ConsentRefused("no code")
        return Answered("", f"{seller}.{code}")

    async def exchange(self, base_url: str, *, code: str, now: datetime) -> Credentials:
        seller, _, bare = code.partition(".")
        fields = {"grant_type": "authorization_code", "code": bare, "redirect_uri": self._app.redirect_uri}
        granted = await self._granted("exchange_code", fields, bare, _keep_nothing, writes=True)
        if not granted.get("refresh_token"):
            raise OurFault("no_refresh_token")
        return Credentials(
            access_token=granted["access_token"],
            refresh_token=str(granted["refresh_token"]),
            expires_at=_after(now, granted.get("expires_in")),
            others={"seller_id": seller},
        )

    async def renew(self, base_url: str, credentials: Credentials, *, now: datetime, keep: Keep) -> Credentials:
        """A new access token. Repeating is harmless: nothing is spent by it."""
        if not credentials.refresh_token:
            raise PermissionLost("no_refresh_token")
        fields = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
        granted = await self._granted("renew", fields, credentials.refresh_token, keep, writes=False)
        return replace(
            credentials,
            access_token=granted["access_token"],
            refresh_token=str(granted.get("refresh_token") or credentials.refresh_token),
            expires_at=_after(now, granted.get("expires_in")),
        )

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        return ()

    async def _granted(
        self, operation: str, fields: dict[str, str], secret: str, keep: Keep, *, writes: bool
    ) -> dict[str, Any]:
        named = {**fields, "client_id": self._app.client_id, "client_secret": self._app.client_secret}
        request = http.Request(
            operation=operation,
            method="POST",
            url=self._app.token_url,
            writes=writes,
            headers={"Content-Type": _FORM, "Accept": "application/json"},
            content=urlencode(named).encode(),
            secrets=(self._app.client_secret, secret),
        )
        answer = await http.send(self._client, request, keep=keep)
        body = http.parsed(answer.body)
        refused = str(body.get("error") or "") if isinstance(body, dict) else ""
        if refused and refused not in _AGAIN and answer.status < 500:
            kind = OurFault if refused in _ABOUT_OUR_APP else PermissionLost
            raise kind(refused, str(body.get("error_description") or ""), channel_request_id=answer.request_id)
        failed = http.error_for_status(answer, request)
        if failed is not None:
            raise failed
        granted = http.json_object(answer, request)
        if not isinstance(granted.get("access_token"), str):
            raise OurFault("no_access_token", channel_request_id=answer.request_id)
        return granted


def _after(now: datetime, seconds: Any) -> datetime:
    """An access token lasts an hour where the answer does not say."""
    return now + timedelta(seconds=int(seconds or 3600))


async def _keep_nothing(_exchange: Exchange) -> None:
    """The code exchange comes before there is a connection to keep anything for."""
