"""The client on literal wire bytes: what is sent, and how every kind of answer is sorted."""

import base64
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.errors import AccountBlocked, Busy, ChannelError, InDoubt, OurFault, PermissionLost
from connectors.records import Credentials
from connectors.yahoo.client import Reply, YahooClient
from tests.connectors.wire import FakeAccount, Wire
from tests.connectors.yahoo.store_account import an_account, refused_xml

OK = b"<ResultSet><Result><Status>OK</Status></Result></ResultSet>"


async def read(wire: Wire, account: FakeAccount | None = None) -> Reply:
    async with wire.client() as client:
        return await YahooClient(client, account or an_account()).get("getItem", {"item_code": "a"})


async def write(wire: Wire, account: FakeAccount | None = None) -> Reply:
    async with wire.client() as client:
        shop = YahooClient(client, account or an_account(), clock=lambda: 1_795_000_000.9)
        return await shop.post("editItem", {"item_code": "test99999", "name": "テスト商品", "path": "食品:その他"})


# ---- what is sent ----


async def test_a_write_is_a_form_with_the_seller_and_the_bearer_token() -> None:
    wire, account = Wire(OK), an_account()
    reply = await write(wire, account)
    assert reply.refusals == ()
    (request,) = wire.requests
    assert (request.method, str(request.url)) == (
        "POST",
        "https://circus.shopping.yahooapis.jp/ShoppingWebService/V1/editItem",
    )
    assert request.headers["Authorization"] == "Bearer planted-token"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "X-sws-signature" not in request.headers
    assert request.content == (
        b"seller_id=teststore&item_code=test99999&name=%E3%83%86%E3%82%B9%E3%83%88%E5%95%86%E5%93%81"
        b"&path=%E9%A3%9F%E5%93%81%3A%E3%81%9D%E3%81%AE%E4%BB%96"
    )


async def test_a_read_carries_its_parameters_in_the_address() -> None:
    wire = Wire(OK)
    await read(wire)
    (request,) = wire.requests
    assert (request.method, request.content) == ("GET", b"")
    assert parse_qsl(request.url.query.decode()) == [("seller_id", "teststore"), ("item_code", "a")]


async def test_each_operation_is_paid_from_its_own_second_and_from_the_day() -> None:
    account = an_account()
    await write(Wire(OK), account)
    assert account.paid == [("editItem", 1), ("day", 1)]


async def test_a_rate_that_is_used_up_here_sends_nothing() -> None:
    wire = Wire()
    with pytest.raises(Busy):
        await write(wire, an_account(wait_seconds=4.0))
    assert wire.requests == []


async def test_public_key_authentication_encrypts_seller_and_time() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    others = {"public_key": pem, "key_version": "3"}
    wire = Wire(OK)
    await write(wire, an_account(held=Credentials(access_token="t", others=others)))
    (request,) = wire.requests
    assert request.headers["X-sws-signature-version"] == "3"
    sealed = base64.b64decode(request.headers["X-sws-signature"])
    assert private.decrypt(sealed, padding.PKCS1v15()) == b"teststore:1795000000"


@pytest.mark.parametrize("pem", ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
async def test_a_public_key_that_is_none_asks_for_a_new_connection(pem: str) -> None:
    wire = Wire()
    held = Credentials(access_token="t", others={"public_key": pem, "key_version": "1"})
    with pytest.raises(PermissionLost) as caught:
        await write(wire, an_account(held=held))
    assert caught.value.problem.code == "unusable_public_key"
    assert wire.requests == []


@pytest.mark.parametrize("token", ["a\n", "トークン", "a\x00b"])
async def test_a_token_no_header_can_carry_asks_for_a_new_connection(token: str) -> None:
    wire = Wire()
    with pytest.raises(PermissionLost):
        await write(wire, an_account(held=Credentials(access_token=token)))
    assert wire.requests == []


async def test_the_token_is_not_in_what_is_kept() -> None:
    account = an_account()
    await write(Wire(OK), account)
    (kept,) = account.exchanges
    assert kept.operation == "editItem"
    assert "test99999" in kept.request_body
    assert "planted-token" not in repr(kept)


# ---- what comes back ----


async def test_one_refusal_and_many_are_read_alike_and_warnings_are_none() -> None:
    one = (
        b"<ResultSet><Result><Status>NG</Status><Error><Target>path</Target><Code>it-01011</Code><Message/></Error>"
        b"</Result></ResultSet>"
    )
    two = (
        b"<ResultSet><Result><Status>NG</Status>\n <Error><Target>item_code</Target><Code>it-01013</Code><Message/>"
        b"</Error>\n <Error><Target>path</Target><Code>it-01011</Code><Message><![CDATA[ \xe5\xbf\x85\xe9\xa0\x88 ]]>"
        b"</Message></Error></Result></ResultSet>"
    )
    warned = (
        b'<ResultSet totalResultsAvailable="1" totalResultsReturned="1"><Result><Status>OK</Status><Warning>'
        b"<Target>name</Target><Code>it-x</Code><Message>w</Message></Warning></Result></ResultSet>"
    )
    assert [r.code for r in (await write(Wire(one))).refusals] == ["it-01011"]
    refusals = (await write(Wire(two))).refusals
    assert [(r.target, r.code, r.words) for r in refusals] == [
        ("item_code", "it-01013", ""),
        ("path", "it-01011", " 必須 "),
    ]
    assert (await write(Wire(warned))).refusals == ()


@pytest.mark.parametrize("status", [200, 400])
async def test_a_refused_item_is_no_error_of_the_call_whatever_status_it_comes_with(status: int) -> None:
    refusal = "<Error><Code>it-01089</Code><Message>x</Message></Error>"
    body = f"<ResultSet><Result><Status>NG</Status>{refusal}</Result></ResultSet>"
    reply = await write(Wire(refused_xml(status, body)))
    assert [r.code for r in reply.refusals] == ["it-01089"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><p>not closed",
        b'<!DOCTYPE x [<!ENTITY a "b">]><ResultSet>&a;</ResultSet>',
        '<?xml version="1.0"?><!DOCTYPE ResultSet><ResultSet/>'.encode("utf-16"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_in_doubt_for_a_write_and_ours_for_a_read(body: bytes) -> None:
    with pytest.raises(InDoubt):
        await write(Wire(body))
    with pytest.raises(OurFault):
        await read(Wire(body))


CHALLENGE = 'Bearer realm="yahooapis.jp", error="invalid_token", error_description="expired token"'
EXPIRED = f"<Error><Message>Please provide valid credentials. {CHALLENGE}</Message></Error>"
SCOPE = EXPIRED.replace("invalid_token", "insufficient_scope").replace("expired token", "insufficient scope")


async def test_an_expired_token_is_told_by_its_header_or_by_its_words() -> None:
    for reply in (refused_xml(401, EXPIRED), refused_xml(401, "", www_authenticate=CHALLENGE)):
        with pytest.raises(PermissionLost) as caught:
            await write(Wire(reply))
        assert caught.value.problem.code == "expired_token"


async def test_an_expired_token_is_tried_once_more_with_another_and_no_more() -> None:
    account = an_account()
    tokens = iter([Credentials(access_token="old"), Credentials(access_token="new")])

    async def credentials() -> Credentials:
        return next(tokens)

    account.credentials = credentials  # type: ignore[method-assign]
    wire = Wire(refused_xml(401, EXPIRED), OK)
    await write(wire, account)
    assert [request.headers["Authorization"] for request in wire.requests] == ["Bearer old", "Bearer new"]
    again = Wire(refused_xml(401, EXPIRED), OK)
    with pytest.raises(PermissionLost):
        await write(again)
    assert len(again.requests) == 1


async def test_a_missing_scope_is_not_an_expired_token() -> None:
    with pytest.raises(PermissionLost) as caught:
        await write(Wire(refused_xml(401, SCOPE)))
    assert caught.value.problem.code == "insufficient_scope"
    assert caught.value.problem.original.startswith("Please provide valid credentials.")


def error(code: str, message: str = "words") -> str:
    return f"<?xml version='1.0' encoding='UTF-8' ?>\n<Error><Message>{message}</Message><Code>{code}</Code></Error>"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, error("px-04102"), PermissionLost),
        (400, error("px-04001", "SellerID is not specified"), OurFault),
        (403, error("px-04303"), AccountBlocked),
        (403, error("px-04306"), AccountBlocked),
        (403, error("px-04307"), AccountBlocked),
        (403, error("px-14303"), AccountBlocked),
        (400, error("px-14303"), AccountBlocked),
        (403, error("px-14304"), PermissionLost),
        (403, error("px-99999"), PermissionLost),
        (400, error("ed-00003"), AccountBlocked),
        (503, error("ed-00002"), Busy),
        (503, error("st-02000"), Busy),
        (200, error("ed-00006"), Busy),
        (500, error("ed-00001"), InDoubt),
        (500, error("st-02999"), InDoubt),
        (500, "", InDoubt),
        (503, "", InDoubt),
        (429, "", Busy),
        (404, "", OurFault),
    ],
)
async def test_every_error_of_a_write_says_who_must_act(status: int, body: str, kind: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        await write(Wire(refused_xml(status, body)))
    assert type(caught.value) is kind


@pytest.mark.parametrize("body", [error("ed-00001"), error("st-02999"), ""])
async def test_a_system_error_of_a_read_is_only_asked_again(body: str) -> None:
    with pytest.raises(Busy):
        await read(Wire(refused_xml(500, body)))


async def test_too_many_calls_wait_a_while_even_for_a_write() -> None:
    body = "<Error><Message>Your Request was Forbidden</Message></Error>"
    with pytest.raises(Busy) as caught:
        await write(Wire(refused_xml(403, body)))
    assert caught.value.retry_after_seconds == 60.0
    assert caught.value.problem.original == "Your Request was Forbidden"


@pytest.mark.parametrize(("call", "kind"), [(write, InDoubt), (read, Busy)], ids=["write", "read"])
async def test_a_lost_answer_is_in_doubt_for_a_write_only(
    call: Callable[[Wire], Awaitable[Reply]], kind: type[ChannelError]
) -> None:
    with pytest.raises(kind):
        await call(Wire(httpx.ReadTimeout("x")))


async def test_yahoos_own_words_and_code_are_kept() -> None:
    with pytest.raises(OurFault) as caught:
        await read(Wire(refused_xml(400, error("px-04001", "SellerID is not specified"))))
    problem = caught.value.problem
    assert (problem.code, problem.original, problem.original_lang) == ("px-04001", "SellerID is not specified", "en")
