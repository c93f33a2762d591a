import httpx
import pytest

from connectors.errors import Busy, ChannelError, DataRefused, InDoubt, OurFault, PermissionLost
from connectors.rakuten.client import ITEM, Call, RakutenClient, Reply
from connectors.records import Credentials
from tests.connectors.rakuten.products import LIBRARY
from tests.connectors.wire import FakeAccount, Wire, refused

HELD = Credentials(access_token="SL000000_xyz", others={"service_secret": "SP000000_abc"})
CODED = "U1AwMDAwMDBfYWJjOlNMMDAwMDAwX3h5eg=="
READ = Call(operation="items.get", method="GET", path="/es/2.0/items/manage-numbers/mug", bucket=ITEM)
WRITE = Call(
    operation="items.patch",
    method="PATCH",
    path="/es/2.0/items/manage-numbers/mug",
    bucket=ITEM,
    writes=True,
    body={"title": "マグ"},
)


def an_account(**changes: object) -> FakeAccount:
    usual: dict[str, object] = {
        "domain": "demo-shop",
        "base_url": "https://api.rms.rakuten.co.jp",
        "settings": {},
        "currency": "JPY",
        "held": HELD,
        "library": dict(LIBRARY),
    }
    return FakeAccount(**(usual | changes))  # type: ignore[arg-type]  # tests name real fields


async def ask(wire: Wire, call: Call, account: FakeAccount | None = None) -> Reply:
    async with wire.client() as client:
        return await RakutenClient(client, account or an_account()).ask(call)


async def test_a_read_carries_the_header_of_both_keys_and_no_body() -> None:
    wire, account = Wire(b'{"manageNumber":"mug"}'), an_account()
    reply = await ask(wire, READ, account)
    assert reply.body == {"manageNumber": "mug"}
    (request,) = wire.requests
    assert (request.method, str(request.url)) == (
        "GET",
        "https://api.rms.rakuten.co.jp/es/2.0/items/manage-numbers/mug",
    )
    assert request.headers["Authorization"] == f"ESA {CODED}"
    assert request.headers["Accept"] == "application/json"
    assert "Content-Type" not in request.headers
    assert request.content == b""
    assert account.paid == [("item", 1)]


async def test_a_write_is_json_in_utf_8() -> None:
    wire = Wire(httpx.Response(204))
    assert (await ask(wire, WRITE)).status == 204
    (request,) = wire.requests
    assert request.headers["Content-Type"] == "application/json"
    assert request.content == '{"title":"マグ"}'.encode()


async def test_a_query_is_written_out() -> None:
    wire = Wire(b"{}")
    call = Call(
        operation="items.search", method="GET", path="/es/2.0/items/search", bucket=ITEM, query={"title": "a b&c"}
    )
    await ask(wire, call)
    assert wire.requests[0].url.raw_path == b"/es/2.0/items/search?title=a+b%26c"


async def test_no_key_is_in_what_is_kept() -> None:
    account = an_account()
    said = f'{{"errors":[{{"code":"IE0002","message":"SP000000_abc SL000000_xyz {CODED}"}}]}}'
    call = Call(operation="x", method="GET", path="/x", bucket=ITEM, query={"licenseKey": "SL000000_xyz"})
    await ask(Wire(refused(400, said.encode())), call, account)
    (kept,) = account.exchanges
    assert kept.operation == "x"
    for secret in ("SP000000_abc", "SL000000_xyz", CODED):
        assert secret not in repr(kept)


async def test_a_bucket_that_is_empty_here_sends_nothing() -> None:
    wire = Wire()
    with pytest.raises(Busy) as caught:
        await ask(wire, READ, an_account(wait_seconds=4.0))
    assert caught.value.retry_after_seconds == 4.0
    assert wire.requests == []


@pytest.mark.parametrize(
    "held",
    [Credentials(access_token="x"), Credentials(access_token="鍵", others={"service_secret": "SP"})],
)
async def test_keys_no_header_can_carry_ask_for_new_ones(held: Credentials) -> None:
    wire = Wire()
    with pytest.raises(PermissionLost):
        await ask(wire, READ, an_account(held=held))
    assert wire.requests == []


UNAUTHORISED = b'{"Results":{"errorCode":"ES01-01","message":"Un-Authorised"}}'
MAINTENANCE = b'{"Results":{"errorCode":"ES01-02","message":"API In Maintenance"}}'
TOO_FAST = b'{"errors":[{"code":"GA0003","message":"Forbidden- Exceeded QPS Limitation"}]}'
TITLE = (
    b'{"errors":[{"code":"IE0004","message":"Max length of title must be within 255 bytes.",'
    b'"metadata":{"propertyPath":"title"}}]}'
)
NOT_FOUND = b'{"errors":[{"code":"GE0014","message":"Not found for inputs; manageNumber=mug"}]}'


@pytest.mark.parametrize(
    ("reply", "read", "write"),
    [
        (refused(401, UNAUTHORISED), PermissionLost, PermissionLost),
        (refused(401, b'{"errors":[{"code":"GA0001","message":"Un-Authorised"}]}'), PermissionLost, PermissionLost),
        (refused(503, MAINTENANCE), Busy, Busy),
        (refused(429, TOO_FAST), Busy, Busy),
        (refused(403, TOO_FAST), Busy, Busy),
        (refused(500, b'{"errors":[{"code":"X0000","message":"System Error"}]}'), Busy, InDoubt),
        (refused(503, b"<html>"), Busy, InDoubt),
        (refused(502, b'{"Results":{"errorCode":"ES03-01","message":"Bad Gateway"}}'), Busy, InDoubt),
        (refused(404, b'{"Results":{"errorCode":"ES05-06","message":"Not Found"}}'), OurFault, OurFault),
        (b"<html>", OurFault, InDoubt),
        (httpx.ConnectError("x"), Busy, Busy),
        (httpx.ReadTimeout("x"), Busy, InDoubt),
    ],
)
async def test_what_stops_a_whole_call_is_raised_by_who_must_act(
    reply: bytes | httpx.Response | Exception, read: type[ChannelError], write: type[ChannelError]
) -> None:
    for call, kind in ((READ, read), (WRITE, write)):
        with pytest.raises(ChannelError) as caught:
            await ask(Wire(reply), call)
        assert type(caught.value) is kind


async def test_the_words_and_the_request_are_kept_as_they_were_said() -> None:
    with pytest.raises(PermissionLost) as caught:
        await ask(Wire(refused(401, UNAUTHORISED, request_id="r-1")), READ)
    problem = caught.value.problem
    assert (problem.code, problem.original, problem.channel_request_id) == ("ES01-01", "Un-Authorised", "r-1")


async def test_a_refusal_of_what_was_sent_is_in_the_reply() -> None:
    reply = await ask(Wire(refused(400, TITLE, request_id="r-2")), WRITE)
    problem = reply.problem()
    assert problem is not None
    assert (problem.code, problem.field, problem.channel_request_id) == ("IE0004", "/title", "r-2")
    assert problem.original == "Max length of title must be within 255 bytes."
    assert not reply.not_found


async def test_what_is_not_there_is_no_error_of_a_read() -> None:
    async with Wire(refused(404, NOT_FOUND), refused(400, TITLE)).client() as client:
        store = RakutenClient(client, an_account())
        assert (await store.get_item("mug")).not_found
        with pytest.raises(DataRefused):
            await store.get_item("mug")
