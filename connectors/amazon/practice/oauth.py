"""How the hub's application is let in: Seller Central's consent page and the token endpoint of Login with Amazon.

https://developer-docs.amazon.com/sp-api/docs/website-authorization-workflow
"""

from __future__ import annotations

import hmac
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import ClientException
from litestar.response import Redirect, Template

from connectors.amazon.practice import sellers
from connectors.amazon.practice.addressing import AnyRequest, practice_of
from connectors.amazon.practice.state import Practice
from connectors.practice.pages import from_own_pages, page_headers

CODE_SECONDS = 300
LOOPBACK = ("127.0.0.1", "::1", "localhost")
DEFAULT_NAME = "Practice seller"
_REVOKED = (
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
)

Fields = dict[str, str]


@get("/apps/authorize/consent")
async def consent(request: AnyRequest) -> Template:
    """The page on which a seller lets the application in, or does not."""
    practice = practice_of(request)
    asked = _asked(practice, request)
    redirect = urlsplit(asked["redirect_uri"])
    names = [row["name"] for row in sellers.all_sellers(practice.store)]
    return Template(
        "consent.html",
        context={"names": names, "name": names[0] if names else DEFAULT_NAME},
        headers=page_headers(form_target=f"{redirect.scheme}://{redirect.netloc}"),
    )


@post("/apps/authorize/consent", guards=[from_own_pages])
async def decide(request: AnyRequest) -> Redirect:
    """Back to the hub, with a code that lives five minutes or with a no."""
    practice = practice_of(request)
    asked, form = _asked(practice, request), dict(await request.form())
    answer = {"state": asked["state"]}
    if form.get("decision") == "allow":
        try:
            seller = sellers.ensure(practice.store, str(form.get("name") or ""))
        except ValueError as error:
            raise ClientException(str(error)) from error
        answer |= {"selling_partner_id": seller["seller_id"], "spapi_oauth_code": secrets.token_hex(16)}
        practice.store.insert(
            "code",
            code=answer["spapi_oauth_code"],
            seller_id=seller["seller_id"],
            redirect_uri=asked["redirect_uri"],
            expires_at=practice.clock() + CODE_SECONDS,
        )
    else:
        answer |= {"error": "access_denied", "error_description": "The seller declined."}
    return Redirect(f"{asked['redirect_uri']}?{urlencode(answer)}", status_code=302)


def _asked(practice: Practice, request: AnyRequest) -> Fields:
    """What the hub asks for; 400 for a stranger's application or an address we do not send people to."""
    asked = {name: str(request.query_params.get(name) or "") for name in ("application_id", "redirect_uri", "state")}
    redirect = urlsplit(asked["redirect_uri"])
    if asked["application_id"] != practice.settings.application_id:
        raise ClientException("No application has this application_id.")
    if redirect.scheme != "https" and not (redirect.scheme == "http" and redirect.hostname in LOOPBACK):
        raise ClientException("The redirect_uri is not registered.")
    return asked


@post("/auth/o2/token", status_code=200)
async def token(request: AnyRequest) -> Response[bytes]:
    """Tokens for a code, or a new access token for a refresh token."""
    practice = practice_of(request)
    given = dict(parse_qsl((await request.body()).decode(errors="replace")))
    if not _knows_secret(practice, given):
        return _json({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
    match given.get("grant_type"):
        case "authorization_code":
            return _exchange(practice, given)
        case "refresh_token":
            return _refresh(practice, given.get("refresh_token", ""))
    return _json({"error": "unsupported_grant_type", "error_description": "This grant is not practised here."}, 400)


def _knows_secret(practice: Practice, given: Fields) -> bool:
    settings = practice.settings
    said = f"{given.get('client_id', '')}:{given.get('client_secret', '')}"
    return hmac.compare_digest(said.encode(), f"{settings.client_id}:{settings.client_secret}".encode())


def _exchange(practice: Practice, given: Fields) -> Response[bytes]:
    query = "DELETE FROM code WHERE code = ? AND redirect_uri = ? AND expires_at > ? RETURNING seller_id"
    found = practice.store.row(query, given.get("code", ""), given.get("redirect_uri", ""), practice.clock())
    if found is None:
        said = "The request has an invalid grant parameter : code"
        return _json({"error": "invalid_grant", "error_description": said}, 400)
    return _granted(practice, found["seller_id"], sellers.new_token(practice, found["seller_id"], sellers.REFRESH))


def _refresh(practice: Practice, refresh_token: str) -> Response[bytes]:
    found = sellers.of_token(practice.store, refresh_token, sellers.REFRESH)
    if found is None:
        return _json({"error_description": _REVOKED, "error": "invalid_grant"}, 400)
    return _granted(practice, found["seller_id"], refresh_token)


def _granted(practice: Practice, seller_id: str, refresh_token: str) -> Response[bytes]:
    return _json(
        {
            "access_token": sellers.new_token(practice, seller_id, sellers.ACCESS),
            "token_type": "bearer",
            "expires_in": practice.settings.access_token_seconds,
            "refresh_token": refresh_token,
        }
    )


def _json(answer: dict[str, Any], status: int = 200) -> Response[bytes]:
    return Response(content=json.dumps(answer).encode(), status_code=status, media_type=MediaType.JSON)
