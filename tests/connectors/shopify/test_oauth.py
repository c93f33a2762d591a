import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import AccountBlocked, Busy, ChannelError, InDoubt, OurFault, PermissionLost
from connectors.records import Credentials
from connectors.shopify import oauth
from connectors.shopify.oauth import ShopifyApp
from tests.connectors.wire import FakeAccount, Wire, refused

NOW = datetime(2026, 11, 22, 10, 15, 2, tzinfo=UTC)
APP = ShopifyApp(client_id="app-1", client_secret="hush", scopes=("write_products", "write_inventory"))
SHOP = "https://demo.myshopify.com"


@pytest.mark.parametrize(
    "typed",
    [
        "demo",
        " Demo ",
        "demo.myshopify.com",
        "DEMO.MyShopify.com",
        "https://demo.myshopify.com",
        "https://demo.myshopify.com/admin",
        "http://demo.myshopify.com/products/mug?x=1",
        "demo.myshopify.com/admin",
        "https://admin.shopify.com/store/demo/products",
        "admin.shopify.com/store/demo",
    ],
)
def test_a_shop_is_known_by_what_merchants_type(typed: str) -> None:
    assert oauth.shop_domain(typed) == "demo.myshopify.com"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "my shop",
        "evil.com",
        "https://evil.com/demo.myshopify.com",
        "demo.myshopify.com.evil.com",
        "evil.com?demo.myshopify.com",
        "https://demo.myshopify.com@evil.com/",
        "https://evil.com#.myshopify.com",
        "demo.myshopify.com:8443",
        "https://demo.myshopify.com:8443/",
        "-demo.myshopify.com",
        "a.b.myshopify.com",
        "demo_x.myshopify.com",
        "dემо.myshopify.com",
        "demo.myshopify.com\n.evil.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//evil.com",
        "https://admin.shopify.com/settings",
        "http://[::1",
        "demo.myshopify.com\\@evil.com",
        "x" * 300,
    ],
)
def test_everything_else_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"Type the name your shop has at Shopify"):
        oauth.shop_domain(typed)


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_a_shop_or_a_sentence(typed: str) -> None:
    try:
        domain = oauth.shop_domain(typed)
    except ValueError as error:
        domain, sentence = "", str(error)
    else:
        sentence = ""
    assert oauth.is_shop_domain(domain) or "Type the name" in sentence


def test_the_merchant_is_sent_to_the_shops_own_consent_page() -> None:
    url = oauth.authorize_url(
        base_url=SHOP,
        client_id="app-1",
        scopes=APP.scopes,
        redirect_uri="https://hub.example/back?x=1&y",
        state="n0nce",
    )
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{SHOP}/admin/oauth/authorize"
    assert dict(parse_qsl(parts.query)) == {
        "client_id": "app-1",
        "scope": "write_products,write_inventory",
        "redirect_uri": "https://hub.example/back?x=1&y",
        "state": "n0nce",
    }


def callback(*, secret: str = "hush", at: datetime = NOW, **changes: str) -> list[tuple[str, str]]:
    """A callback as Shopify signs it: every parameter but hmac, sorted, joined, keyed with the app's secret."""
    query = {
        "code": "c0de",
        "host": base64.b64encode(b"admin.shopify.com/store/demo").decode().rstrip("="),
        "shop": "demo.myshopify.com",
        "state": "n0nce",
        "timestamp": str(int(at.timestamp())),
        **changes,
    }
    message = "&".join(f"{name}={query[name]}" for name in sorted(query))
    return [*query.items(), ("hmac", hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest())]


def read(query: list[tuple[str, str]]) -> oauth.Callback:
    return oauth.read_callback(query, secrets=("hush",), now=NOW, expected_state="n0nce")


def without(query: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
    return [(key, value) for key, value in query if key != name]


def test_a_genuine_callback_names_shop_and_code() -> None:
    assert read(callback()) == oauth.Callback("demo.myshopify.com", "c0de")


def test_a_callback_signed_over_encoded_values_is_genuine_too() -> None:
    query = {"code": "c0de", "host": "YQ==", "shop": "demo.myshopify.com", "state": "n0nce"}
    query["timestamp"] = str(int(NOW.timestamp()))
    message = "&".join(f"{name}={query[name].replace('=', '%3D')}" for name in sorted(query))
    signed = hmac.new(b"hush", message.encode(), hashlib.sha256).hexdigest()
    assert read([*query.items(), ("hmac", signed)]).code == "c0de"


def test_the_old_signature_parameter_is_not_part_of_what_is_signed() -> None:
    assert read([*callback(), ("signature", "old")]).code == "c0de"


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        (without(callback(), "state"), oauth.StateMismatch),
        (callback(state="other"), oauth.StateMismatch),
        (callback(state=""), oauth.StateMismatch),
        ([*callback(), ("state", "n0nce")], oauth.CallbackMalformed),
        ([*callback(), ("code", "c0de")], oauth.CallbackMalformed),
        (callback(error="access_denied"), oauth.ConsentDeclined),
        (callback(shop="evil.com"), oauth.ShopRefused),
        (callback(shop="a.myshopify.com.evil.com"), oauth.ShopRefused),
        (callback(shop="demo.myshopify.com\n"), oauth.ShopRefused),
        (without(callback(), "shop"), oauth.ShopRefused),
        (callback(secret="other"), oauth.SignatureMismatch),
        (without(callback(), "hmac"), oauth.SignatureMismatch),
        ([*callback(), ("added", "later")], oauth.SignatureMismatch),
        (callback(at=NOW - timedelta(seconds=91)), oauth.CallbackTooOld),
        (callback(at=NOW + timedelta(seconds=91)), oauth.CallbackTooOld),
        (callback(timestamp="yesterday"), oauth.CallbackTooOld),
        (callback(timestamp="٣"), oauth.CallbackTooOld),
        (callback(code=""), oauth.CallbackMalformed),
    ],
)
def test_a_callback_that_is_not_ours_or_not_theirs_is_refused(
    query: list[tuple[str, str]], refusal: type[oauth.CallbackRefused]
) -> None:
    with pytest.raises(refusal):
        read(query)


def test_the_state_is_looked_at_before_everything_else() -> None:
    with pytest.raises(oauth.StateMismatch):
        read(callback(state="other", shop="evil.com", secret="other", timestamp="0"))


def test_while_the_secret_is_rotated_both_sign_and_afterwards_only_the_new_one() -> None:
    rotating = replace(APP, old_client_secret="older")
    assert rotating.signing_secrets == ("hush", "older")
    for secret in rotating.signing_secrets:
        query = callback(secret=secret)
        read_with = oauth.read_callback(query, secrets=rotating.signing_secrets, now=NOW, expected_state="n0nce")
        assert read_with.code == "c0de"
    assert APP.signing_secrets == ("hush",)
    with pytest.raises(oauth.SignatureMismatch):
        read(callback(secret="older"))


def test_an_empty_expected_state_or_secret_opens_nothing() -> None:
    with pytest.raises(oauth.StateMismatch):
        oauth.read_callback(callback(state=""), secrets=("hush",), now=NOW, expected_state="")
    with pytest.raises(oauth.SignatureMismatch):
        oauth.read_callback(callback(secret=""), secrets=("",), now=NOW, expected_state="n0nce")


GRANT = (
    b'{"access_token":"shpat_new","scope":"write_products,write_inventory","expires_in":3600,'
    b'"refresh_token":"shprt_new","refresh_token_expires_in":7776000}'
)


async def exchange(wire: Wire, account: FakeAccount) -> Credentials:
    async with wire.client() as client:
        return await oauth.exchange_code(
            client, base_url=SHOP, app=APP, code="c0de", now=NOW, keep=account.keep_exchange
        )


async def renew(wire: Wire, account: FakeAccount, token: str = "shprt_old") -> Credentials:
    async with wire.client() as client:
        return await oauth.renew(
            client, base_url=SHOP, app=APP, refresh_token=token, now=NOW, keep=account.keep_exchange
        )


async def test_a_code_becomes_credentials_that_end_when_shopify_says() -> None:
    wire, account = Wire(GRANT), FakeAccount()
    assert await exchange(wire, account) == Credentials(
        access_token="shpat_new",
        refresh_token="shprt_new",
        expires_at=NOW + timedelta(hours=1),
        refresh_expires_at=NOW + timedelta(days=90),
        scopes=("write_inventory", "write_products"),
    )
    assert str(wire.requests[0].url) == f"{SHOP}/admin/oauth/access_token"
    assert wire.sent() == {"client_id": "app-1", "client_secret": "hush", "code": "c0de", "expiring": "1"}
    kept = repr(account.exchanges)
    assert [secret for secret in ("hush", "c0de", "shpat_new", "shprt_new") if secret in kept] == []


async def test_a_grant_without_an_end_never_expires() -> None:
    credentials = await exchange(Wire(b'{"access_token":"shpat_old","scope":"write_products"}'), FakeAccount())
    assert (credentials.expires_at, credentials.refresh_token) == (None, "")


async def test_renewal_asks_with_the_refresh_token_and_brings_a_new_pair() -> None:
    wire = Wire(GRANT)
    assert (await renew(wire, FakeAccount())).refresh_token == "shprt_new"
    assert wire.sent() == {
        "client_id": "app-1",
        "client_secret": "hush",
        "grant_type": "refresh_token",
        "refresh_token": "shprt_old",
    }


async def test_without_a_refresh_token_nothing_is_asked() -> None:
    wire = Wire()
    with pytest.raises(PermissionLost):
        await renew(wire, FakeAccount(), token="")
    assert wire.requests == []


DEAD = b'{"error":"invalid_grant","error_description":"This request requires an active refresh_token"}'


@pytest.mark.parametrize(
    ("reply", "kind", "code", "original"),
    [
        (refused(400, DEAD), PermissionLost, "invalid_grant", "This request requires an active refresh_token"),
        (refused(400, b'{"error":"invalid_client"}'), OurFault, "invalid_client", "invalid_client"),
        (refused(400, b"{}"), OurFault, "http_400", ""),
        (refused(401, b'{"errors":"[API] Invalid API key"}'), PermissionLost, "http_401", "[API] Invalid API key"),
        (refused(404, b'{"errors":"Not Found"}'), AccountBlocked, "http_404", "Not Found"),
        (refused(503, b"<html>"), Busy, "http_503", ""),
        (httpx.ReadTimeout("x"), Busy, "no_answer", ""),
        (b'{"scope":"write_products"}', OurFault, "no_access_token", ""),
        (b"<html>", OurFault, "unreadable_answer", ""),
    ],
)
async def test_a_renewal_refused_says_who_must_act(
    reply: bytes | httpx.Response | Exception, kind: type[ChannelError], code: str, original: str
) -> None:
    with pytest.raises(kind) as caught:
        await renew(Wire(reply), FakeAccount())
    assert (caught.value.problem.code, caught.value.problem.original) == (code, original)


async def test_a_lost_exchange_leaves_the_code_in_doubt() -> None:
    with pytest.raises(InDoubt):
        await exchange(Wire(httpx.ReadTimeout("x")), FakeAccount())


def test_a_write_scope_grants_its_read_scope() -> None:
    asked = ("read_products", "write_products", "read_locations")
    assert oauth.missing_scopes(asked, ["write_products"]) == ("read_locations",)
    assert oauth.missing_scopes(asked, ["write_products", "read_locations"]) == ()


def test_secrets_do_not_show_in_what_is_printed() -> None:
    assert "hush" not in repr(APP)
    assert "c0de" not in repr(oauth.Callback("demo.myshopify.com", "c0de"))
    assert "shpat" not in repr(Credentials(access_token="shpat_x"))
