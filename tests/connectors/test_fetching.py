"""Asking addresses that merchants typed: what is refused before a packet leaves, and what bounds the rest."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import tracemalloc
import zlib
from asyncio import selector_events
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import cycle
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connectors import fetching
from connectors.fetching import Fetched, FetchRefused, Kind, Limits, Way, fetch, is_public, target_of

SHOP = "http://pictures.example/cup.jpg"
PUBLIC_ADDRESS = "93.184.215.14"

# The hosts that only a look-up unmasks, with what it says.
NAMES = {
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "ten.example": ["10.0.0.8"],
    "both.example": [PUBLIC_ADDRESS, "192.168.1.1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "unique-local.example": ["fd00::8"],
}
FORBIDDEN = """
http://127.0.0.1/a.jpg
http://0/a.jpg
http://0.0.0.0/a.jpg
http://0x7f.1/a.jpg
http://0x7f000001/a.jpg
http://2130706433/a.jpg
http://0177.0.0.1/a.jpg
http://127.1/a.jpg
http://127.0.0.1./a.jpg
http://[::1]/a.jpg
http://[::]/a.jpg
http://[::ffff:127.0.0.1]/a.jpg
http://[::127.0.0.1]/a.jpg
http://[64:ff9b::7f00:1]/a.jpg
http://[64:ff9b:1::7f00:1]/a.jpg
http://[2002:7f00:1::]/a.jpg
http://[2001:0:7f00:1::]/a.jpg
http://[fe80::1]/a.jpg
http://[fd00::1]/a.jpg
http://[ff02::1]/a.jpg
http://169.254.169.254/latest/meta-data/
http://[fd00:ec2::254]/latest/meta-data/
http://metadata.google.internal/computeMetadata/v1/
http://metadata/a.jpg
http://10.0.0.1/a.jpg
http://172.16.0.1/a.jpg
http://100.64.0.1/a.jpg
http://192.168.0.1/a.jpg
http://224.0.0.1/a.jpg
http://255.255.255.255/a.jpg
http://localhost/a.jpg
http://localhost./a.jpg
http://shop.localhost/a.jpg
http://printer.local/a.jpg
http://127.0.0.1.nip.io/a.jpg
http://ten.example/a.jpg
http://both.example/a.jpg
http://mapped.example/a.jpg
http://unique-local.example/a.jpg
http://ⓛocalhost/a.jpg
http://１２７.０.０.１/a.jpg
http://pictures.example./a.jpg
http://pictures.example:22/a.jpg
http://pictures.example:25/a.jpg
http://pictures.example:6379/a.jpg
http://pictures.example:5432/a.jpg
http://pictures.example:8080/a.jpg
https://pictures.example:80/a.jpg
http://ann:secret@pictures.example/a.jpg
http://pictures.example@127.0.0.1/a.jpg
http://pictures.example\\@127.0.0.1/a.jpg
http://127.0.0.1%00.pictures.example/a.jpg
http://127%2e0.0.1/a.jpg
file:///etc/passwd
gopher://pictures.example/a.jpg
ftp://pictures.example/a.jpg
data:image/png;base64,AAAA
//pictures.example/a.jpg
pictures.example/a.jpg
http:///a.jpg
""".strip().splitlines()

Serve = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


async def looked_up(host: str) -> Sequence[str]:
    return NAMES[host]


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every try to connect or to ask the network for a name; none gets through."""
    seen: list[object] = []

    def stop(*arguments: object, **_kwargs: object) -> None:
        seen.append(arguments[-1])
        raise OSError("stopped by the test")

    monkeypatch.setattr(selector_events.BaseSelectorEventLoop, "sock_connect", stop)
    monkeypatch.setattr(socket, "getaddrinfo", stop)
    return seen


@pytest.mark.parametrize("url", FORBIDDEN)
async def test_an_address_of_ours_is_refused_before_any_packet(url: str, packets: list[object]) -> None:
    with pytest.raises(FetchRefused) as refused:
        await fetch(url, way=Way(resolve=looked_up))
    assert refused.value.kind is Kind.UNREACHABLE
    assert packets == []


@pytest.mark.parametrize("url", ["http://93.184.215.14/a.jpg", "http://public.example/a.jpg"])
async def test_the_guard_of_the_test_above_would_notice(url: str, packets: list[object]) -> None:
    async def public(_host: str) -> Sequence[str]:
        return [PUBLIC_ADDRESS]

    with pytest.raises(FetchRefused):
        await fetch(url, way=Way(resolve=public))
    assert packets == [(PUBLIC_ADDRESS, 80)]


@pytest.mark.parametrize(
    "url", ["https://pictures.example/a.jpg", "http://pictures.example:80/a.jpg", "https://画像.example/a.jpg"]
)
def test_a_plain_web_address_is_taken(url: str) -> None:
    assert target_of(url).host.removeprefix("xn--").endswith(".example")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("2002:808:808::1", True),
        ("2002:a00:1::1", False),
        ("64:ff9b::a00:1", False),
        ("::ffff:8.8.8.8", True),
        ("2001:db8::1", False),
        ("fec0::1", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
    ],
)
def test_an_address_that_carries_another_is_judged_by_that(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


class Street:
    """Servers on loopback behind made-up names; `asked` are the request heads, `resolved` the names looked up."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.asked: list[str] = []
        self.resolved: list[str] = []
        self.port = 0
        self.public = {"127.0.0.1"}

    async def look_up(self, host: str) -> Sequence[str]:
        self.resolved.append(host)
        return ["127.0.0.1"]

    def may_reach(self, address: IPv4Address | IPv6Address) -> bool:
        return str(address) in self.public

    @property
    def way(self) -> Way:
        return Way(resolve=self.look_up, may_reach=self.may_reach, ports={"http": self.port, "https": self.port})

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            await self.serve(head.split(" ")[1], writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def street(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Street]:
    made = Street(serve)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def answer(body: bytes = b"bytes", status: str = "200 OK", **headers: str) -> bytes:
    named = {"Content_Type": "image/jpeg", "Content_Length": str(len(body)), **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def always(reply: bytes) -> Serve:
    async def serve(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()

    return serve


async def tried(serve: Serve, url: str = SHOP, limits: Limits | None = None) -> FetchRefused:
    async with street(serve) as there:
        with pytest.raises(FetchRefused) as refused:
            await fetch(url, way=there.way, limits=limits or Limits(seconds=5))
        return refused.value


async def test_what_is_at_the_address_comes_back_with_its_type() -> None:
    reply = answer(b"a picture", Content_Type="Image/JPEG; charset=binary", Set_Cookie="seen=1")
    async with street(always(reply)) as there:
        got = await fetch(f"{SHOP}?v=1#top", way=there.way)
        await fetch(SHOP, way=there.way)
    assert got == Fetched(content=b"a picture", content_type="image/jpeg", url=f"{SHOP}?v=1#top")
    assert there.resolved == ["pictures.example"] * 2
    assert there.asked[0].startswith("GET /cup.jpg?v=1 HTTP/1.1\r\n")
    assert "host: pictures.example\r\n" in there.asked[0].lower()
    assert "cookie" not in "".join(there.asked).lower()


async def test_a_proxy_named_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with street(always(answer())) as there:
        assert (await fetch(SHOP, way=there.way)).content == b"bytes"


async def test_a_name_that_changes_its_answer_is_asked_once_and_held_to_it() -> None:
    """The name is public when it is checked and ours ever after: what was checked is what is connected to."""
    answers = cycle([["127.0.0.1"], ["127.0.0.2"]])
    async with street(always(answer())) as there:

        async def rebinding(host: str) -> Sequence[str]:
            there.resolved.append(host)
            return next(answers)

        way = Way(resolve=rebinding, may_reach=there.may_reach, ports=there.way.ports)
        assert (await fetch(SHOP, way=way)).content == b"bytes"
        assert there.resolved == ["pictures.example"]
        with pytest.raises(FetchRefused) as refused:
            await fetch(SHOP, way=way)
    assert refused.value.code == "private_address"
    assert len(there.asked) == 1


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://127.0.0.2/a.jpg", "private_address"),
        ("http://10.0.0.1/a.jpg", "private_address"),
        ("http://localhost/a.jpg", "private_address"),
        ("file:///etc/passwd", "not_a_web_address"),
        ("http://pictures.example:6379/", "port"),
        ("http://a:b@pictures.example/", "credentials_in_address"),
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(location: str, code: str) -> None:
    async with street(always(answer(b"", "302 Found", Location=location))) as there:
        with pytest.raises(FetchRefused) as refused:
            await fetch(SHOP, way=there.way)
    assert (refused.value.kind, refused.value.code) == (Kind.UNREACHABLE, code)
    assert len(there.asked) == 1


@pytest.mark.parametrize(("redirects", "arrives"), [(0, True), (3, True), (4, False), (10, False)])
async def test_three_redirects_are_followed_and_no_more(redirects: int, arrives: bool) -> None:
    async def serve(path: str, writer: asyncio.StreamWriter) -> None:
        left = int(path.strip("/"))
        writer.write(answer(b"", "301 Moved", Location=f"/{left - 1}") if left else answer(b"here"))

    async with street(serve) as there:
        url = f"http://pictures.example/{redirects}"
        if arrives:
            got = await fetch(url, way=there.way)
            assert (got.content, got.url) == (b"here", "http://pictures.example/0")
        else:
            with pytest.raises(FetchRefused, match="too_many_redirects"):
                await fetch(url, way=there.way)
    assert len(there.asked) == min(redirects, 3) + 1
    assert len(there.resolved) == len(there.asked)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", Kind.LOST),
        ("410 Gone", Kind.LOST),
        ("204 No Content", Kind.LOST),
        ("302 Found", Kind.LOST),
        ("401 Unauthorized", Kind.UNREACHABLE),
        ("403 Forbidden", Kind.UNREACHABLE),
        ("429 Too Many", Kind.UNSTABLE),
        ("500 Oops", Kind.UNSTABLE),
        ("503 Away", Kind.UNSTABLE),
    ],
)
async def test_a_status_says_who_acts_next(status: str, kind: Kind) -> None:
    assert (await tried(always(answer(b"words", status)))).kind is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Kind.UNSTABLE),
        (socket.gaierror(socket.EAI_AGAIN, "later"), Kind.UNSTABLE),
    ],
)
async def test_a_name_nobody_has_is_lost_and_a_deaf_name_service_is_not(error: OSError, kind: Kind) -> None:
    async def failing(_host: str) -> Sequence[str]:
        raise error

    with pytest.raises(FetchRefused) as refused:
        await fetch(SHOP, way=Way(resolve=failing))
    assert refused.value.kind is kind


async def test_nobody_listening_and_a_cut_connection_are_tried_again_later() -> None:
    async def cut(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    assert (await tried(cut)).kind is Kind.UNSTABLE
    async with street(cut) as there:
        pass
    with pytest.raises(FetchRefused, match="no_connection") as refused:
        await fetch(SHOP, way=there.way)
    assert refused.value.kind is Kind.UNSTABLE


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side with a certificate for `name` that vouches for itself, and the file with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, file


@pytest.mark.parametrize(
    ("of", "trusted", "code"),
    [
        ("pictures.example", True, ""),
        ("pictures.example", False, "certificate"),
        ("elsewhere.example", True, "certificate"),
    ],
)
async def test_a_certificate_must_be_trusted_and_be_the_names_own(
    of: str, trusted: bool, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name's, though what we connect to is an address."""
    server, file = certificate(tmp_path, of)
    if trusted:
        monkeypatch.setattr(fetching, "authorities", lambda: ssl.create_default_context(cafile=str(file)))
    async with street(always(answer()), tls=server) as there:
        try:
            got = await fetch("https://pictures.example/cup.jpg", way=there.way)
        except FetchRefused as refused:
            assert (refused.kind, refused.code) == (Kind.UNREACHABLE, code)  # noqa: PT017 - one case has no refusal
        else:
            assert (got.content, code) == (b"bytes", "")


async def test_the_second_address_is_tried_when_the_first_does_not_answer() -> None:
    async with street(always(answer())) as there:
        there.public.add("::1")

        async def two(_host: str) -> Sequence[str]:
            return ["::1", "127.0.0.1"]

        got = await fetch(SHOP, way=Way(resolve=two, may_reach=there.may_reach, ports=there.way.ports))
    assert got.content == b"bytes"


async def test_an_endless_body_is_cut_at_the_limit() -> None:
    sent = 0

    async def endless(_path: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    refused = await tried(endless, limits=Limits(seconds=5, largest_bytes=300_000))
    assert (refused.kind, refused.code) == (Kind.UNFIT, "too_many_bytes")
    assert sent < 20_000_000


async def test_a_body_that_drips_is_given_up_when_the_time_for_all_of_it_is_over() -> None:
    async def dripping(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    refused = await tried(dripping, limits=Limits(seconds=0.3))
    assert (refused.kind, refused.code) == (Kind.UNSTABLE, "timeout")


async def test_headers_without_end_are_given_up() -> None:
    async def headers(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Long: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    assert (await tried(headers)).kind is Kind.UNSTABLE


@pytest.mark.parametrize("layers", [1, 2])
async def test_a_few_bytes_do_not_become_a_gigabyte(layers: int) -> None:
    """A hundred megabytes of zeros, once or twice packed. No part handed on is larger than what we count in."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(100)), packer.flush()])
    bomb = gzip.compress(bomb) if layers == 2 else bomb
    encoding = ", ".join(["gzip"] * layers)
    tracemalloc.start()
    try:
        refused = await tried(always(answer(bomb, Content_Encoding=encoding)), limits=Limits(largest_bytes=1_000_000))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 8_000_000, "a whole part of what came was unpacked at once"
    assert refused.kind is Kind.UNFIT
    assert refused.code == ("too_many_bytes" if layers == 1 else "unknown_encoding")


async def test_a_body_packed_all_the_same_is_unpacked() -> None:
    async with street(always(answer(gzip.compress(b"a picture"), Content_Encoding="gzip"))) as there:
        assert (await fetch(SHOP, way=there.way)).content == b"a picture"
