import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from connectors import http
from connectors.errors import AccountBlocked, Busy, ChannelError, InDoubt, OurFault, PermissionLost
from connectors.records import Exchange
from tests.connectors.wire import FakeAccount, Wire, refused

URL = "https://demo.myshopify.com/admin/api/2026-07/graphql.json"


def request(*, writes: bool = False, url: str = URL) -> http.Request:
    return http.Request(
        operation="Shop",
        method="POST",
        url=url,
        writes=writes,
        headers={"Content-Type": "application/json", "X-Shopify-Access-Token": "shpat_planted"},
        content=b'{"query":"{ shop { id } }","variables":{"email":"ada@example.com"}}',
        secrets=("shpat_planted",),
    )


async def send(wire: Wire, *, writes: bool = False) -> tuple[http.Answer | ChannelError, list[Exchange]]:
    account = FakeAccount()
    async with wire.client() as client:
        try:
            return await http.send(client, request(writes=writes), keep=account.keep_exchange), account.exchanges
        except ChannelError as error:
            return error, account.exchanges


async def test_an_answer_is_handed_back_whole_and_kept_masked() -> None:
    wire = Wire(b'{"data":{"shop":{"email":"owner@example.com","token":"shpat_planted"}}}')
    answer, exchanges = await send(wire)
    assert isinstance(answer, http.Answer)
    assert (answer.status, answer.request_id) == (200, "req-1")
    assert b"owner@example.com" in answer.body
    (kept,) = exchanges
    assert (kept.operation, kept.method, kept.status, kept.channel_request_id) == ("Shop", "POST", 200, "req-1")
    assert "{ shop { id } }" in kept.request_body
    assert [s for s in ("shpat_planted", "ada@example.com", "owner@example.com") if s in repr(kept)] == []


async def test_a_redirect_is_not_followed() -> None:
    wire = Wire(httpx.Response(302, headers={"location": "https://evil.example/"}))
    answer, _ = await send(wire)
    assert isinstance(answer, http.Answer)
    assert answer.status == 302
    assert len(wire.requests) == 1
    assert isinstance(http.error_for_status(answer, request()), OurFault)


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("failure", [httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")])
async def test_what_never_left_is_busy_even_for_a_write(failure: Exception, writes: bool) -> None:
    error, exchanges = await send(Wire(failure), writes=writes)
    assert isinstance(error, Busy)
    assert error.problem.code == "unreachable"
    assert [kept.status for kept in exchanges] == [None]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.DecodingError("x"),
    ],
)
async def test_a_lost_answer_leaves_a_write_in_doubt_and_a_read_busy(failure: Exception) -> None:
    assert isinstance((await send(Wire(failure), writes=True))[0], InDoubt)
    assert isinstance((await send(Wire(failure), writes=False))[0], Busy)


async def test_the_whole_call_has_one_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.05)
    account = FakeAccount()
    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        with pytest.raises(InDoubt) as caught:
            await http.send(client, request(writes=True), keep=account.keep_exchange)
    assert caught.value.problem.code == "no_answer"
    assert len(account.exchanges) == 1


@pytest.mark.parametrize(("writes", "kind"), [(True, InDoubt), (False, Busy)])
async def test_an_endless_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, writes: bool, kind: type[ChannelError]
) -> None:
    monkeypatch.setattr(http, "ANSWER_BYTES", 100)
    error, exchanges = await send(Wire(b"x" * 101), writes=writes)
    assert isinstance(error, kind)
    assert error.problem.code == "answer_too_large"
    assert exchanges[0].response_body == ""


async def test_a_small_gzip_cannot_become_a_large_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_BYTES", 10_000)
    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b" " * 1_000_000))
    error, _ = await send(Wire(packed))
    assert isinstance(error, Busy)
    assert error.problem.code == "answer_too_large"


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (400, OurFault, OurFault),
        (401, PermissionLost, PermissionLost),
        (402, AccountBlocked, AccountBlocked),
        (403, PermissionLost, PermissionLost),
        (404, OurFault, OurFault),
        (408, Busy, Busy),
        (422, OurFault, OurFault),
        (423, AccountBlocked, AccountBlocked),
        (429, Busy, Busy),
        (500, Busy, InDoubt),
        (502, Busy, InDoubt),
        (503, Busy, InDoubt),
    ],
)
async def test_every_status_says_who_must_act(status: int, read: type[ChannelError], write: type[ChannelError]) -> None:
    for writes, kind in ((False, read), (True, write)):
        answer, _ = await send(Wire(refused(status, b"{}", x_request_id="abc")), writes=writes)
        assert isinstance(answer, http.Answer)
        error = http.error_for_status(answer, request(writes=writes), original="their words")
        assert type(error) is kind
        assert error.problem.code == f"http_{status}"
        assert error.problem.original == "their words"
        assert error.problem.channel_request_id == "abc"


async def test_a_channel_may_mean_something_else_by_a_status() -> None:
    answer, _ = await send(Wire(refused(404, b"{}")))
    assert isinstance(answer, http.Answer)
    assert isinstance(http.error_for_status(answer, request(), special={404: AccountBlocked}), AccountBlocked)


@pytest.mark.parametrize(
    ("header", "seconds"), [("2.0", 2.0), ("30", 30.0), ("soon", 0.0), ("-1", 0.0), ("1.2.3", 0.0)]
)
async def test_the_wait_asked_for_is_kept(header: str, seconds: float) -> None:
    answer, _ = await send(Wire(refused(429, b"{}", retry_after=header)))
    assert isinstance(answer, http.Answer)
    error = http.error_for_status(answer, request())
    assert isinstance(error, Busy)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"text"', b"[" * 100_000])
async def test_a_success_that_cannot_be_read_leaves_a_write_in_doubt(body: bytes) -> None:
    answer, _ = await send(Wire(body))
    assert isinstance(answer, http.Answer)
    with pytest.raises(InDoubt):
        http.json_object(answer, request(writes=True))
    with pytest.raises(OurFault):
        http.json_object(answer, request(writes=False))


# ---- the same over a real socket ----


@asynccontextmanager
async def server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    running = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/"


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data"')
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("answer", [hang_up, half_an_answer])
async def test_a_connection_broken_after_sending_leaves_a_write_in_doubt(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    async with server(answer) as url, httpx.AsyncClient() as client:
        with pytest.raises(InDoubt):
            await http.send(client, request(writes=True, url=url), keep=FakeAccount().keep_exchange)
        with pytest.raises(Busy):
            await http.send(client, request(writes=False, url=url), keep=FakeAccount().keep_exchange)


async def test_nobody_listening_is_busy_for_a_write_too() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        async with httpx.AsyncClient() as client:
            with pytest.raises(Busy) as caught:
                await http.send(client, request(writes=True, url=url), keep=FakeAccount().keep_exchange)
    assert caught.value.problem.code == "unreachable"
