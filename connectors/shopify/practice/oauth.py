"""How the hub's app is let into a shop: the consent page and the token endpoint.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import ClientException
from litestar.response import Redirect, Template

from connectors.practice.pages import from_own_pages, page_headers
from connectors.shopify.practice import app_access, shops
from connectors.shopify.practice.addressing import (
    AnyRequest,
    below_shop,
    domain_of,
    practice_of,
)
from connectors.shopify.practice.state import Practice

CODE_SECONDS = 60
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CURRENCIES = ("USD", "EUR", "GBP", "JPY")
NO_CODE = "The authorization code was not found or was already used"

Fields = dict[str, Any]


@get(below_shop("/admin/oauth/authorize"))
async def consent(request: AnyRequest) -> Template:
    """The page on which a merchant lets the app in; a shop not known yet is made."""
    practice, domain = practice_of(request), domain_of(request)
    asked = _asked(practice, request)
    currency = request.query_params.get("currency", "")
    shop = shops.ensure(
        practice.store, domain, currency=currency if currency.isalpha() and len(currency) == 3 else "USD"
    )
    others = [row for row in shops.all_shops(practice.store) if row["domain"] != domain]
    redirect = urlsplit(asked["redirect_uri"])
    return Template(
        "consent.html",
        context={"shop": shop, "others": others, "scopes": asked["scope"].split(","), "currencies": CURRENCIES},
        headers=page_headers(form_target=f"{redirect.scheme}://{redirect.netloc}"),
    )


@post(below_shop("/admin/oauth/authorize"), guards=[from_own_pages])
async def decide(request: AnyRequest) -> Redirect:
    """Back to the hub, with a code for the chosen shop or with a no."""
    practice = practice_of(request)
    asked, form = _asked(practice, request), dict(await request.form())
    domain = str(form.get("new_shop") or form.get("shop") or domain_of(request)).strip().lower()
    domain = domain if domain.endswith(".myshopify.com") else f"{domain}.myshopify.com"
    if not shops.is_domain(domain):
        raise ClientException("A shop's name is made of letters, digits and dashes.")
    answer = {"shop": domain, "state": asked["state"], "timestamp": str(int(practice.clock()))}
    if form.get("decision") == "install":
        shops.ensure(practice.store, domain, currency=str(form.get("currency") or "USD"))
        app_access.install(practice, domain, asked["scope"])
        store_name = domain.removesuffix(".myshopify.com")
        host = base64.urlsafe_b64encode(f"admin.shopify.com/store/{store_name}".encode()).decode().rstrip("=")
        answer |= {"code": _new_code(practice, domain, asked["scope"]), "host": host}
    else:
        answer |= {"error": "access_denied", "error_description": "The merchant did not install the app."}
    answer["hmac"] = sign(answer, practice.settings.client_secret)
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return Redirect(asked["redirect_uri"] + joint + urlencode(answer), status_code=302)


@post(below_shop("/admin/oauth/access_token"), status_code=200)
async def access_token(request: AnyRequest) -> Response[bytes]:
    """A token for a code, a refresh token, or the app's own credentials."""
    practice, domain = practice_of(request), domain_of(request)
    given = _given(await request.body(), request.headers.get("content-type", ""))
    settings = practice.settings
    known = hmac.compare_digest(str(given.get("client_secret", "")).encode(), settings.client_secret.encode())
    if given.get("client_id") != settings.client_id or not known:
        return _error("invalid_client", "The client id or secret is wrong.", status=401)
    grant = given.get("grant_type") or "authorization_code"
    with practice.store.transaction():
        if grant == "refresh_token":
            return _refresh(practice, domain, str(given.get("refresh_token", "")))
        if grant == "client_credentials":
            return _client_credentials(practice, domain)
        if grant == "authorization_code":
            return _exchange(practice, domain, given)
    return _error("unsupported_grant_type", f"The grant {grant} is not practised here.")


def sign(query: dict[str, str], secret: str) -> str:
    """The `hmac` of a callback: its other parameters sorted by name."""
    joined = "&".join(f"{name}={query[name]}" for name in sorted(query))
    return hmac.new(secret.encode(), joined.encode(), hashlib.sha256).hexdigest()


def _exchange(practice: Practice, domain: str, given: Fields) -> Response[bytes]:
    code = str(given.get("code", ""))
    query = "DELETE FROM code WHERE code = ? AND shop = ? AND expires_at > ? RETURNING scopes"
    found = practice.store.row(query, code, domain, practice.clock())
    if found is None:
        return _error("invalid_request", NO_CODE)
    app_access.install(practice, domain, found["scopes"])
    if str(given.get("expiring", "")).lower() in ("1", "true"):
        return _ok(app_access.new_pair(practice, domain, family=str(uuid4()), generation=1))
    token = app_access.new_access_token(practice, domain, seconds=None)
    return _ok({"access_token": token, "scope": app_access.granted(practice, domain)})


def _refresh(practice: Practice, domain: str, token: str) -> Response[bytes]:
    """The new pair. The old refresh token stays good until the new one is used, so that a lost answer is no end."""
    query = "SELECT * FROM refresh_token WHERE token = ? AND shop = ? AND expires_at > ?"
    found = practice.store.row(query, token, domain, practice.clock())
    if found is None:
        return _error("invalid_grant", "The refresh token is invalid, expired or was already replaced.")
    older = "DELETE FROM refresh_token WHERE family = ? AND token != ? AND generation <= ?"
    practice.store.run(older, found["family"], token, found["generation"])
    generation = found["generation"] + 1
    return _ok(app_access.new_pair(practice, domain, family=found["family"], generation=generation))


def _client_credentials(practice: Practice, domain: str) -> Response[bytes]:
    shop = shops.find(practice.store, domain)
    if shop is None or not shop["own"]:
        return _error("shop_not_permitted", "Client credentials cannot be performed on this shop.")
    if not shop["installed"]:
        return _error("app_not_installed", "The app is not installed on this shop.")
    seconds = app_access.CLIENT_CREDENTIALS_SECONDS
    token = app_access.new_access_token(practice, domain, seconds=seconds)
    return _ok({"access_token": token, "scope": shop["scopes"], "expires_in": seconds})


def _new_code(practice: Practice, domain: str, scopes: str) -> str:
    code = secrets.token_hex(16)
    expires_at = practice.clock() + CODE_SECONDS
    practice.store.insert("code", code=code, shop=domain, scopes=scopes, expires_at=expires_at)
    return code


def _asked(practice: Practice, request: AnyRequest) -> dict[str, str]:
    """What the hub asks for; 400 for a stranger's app or an address we do not send merchants to."""
    query = request.query_params
    asked = {name: str(query.get(name) or "") for name in ("client_id", "scope", "redirect_uri", "state")}
    redirect = urlsplit(asked["redirect_uri"])
    if asked["client_id"] != practice.settings.client_id:
        raise ClientException("No app has this client_id.")
    if redirect.scheme != "https" and not (redirect.scheme == "http" and redirect.hostname in LOOPBACK):
        raise ClientException("The redirect_uri is not whitelisted.")
    return asked


def _given(body: bytes, content_type: str) -> Fields:
    """The fields of a JSON or form body; none of one that is neither."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(errors="replace")))
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ok(answer: Fields) -> Response[bytes]:
    return Response(content=json.dumps(answer).encode(), status_code=200, media_type=MediaType.JSON)


def _error(error: str, description: str, *, status: int = 400) -> Response[bytes]:
    body = json.dumps({"error": error, "error_description": description}).encode()
    return Response(content=body, status_code=status, media_type=MediaType.JSON)
