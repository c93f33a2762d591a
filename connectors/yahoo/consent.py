"""YConnect v2: the consent page of Yahoo! JAPAN ID, the code it gives, and the access it keeps for 28 days.

https://developer.yahoo.co.jp/yconnect/v2/authorization_code/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from connectors import http, signatures
from connectors.errors import OurFault, PermissionLost
from connectors.protocol import Answered, ConsentRefused, Keep
from connectors.records import Credentials, Exchange

SCOPES = ("openid", "profile")
# https://developer.yahoo.co.jp/webapi/shopping/faq.html: from the consent on, whatever is refreshed meanwhile.
CONSENT_LASTS = timedelta(days=28)
_FORM = "application/x-www-form-urlencoded"
# RFC 6749 4.1.2.1 and 5.2: these are about our application. What a declined visit says is unsure, so all else is a no.
_ABOUT_OUR_APP = frozenset(
    "invalid_request unauthorized_client unsupported_response_type invalid_scope server_error temporarily_unavailable "
    "invalid_client unsupported_grant_type".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YahooApp:
    """The application as registered with Yahoo! JAPAN. `redirect_uri` is the one every visit comes back to."""

    client_id: str
    client_secret: str
    redirect_uri: str
    auth_url: str = "https://auth.login.yahoo.co.jp"

    def __repr__(self) -> str:
        return f"YahooApp({self.client_id})"


class YahooConsent:
    """Implements connectors.protocol.Consent for one registered application."""

    scopes: tuple[str, ...] = SCOPES
    webhook_secrets: tuple[str, ...] = ()

    def __init__(self, client: httpx.AsyncClient, app: YahooApp) -> None:
        self._client = client
        self._app = app

    def authorize_url(self, base_url: str, *, redirect_uri: str, state: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "nonce": self._nonce(state),
            "bail": "1",  # who declines comes back to us instead of staying at Yahoo!
        }
        return f"{self._app.auth_url}/yconnect/v2/authorization?{urlencode(query)}"

    def read_return(self, query: Sequence[tuple[str, str]], *, now: datetime, expected_state: str) -> Answered:
        """The code of a visit of ours. Its `domain` is empty: Yahoo! does not say for which store the consent is.

        The code carries the nonce of the visit, by which `exchange` knows the answer as the visit's.
        """
        given = dict(query)
        if len(given) != len(query):
            raise ConsentRefused("a parameter comes twice")
        if not expected_state or not signatures.same(expected_state, given.get("state", "")):
            raise ConsentRefused("state")
        if "error" in given:
            raise ConsentRefused(given["error"], declined=given["error"] not in _ABOUT_OUR_APP)
        if not given.get("code"):
            raise ConsentRefused("no code")
        return Answered("", f"{self._nonce(expected_state)}.{given['code']}")

    async def exchange(self, base_url: str, *, code: str, now: datetime) -> Credentials:
        nonce, _, bare = code.partition(".")
        fields = {"grant_type": "authorization_code", "code": bare, "redirect_uri": self._app.redirect_uri}
        request = self._request("exchange_code", fields, writes=True, secrets=(bare, nonce))
        granted = await self._granted(request, _keep_nothing)
        _check_nonce(str(granted.get("id_token") or ""), nonce)
        if not granted.get("refresh_token"):
            raise OurFault("no_refresh_token")
        return Credentials(
            access_token=granted["access_token"],
            refresh_token=str(granted["refresh_token"]),
            expires_at=_after(now, granted.get("expires_in")),
            refresh_expires_at=now + CONSENT_LASTS,
            scopes=SCOPES,
        )

    async def renew(self, base_url: str, credentials: Credentials, *, now: datetime, keep: Keep) -> Credentials:
        """A new access token beside the old refresh token, which stays as it is and ends when it would have.

        Repeating is harmless: nothing is spent by it.
        """
        if not credentials.refresh_token:
            raise PermissionLost("no_refresh_token")
        fields = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
        request = self._request("renew", fields, writes=False, secrets=(credentials.refresh_token,))
        granted = await self._granted(request, keep)
        return replace(
            credentials, access_token=granted["access_token"], expires_at=_after(now, granted.get("expires_in"))
        )

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        """None: whether the application may work in stores is fixed at its registration, not by the merchant."""
        return ()

    def _nonce(self, state: str) -> str:
        """What only a visit with this state can have sent: no memory of the visit is needed to check it."""
        return signatures.sha256_hex(self._app.client_secret, f"nonce:{state}".encode())

    def _request(
        self, operation: str, fields: dict[str, str], *, writes: bool, secrets: tuple[str, ...]
    ) -> http.Request:
        named = {**fields, "client_id": self._app.client_id, "client_secret": self._app.client_secret}
        return http.Request(
            operation=operation,
            method="POST",
            url=f"{self._app.auth_url}/yconnect/v2/token",
            writes=writes,
            headers={"Content-Type": _FORM, "Accept": "application/json"},
            content=urlencode(named).encode(),
            secrets=(self._app.client_secret, *secrets),
        )

    async def _granted(self, request: http.Request, keep: Keep) -> dict[str, Any]:
        answer = await http.send(self._client, request, keep=keep)
        body = http.parsed(answer.body)
        refused = str(body.get("error") or "") if isinstance(body, dict) else ""
        if refused and answer.status < 500:
            kind = OurFault if refused in _ABOUT_OUR_APP else PermissionLost
            raise kind(refused, str(body.get("error_description") or ""), channel_request_id=answer.request_id)
        failed = http.error_for_status(answer, request)
        if failed is not None:
            raise failed
        granted = http.json_object(answer, request)
        if not isinstance(granted.get("access_token"), str):
            raise OurFault("no_access_token", channel_request_id=answer.request_id)
        return granted


def _check_nonce(id_token: str, nonce: str) -> None:
    """The id_token was made for our visit. Raises PermissionLost where it was not.

    Its signature is not checked: it comes from Yahoo!'s own token endpoint over TLS, which vouches for it
    (OpenID Connect Core 3.1.3.7).
    """
    claims = http.parsed(_decoded(id_token.split(".")[1])) if id_token.count(".") == 2 else None
    given = str(claims.get("nonce") or "") if isinstance(claims, dict) else ""
    if not nonce or not signatures.same(nonce, given):
        raise PermissionLost("nonce_mismatch")


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return json.dumps(None).encode()


def _after(now: datetime, seconds: Any) -> datetime:
    """An access token lasts an hour where the answer does not say."""
    return now + timedelta(seconds=int(seconds or 3600))


async def _keep_nothing(_exchange: Exchange) -> None:
    """The code exchange comes before there is a connection to keep anything for."""
