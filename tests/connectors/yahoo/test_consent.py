"""The way in: the visit, the way back, and tokens; on literal bytes, and through the practice server's own page."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from connectors.errors import Busy, ChannelError, InDoubt, OurFault, PermissionLost
from connectors.protocol import ConsentRefused
from connectors.records import Credentials, Exchange
from connectors.yahoo.connector import YahooShopping
from connectors.yahoo.consent import YahooApp, YahooConsent
from tests.connectors.wire import Wire, refused
from tests.connectors.yahoo.practice.practice_store import CLIENT_ID, CLIENT_SECRET, SELLER, Store, account_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BACK = "https://hub.example.com/connect/yahoo/callback"
APP = YahooApp(client_id="dj00", client_secret="planted-secret", redirect_uri=BACK)
STATE = "state-1"


def consent(wire: Wire | None = None) -> YahooConsent:
    return YahooConsent((wire or Wire()).client(), APP)


def asked(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def a_code(state: str = STATE) -> str:
    return consent().read_return([("state", state), ("code", "c-1")], now=NOW, expected_state=state).code


def id_token(nonce: str) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, {"nonce": nonce})
    ]
    return ".".join([*parts, "unsigned"])


def granted(nonce: str, **changes: Any) -> bytes:
    usual = {
        "access_token": "at",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "rt",
        "id_token": id_token(nonce),
    }
    return json.dumps({name: value for name, value in (usual | changes).items() if value is not None}).encode()


# ---- the visit ----


def test_the_visit_asks_for_a_code_and_to_come_back_when_declined() -> None:
    url = consent().authorize_url("https://circus.shopping.yahooapis.jp", redirect_uri=BACK, state=STATE)
    assert url.startswith("https://auth.login.yahoo.co.jp/yconnect/v2/authorization?")
    query = asked(url)
    nonce = query.pop("nonce")
    assert query == {
        "response_type": "code",
        "client_id": "dj00",
        "redirect_uri": BACK,
        "scope": "openid profile",
        "state": STATE,
        "bail": "1",
    }
    assert len(nonce) == 64
    other = asked(consent().authorize_url("", redirect_uri=BACK, state="state-2"))["nonce"]
    assert other != nonce


# ---- the way back ----


def test_a_return_gives_the_code_and_no_store() -> None:
    answer = consent().read_return([("code", "c-1"), ("state", STATE)], now=NOW, expected_state=STATE)
    assert answer.domain == ""
    assert answer.code.endswith(".c-1")
    assert "c-1" not in repr(answer)


@pytest.mark.parametrize(
    "query",
    [
        [("code", "c"), ("state", "another")],
        [("code", "c")],
        [("state", STATE)],
        [("code", ""), ("state", STATE)],
        [("code", "c"), ("code", "d"), ("state", STATE)],
        [("error", "server_error"), ("state", STATE)],
    ],
)
def test_a_return_that_is_no_answer_to_our_visit_is_refused(query: list[tuple[str, str]]) -> None:
    with pytest.raises(ConsentRefused) as caught:
        consent().read_return(query, now=NOW, expected_state=STATE)
    assert not caught.value.declined


def test_nothing_is_taken_where_no_state_was_expected() -> None:
    with pytest.raises(ConsentRefused):
        consent().read_return([("code", "c"), ("state", "")], now=NOW, expected_state="")


@pytest.mark.parametrize("error", ["access_denied", "some_word_for_no"])
def test_a_merchant_who_said_no_is_told_apart(error: str) -> None:
    with pytest.raises(ConsentRefused) as caught:
        consent().read_return([("error", error), ("state", STATE)], now=NOW, expected_state=STATE)
    assert caught.value.declined


# ---- tokens ----


async def test_a_code_gives_credentials_that_end_28_days_later() -> None:
    code = a_code()
    wire = Wire(granted(code.partition(".")[0]))
    credentials = await consent(wire).exchange("", code=code, now=NOW)
    assert (credentials.access_token, credentials.refresh_token) == ("at", "rt")
    assert credentials.expires_at == NOW + timedelta(hours=1)
    assert credentials.refresh_expires_at == NOW + timedelta(days=28)
    (request,) = wire.requests
    assert str(request.url) == "https://auth.login.yahoo.co.jp/yconnect/v2/token"
    assert dict(parse_qsl(request.content.decode())) == {
        "grant_type": "authorization_code",
        "code": "c-1",
        "redirect_uri": BACK,
        "client_id": "dj00",
        "client_secret": "planted-secret",
    }


@pytest.mark.parametrize("token", [id_token("of-another-visit"), "", "a.b", "a.%%%.c", None])
async def test_tokens_of_another_visit_are_not_taken(token: str | None) -> None:
    code = a_code()
    wire = Wire(granted(code.partition(".")[0], id_token=token))
    with pytest.raises(PermissionLost) as caught:
        await consent(wire).exchange("", code=code, now=NOW)
    assert caught.value.problem.code == "nonce_mismatch"


async def test_a_code_without_its_visit_is_not_taken() -> None:
    with pytest.raises(PermissionLost):
        await consent(Wire(granted(""))).exchange("", code=".c-1", now=NOW)


HELD = Credentials(
    access_token="old",
    refresh_token="rt",
    expires_at=NOW,
    refresh_expires_at=NOW + timedelta(days=3),
    scopes=("openid", "profile"),
    others={"public_key": "k", "key_version": "1"},
)


async def test_a_renewal_keeps_the_refresh_token_its_end_and_the_store_key() -> None:
    kept: list[Exchange] = []

    async def keep(exchange: Exchange) -> None:
        kept.append(exchange)

    wire = Wire(b'{"access_token":"new","token_type":"Bearer","expires_in":3600}')
    renewed = await consent(wire).renew("", HELD, now=NOW, keep=keep)
    assert (renewed.access_token, renewed.refresh_token) == ("new", "rt")
    assert renewed.expires_at == NOW + timedelta(hours=1)
    assert (renewed.refresh_expires_at, renewed.others) == (HELD.refresh_expires_at, HELD.others)
    assert "planted-secret" not in repr(kept)
    assert '"new"' not in repr(kept)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (
            refused(400, b'{"error":"invalid_grant","error_description":"expired","error_code":4102}'),
            PermissionLost,
            "invalid_grant",
        ),
        (refused(401, b'{"error":"invalid_client"}'), OurFault, "invalid_client"),
        (refused(503, b""), Busy, "http_503"),
        (httpx.ReadTimeout("x"), Busy, "no_answer"),
        (b'{"token_type":"Bearer"}', OurFault, "no_access_token"),
    ],
)
async def test_every_error_of_a_renewal_says_who_must_act(
    reply: bytes | httpx.Response | Exception, kind: type[ChannelError], code: str
) -> None:
    async def keep(_exchange: Exchange) -> None: ...

    with pytest.raises(ChannelError) as caught:
        await consent(Wire(reply)).renew("", HELD, now=NOW, keep=keep)
    assert (type(caught.value), caught.value.problem.code) == (kind, code)


async def test_a_lost_answer_to_a_code_is_in_doubt() -> None:
    with pytest.raises(InDoubt):
        await consent(Wire(httpx.ReadTimeout("x"))).exchange("", code=a_code(), now=NOW)


def test_no_scope_is_ever_missing() -> None:
    assert consent().missing_scopes(()) == ()


# ---- through the practice server ----


@pytest.fixture
async def practised(store: Store) -> AsyncIterator[YahooConsent]:
    app = YahooApp(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uri=BACK, auth_url=store.url)
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yield YahooConsent(client, app)


async def visit(store: Store, practised: YahooConsent, decision: str) -> list[tuple[str, str]]:
    url = practised.authorize_url(store.url, redirect_uri=BACK, state=STATE)
    page = await store.client.get(url)
    assert page.status_code == 200
    back = await store.client.post(url, data={"decision": decision, "owner": "practice-merchant"})
    assert back.status_code == 302
    assert back.headers["location"].startswith(f"{BACK}?")
    return parse_qsl(urlsplit(back.headers["location"]).query)


async def test_a_consent_opens_the_store_and_is_renewed_until_its_28_days_are_over(
    store: Store, practised: YahooConsent
) -> None:
    now = datetime.fromtimestamp(store.clock.now, UTC)
    answer = practised.read_return(await visit(store, practised, "allow"), now=now, expected_state=STATE)
    account = account_of(store)
    account.held = await practised.exchange(store.url, code=answer.code, now=now)
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        yahoo = YahooShopping(client)
        assert (await yahoo.identify(account)).external_id == SELLER
        store.clock.now += 3600
        with pytest.raises(PermissionLost):
            await yahoo.identify(account)
        later = now + timedelta(hours=1)
        account.held = await practised.renew(store.url, account.held, now=later, keep=account.keep_exchange)
        assert (await yahoo.identify(account)).access_ends_at == now + timedelta(days=28)
    store.clock.now += 28 * 86_400
    with pytest.raises(PermissionLost) as caught:
        await practised.renew(store.url, account.held, now=later, keep=account.keep_exchange)
    assert caught.value.problem.code == "invalid_grant"


async def test_a_code_is_spent_by_its_first_use(store: Store, practised: YahooConsent) -> None:
    now = datetime.fromtimestamp(store.clock.now, UTC)
    answer = practised.read_return(await visit(store, practised, "allow"), now=now, expected_state=STATE)
    await practised.exchange(store.url, code=answer.code, now=now)
    with pytest.raises(PermissionLost):
        await practised.exchange(store.url, code=answer.code, now=now)


async def test_who_cancels_on_the_page_has_declined(store: Store, practised: YahooConsent) -> None:
    query = await visit(store, practised, "cancel")
    with pytest.raises(ConsentRefused) as caught:
        practised.read_return(query, now=NOW, expected_state=STATE)
    assert caught.value.declined


async def test_a_withdrawn_consent_cannot_be_renewed(store: Store, practised: YahooConsent) -> None:
    account = account_of(store)
    await store.lever("revoke")
    with pytest.raises(PermissionLost):
        await practised.renew(store.url, account.held, now=NOW, keep=account.keep_exchange)
