"""Literal bytes on the wire: what a call carries, and what each refusal means for whoever must act."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from connectors.amazon.client import TRIES, AmazonClient, path_of
from connectors.errors import Busy, ChannelError, DataRefused, InDoubt, OurFault, PermissionLost
from connectors.records import Credentials
from tests.connectors.wire import FakeAccount, Wire, refused

ACCOUNT = FakeAccount(
    domain="amazon.co.jp",
    base_url="https://sellingpartnerapi-fe.amazon.com",
    settings={"seller_id": "A1SELLER"},
    held=Credentials(access_token="Atza|planted", refresh_token="Atzr|planted"),
)
PATH = "/listings/2021-08-01/items/A1SELLER/MUG%2F1"


def error(code: str, message: str = "", details: str = "") -> bytes:
    return f'{{"errors":[{{"code":"{code}","message":"{message}","details":"{details}"}}]}}'.encode()


def client_of(wire: Wire) -> tuple[AmazonClient, FakeAccount]:
    account = replace(ACCOUNT, paid=[], exchanges=[], corrected=[])
    return AmazonClient(wire.client(), account), account


async def test_a_call_carries_the_token_the_time_and_our_name_and_its_path_is_encoded_once() -> None:
    wire = Wire(b'{"sku":"MUG/1"}')
    client, account = client_of(wire)

    reply = await client.get("getListingsItem", PATH, [("marketplaceIds", "A1VC38T7YXB528")])

    [request] = wire.requests
    assert request.url.raw_path == PATH.encode() + b"?marketplaceIds=A1VC38T7YXB528"
    assert request.headers["x-amz-access-token"] == "Atza|planted"
    assert len(request.headers["x-amz-date"]) == len("20260801T123600Z")
    assert request.headers["user-agent"].startswith("Crossdock/")
    assert "authorization" not in request.headers
    assert (reply.found, reply.body) == (True, {"sku": "MUG/1"})
    assert account.paid == [("getListingsItem", 1)]
    assert path_of("MUG/1") == "/MUG%2F1"


async def test_the_token_is_in_no_exchange_that_is_kept() -> None:
    wire = Wire(refused(400, error("InvalidInput", "token Atza|planted is bad")))
    client, account = client_of(wire)
    with pytest.raises(OurFault):
        await client.get("getListingsItem", PATH)
    assert "planted" not in repr(account.exchanges)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (
            refused(403, error("Unauthorized", "Access to requested resource is denied.")),
            PermissionLost,
            "Unauthorized",
        ),
        (refused(401, b""), PermissionLost, "http_401"),
        (refused(400, error("InvalidInput", "Invalid Input")), OurFault, "InvalidInput"),
        (refused(413, b"<html>"), OurFault, "http_413"),
        (refused(500, error("InternalFailure", "We encountered an internal error.")), InDoubt, "InternalFailure"),
        (refused(503, b""), InDoubt, "http_503"),
        (httpx.ReadTimeout("slow"), InDoubt, "no_answer"),
        (httpx.ConnectError("down"), Busy, "unreachable"),
        (b"<html>", InDoubt, "unreadable_answer"),
    ],
)
async def test_every_refusal_of_a_write_is_sorted_by_who_must_act(
    answer: bytes | httpx.Response | Exception, kind: type[ChannelError], code: str
) -> None:
    client, _account = client_of(Wire(answer))
    with pytest.raises(kind) as raised:
        await client.send("putListingsItem", "PUT", PATH, [], {})
    assert raised.value.problem.code == code


async def test_a_read_that_is_lost_is_asked_again() -> None:
    client, _account = client_of(Wire(refused(503, b"")))
    with pytest.raises(Busy):
        await client.get("getListingsItem", PATH)


async def test_an_image_amazon_cannot_fetch_is_the_merchants_to_mend() -> None:
    said = "Unable to Retrieve Media Content for URL 'Media Content is Not Hosted by Amazon': https://example.com/a.jpg"
    client, _account = client_of(Wire(refused(400, error("InvalidInput", said))))
    with pytest.raises(DataRefused) as raised:
        await client.send("putListingsItem", "PUT", PATH, [], {})
    assert (raised.value.problem.field, raised.value.problem.original) == ("/images", said)


async def test_what_there_is_not_is_an_answer_and_no_error() -> None:
    client, _account = client_of(Wire(refused(404, error("NotFound", "SKU not found"))))
    assert not (await client.get("getListingsItem", PATH)).found


async def test_an_expired_token_is_renewed_and_tried_once_more_and_no_more() -> None:
    expired = refused(403, error("Unauthorized", "Access denied", "The access token you provided has expired."))
    wire = Wire(expired, b"{}")
    account = _Renewing(domain="amazon.co.jp", base_url=ACCOUNT.base_url, settings=ACCOUNT.settings)
    await AmazonClient(wire.client(), account).get("getListingsItem", PATH)
    assert [request.headers["x-amz-access-token"] for request in wire.requests] == ["first", "second"]

    client, _account = client_of(Wire(expired))
    with pytest.raises(PermissionLost):
        await client.get("getListingsItem", PATH)


async def test_the_rate_in_force_is_taken_from_the_answer_and_a_refusal_empties_the_bucket() -> None:
    slower = httpx.Response(200, headers={"x-amzn-RateLimit-Limit": "2.5"}, content=b"{}")
    client, account = client_of(Wire(slower, refused(429, error("QuotaExceeded")), b"{}"))
    await client.get("getListingsItem", PATH)
    await client.get("getListingsItem", PATH)
    assert account.corrected == [(10, 10, 2.5), (0, 10, 5)]
    assert len(account.paid) == 3, "the call that is repeated is paid for again"


async def test_a_call_that_is_always_too_fast_is_said_to_be_busy_and_did_nothing() -> None:
    too_fast = refused(429, error("QuotaExceeded", "You exceeded your quota for the requested resource."))
    client, _account = client_of(Wire(*[too_fast] * TRIES))
    with pytest.raises(Busy) as raised:
        await client.send("putListingsItem", "PUT", PATH, [], {})
    assert (raised.value.problem.code, raised.value.retry_after_seconds) == ("QuotaExceeded", 0.2)


class _Renewing(FakeAccount):
    """Gives another token each time it is asked."""

    async def credentials(self) -> Credentials:
        first, self.held = self.held, Credentials(access_token="second")
        return Credentials(access_token="first") if first.access_token != "second" else first
