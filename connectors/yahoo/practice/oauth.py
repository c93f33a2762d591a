"""How the hub's application is let in: the consent page of Yahoo! JAPAN ID and the token endpoint.

https://developer.yahoo.co.jp/yconnect/v2/authorization_code/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import ClientException
from litestar.response import Redirect, Template

from connectors.practice.pages import from_own_pages
from connectors.yahoo.practice import access, stores
from connectors.yahoo.practice.addressing import AnyRequest, practice_of
from connectors.yahoo.practice.state import Practice

CODE_SECONDS = 600
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Fields = dict[str, str]


@get("/yconnect/v2/authorization")
async def consent(request: AnyRequest) -> Template:
    """The page on which the owner of stores lets the application in, or does not."""
    asked = _asked(practice_of(request), request)
    redirect = urlsplit(asked["redirect_uri"])
    policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {redirect.scheme}://{redirect.netloc}"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return Template("consent.html", context={"owner": stores.OWNER}, headers=headers)


@post("/yconnect/v2/authorization", guards=[from_own_pages])
async def decide(request: AnyRequest) -> Redirect:
    """Back to the hub, with a code or, as `bail=1` asks, with a no. What a no looks like is unsure."""
    practice = practice_of(request)
    asked, form = _asked(practice, request), dict(await request.form())
    answer = {"state": asked["state"]}
    if form.get("decision") == "allow":
        answer["code"] = secrets.token_hex(16)
        practice.store.insert(
            "code",
            code=answer["code"],
            owner=str(form.get("owner") or stores.OWNER).strip(),
            redirect_uri=asked["redirect_uri"],
            nonce=asked["nonce"],
            expires_at=practice.clock() + CODE_SECONDS,
        )
    else:
        answer |= {"error": "access_denied", "error_description": "The user cancelled."}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return Redirect(asked["redirect_uri"] + joint + urlencode(answer), status_code=302)


def _asked(practice: Practice, request: AnyRequest) -> Fields:
    """What the hub asks for; 400 for a stranger's application or an address we do not send people to."""
    query = request.query_params
    names = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce")
    asked = {name: str(query.get(name) or "") for name in names}
    redirect = urlsplit(asked["redirect_uri"])
    if asked["client_id"] != practice.settings.client_id:
        raise ClientException("No application has this client_id.")
    if redirect.scheme != "https" and not (redirect.scheme == "http" and redirect.hostname in LOOPBACK):
        raise ClientException("The redirect_uri is not registered.")
    if asked["response_type"] != "code" or "openid" not in asked["scope"].split():
        raise ClientException("invalid_request")
    return asked


@post("/yconnect/v2/token", status_code=200)
async def token(request: AnyRequest) -> Response[bytes]:
    """Tokens for a code, or a new access token for a refresh token."""
    practice = practice_of(request)
    given = dict(parse_qsl((await request.body()).decode(errors="replace")))
    if not _knows_secret(practice, given, request.headers.get("authorization", "")):
        return _error("invalid_client", "The client id or secret is wrong.", status=401)
    grant = given.get("grant_type", "")
    if grant == "authorization_code":
        return _exchange(practice, given)
    if grant == "refresh_token":
        return _refresh(practice, given.get("refresh_token", ""))
    return _error("unsupported_grant_type", f"The grant {grant} is not practised here.")


def _knows_secret(practice: Practice, given: Fields, authorization: str) -> bool:
    """Who calls is said by HTTP Basic or by parameters."""
    settings = practice.settings
    said = f"{given.get('client_id', '')}:{given.get('client_secret', '')}"
    if authorization.startswith("Basic "):
        said = base64.b64decode(authorization.removeprefix("Basic ") + "==").decode(errors="replace")
    return hmac.compare_digest(said.encode(), f"{settings.client_id}:{settings.client_secret}".encode())


def _exchange(practice: Practice, given: Fields) -> Response[bytes]:
    query = "DELETE FROM code WHERE code = ? AND redirect_uri = ? AND expires_at > ? RETURNING owner, nonce"
    found = practice.store.row(query, given.get("code", ""), given.get("redirect_uri", ""), practice.clock())
    if found is None:
        return _error("invalid_grant", "The authorization code is invalid.")
    owner = found["owner"]
    refresh = access.new_token(practice, owner, access.REFRESH, seconds=access.REFRESH_SECONDS)
    return _json(_access(practice, owner) | {"refresh_token": refresh, "id_token": _id_token(practice, found["nonce"])})


def _refresh(practice: Practice, refresh_token: str) -> Response[bytes]:
    """No new refresh token comes with it: the old one stays, until 28 days after the consent."""
    found = access.find(practice.store, refresh_token, access.REFRESH)
    if found is None or found["expires_at"] <= practice.clock():
        return _error("invalid_grant", "The refresh token is expired or revoked.", code=4102)
    return _json(_access(practice, found["owner"]))


def _access(practice: Practice, owner: str) -> dict[str, Any]:
    seconds = practice.settings.access_token_seconds
    token = access.new_token(practice, owner, access.ACCESS, seconds=seconds)
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


def _id_token(practice: Practice, nonce: str) -> str:
    claims = {"iss": "https://auth.login.yahoo.co.jp/yconnect/v2", "aud": [practice.settings.client_id], "nonce": nonce}
    signed = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    digest = hmac.new(practice.settings.client_secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(digest)}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _json(answer: dict[str, Any], status: int = 200) -> Response[bytes]:
    return Response(content=json.dumps(answer).encode(), status_code=status, media_type=MediaType.JSON)


def _error(error: str, description: str, *, status: int = 400, code: int = 0) -> Response[bytes]:
    coded = {"error_code": code} if code else {}
    return _json({"error": error, "error_description": description, **coded}, status)
