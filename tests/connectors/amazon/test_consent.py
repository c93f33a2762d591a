"""Login with Amazon: only the answer to our own visit counts, and what ends is sorted by who can mend it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from connectors.amazon.consent import AmazonApp, AmazonConsent
from connectors.errors import Busy, OurFault, PermissionLost
from connectors.protocol import ConsentRefused
from connectors.records import Credentials, Exchange
from tests.connectors.amazon.practice.practice_seller import APPLICATION, CLIENT_ID, CLIENT_SECRET, Seller
from tests.connectors.wire import Wire, refused

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BACK = "http://127.0.0.1:8000/connect/amazon/callback"
FE = "https://sellingpartnerapi-fe.amazon.com"


def consent_of(
    client: httpx.AsyncClient, *, root: str = "", secret: str = CLIENT_SECRET, draft: bool = False
) -> AmazonConsent:
    app = AmazonApp(
        application_id=APPLICATION,
        client_id=CLIENT_ID,
        client_secret=secret,
        redirect_uri=BACK,
        root=root,
        draft=draft,
    )
    return AmazonConsent(client, app)


async def keep(_exchange: Exchange) -> None:
    """Nothing is looked at afterwards."""


async def come_back(seller: Seller, consent: AmazonConsent, decision: str = "allow") -> list[tuple[str, str]]:
    page = consent.authorize_url(seller.url, redirect_uri=BACK, state="visit-1")
    answer = await seller.client.post(page, data={"name": "Demo seller", "decision": decision})
    assert answer.status_code == 302, answer.text
    return parse_qsl(urlsplit(answer.headers["location"]).query)


def test_the_page_is_seller_centrals_of_the_region() -> None:
    consent = consent_of(httpx.AsyncClient(), draft=True)
    page = urlsplit(consent.authorize_url(FE, redirect_uri=BACK, state="s"))
    assert (page.netloc, page.path) == ("sellercentral.amazon.co.jp", "/apps/authorize/consent")
    assert dict(parse_qsl(page.query)) == {
        "application_id": APPLICATION,
        "state": "s",
        "redirect_uri": BACK,
        "version": "beta",
    }


async def test_a_seller_who_agrees_gives_access_for_an_hour_and_a_way_to_renew_it(seller: Seller) -> None:
    consent = consent_of(seller.client, root=seller.url)
    answer = consent.read_return(await come_back(seller, consent), now=NOW, expected_state="visit-1")

    held = await consent.exchange(seller.url, code=answer.code, now=NOW)
    renewed = await consent.renew(seller.url, held, now=NOW + timedelta(minutes=50), keep=keep)

    assert held.others == {"seller_id": seller.id}
    assert held.expires_at == NOW + timedelta(hours=1)
    assert renewed.access_token != held.access_token
    assert (renewed.refresh_token, renewed.others) == (held.refresh_token, held.others)
    with pytest.raises(PermissionLost):
        await consent.exchange(seller.url, code=answer.code, now=NOW)


async def test_a_seller_who_declines_is_told_apart_from_an_attack(seller: Seller) -> None:
    consent = consent_of(seller.client, root=seller.url)
    declined = await come_back(seller, consent, decision="deny")
    with pytest.raises(ConsentRefused) as error:
        consent.read_return(declined, now=NOW, expected_state="visit-1")
    assert error.value.declined


@pytest.mark.parametrize(
    "query",
    [
        [("state", "other"), ("selling_partner_id", "A1"), ("spapi_oauth_code", "c")],
        [("selling_partner_id", "A1"), ("spapi_oauth_code", "c")],
        [("state", "visit-1"), ("state", "visit-1"), ("selling_partner_id", "A1"), ("spapi_oauth_code", "c")],
        [("state", "visit-1"), ("selling_partner_id", "A1")],
        [("state", "visit-1"), ("selling_partner_id", "../A1"), ("spapi_oauth_code", "c")],
    ],
)
def test_anything_but_the_answer_to_our_visit_is_refused(query: list[tuple[str, str]]) -> None:
    with pytest.raises(ConsentRefused):
        consent_of(httpx.AsyncClient()).read_return(query, now=NOW, expected_state="visit-1")


async def test_a_consent_taken_back_is_the_merchants_to_give_again(seller: Seller) -> None:
    consent = consent_of(seller.client, root=seller.url)
    answer = consent.read_return(await come_back(seller, consent), now=NOW, expected_state="visit-1")
    held = await consent.exchange(seller.url, code=answer.code, now=NOW)
    await seller.lever("revoke")

    with pytest.raises(PermissionLost) as error:
        await consent.renew(seller.url, held, now=NOW, keep=keep)
    assert error.value.problem.code == "invalid_grant"


async def test_a_secret_that_is_no_longer_good_is_ours_to_mend(seller: Seller) -> None:
    good = consent_of(seller.client, root=seller.url)
    answer = good.read_return(await come_back(seller, good), now=NOW, expected_state="visit-1")
    held = await good.exchange(seller.url, code=answer.code, now=NOW)

    with pytest.raises(OurFault) as error:
        await consent_of(seller.client, root=seller.url, secret="old").renew(seller.url, held, now=NOW, keep=keep)
    assert error.value.problem.code == "invalid_client"


async def test_the_bytes_of_a_renewal_are_as_amazon_wants_them() -> None:
    wire = Wire(b'{"access_token":"Atza|new","token_type":"bearer","expires_in":3600}')
    held = consent_of(wire.client())

    renewed = await held.renew(FE, Credentials(access_token="a", refresh_token="Atzr|r"), now=NOW, keep=keep)

    [request] = wire.requests
    assert str(request.url) == "https://api.amazon.com/auth/o2/token"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"
    assert request.content == (
        b"grant_type=refresh_token&refresh_token=Atzr%7Cr&client_id=practice-app&client_secret=practice-secret"
    )
    assert (renewed.access_token, renewed.refresh_token) == ("Atza|new", "Atzr|r")


async def test_an_outage_of_the_sign_in_takes_nobodys_permission_away() -> None:
    wire = Wire(refused(503, b'{"error":"temporarily_unavailable"}'))

    with pytest.raises(Busy):
        await consent_of(wire.client()).renew(FE, Credentials(access_token="a", refresh_token="r"), now=NOW, keep=keep)
