"""The only way out to an address a merchant typed: one bounded GET that never reaches an address of ours.

What is connected to is the very address that was checked, so a name that changes its answer between the check and
the connection gains nothing. Redirects are taken by hand and each is checked like the first address.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

import httpx

from connectors.addresses import OWN_PORTS, FetchRefused, Kind, Target, is_public, target_of
from connectors.http import authorities

Resolve = Callable[[str], Awaitable[Sequence[str]]]

CHUNK_BYTES = 64 * 1024
# A name service that is slow to say no keeps its thread: never one that other work waits for.
_NAMES = ThreadPoolExecutor(4, "names")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SWITCHED_OFF = "switched_off"
# No name service knows the site, or none answers.
NO_SUCH_HOST = "no_such_host"
_HEADERS = {
    "User-Agent": "Crossdock (product pictures)",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`seconds` for the whole fetch with its redirects, `largest_bytes` of the body once decoded."""

    seconds: float = 10.0
    largest_bytes: int = 10 * 1024 * 1024
    redirects: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """`content_type` is what the server says, without parameters and in lower case; `url` the last one asked."""

    content: bytes
    content_type: str
    url: str


Fetch = Callable[[str], Awaitable[Fetched]]


async def resolved(host: str) -> list[str]:
    """Every address of the host, IPv4 first: not every network of ours has the other."""
    ask = functools.partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_NAMES, ask)
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return sorted(addresses, key=lambda address: ":" in address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How names become connections. Tests give one that leads to a server of their own; the product has PUBLIC."""

    resolve: Resolve = resolved
    may_reach: Callable[[IPv4Address | IPv6Address], bool] = is_public
    ports: Mapping[str, int] = field(default_factory=lambda: OWN_PORTS)


PUBLIC = Way()


async def fetch(url: str, *, way: Way = PUBLIC, limits: Limits = Limits()) -> Fetched:
    """What is at the address. Raises FetchRefused, for every reason there is."""
    try:
        async with asyncio.timeout(limits.seconds):
            return await _follow(url, way, limits)
    except TimeoutError as error:
        raise FetchRefused(Kind.UNSTABLE, "timeout") from error


async def fetch_nothing(_url: str) -> Fetched:
    """In the place of `fetch` where an installation may not open addresses outside."""
    raise FetchRefused(Kind.UNSTABLE, SWITCHED_OFF)


async def _follow(url: str, way: Way, limits: Limits) -> Fetched:
    for _hop in range(limits.redirects + 1):
        answer = await _hop_to(url, way, limits)
        if isinstance(answer, Fetched):
            return answer
        url = answer
    raise FetchRefused(Kind.UNREACHABLE, "too_many_redirects")


async def _hop_to(url: str, way: Way, limits: Limits) -> Fetched | str:
    """The bytes, or the address that this one sends us on to."""
    target = target_of(url)
    addresses = await _checked(target, way)
    for address in addresses[:-1]:
        try:
            return await _get(target, address, way, limits)
        except _NotConnected:
            continue
    try:
        return await _get(target, addresses[-1], way, limits)
    except _NotConnected as error:
        raise error.refusal from error


async def _checked(target: Target, way: Way) -> list[str]:
    """Every address of the target, all of them public. One that is not refuses the name as a whole."""
    try:
        found = [target.address] if target.address else list(await way.resolve(target.host))
    except (OSError, UnicodeError) as error:
        # A machine whose name service is out says of every name that there is none.
        raise FetchRefused(Kind.UNSTABLE, NO_SUCH_HOST) from error
    if not found:
        raise FetchRefused(Kind.UNSTABLE, NO_SUCH_HOST)
    for text in found:
        parsed = _parsed(text)
        if parsed is None or not way.may_reach(parsed):
            raise FetchRefused(Kind.UNREACHABLE, "private_address")
    return found


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return IPv6Address(text) if ":" in text else IPv4Address(text)
    except ValueError:
        return None


class _NotConnected(Exception):
    """Nothing was asked yet: another address of the same name may do."""

    def __init__(self, refusal: FetchRefused) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


async def _get(target: Target, address: str, way: Way, limits: Limits) -> Fetched | str:
    """One GET from this very address, certificate and Host header those of the name.

    A client of its own for each: pooled connections are told apart by address, and two names may share one.
    """
    where = target.url.copy_with(host=address, port=way.ports[target.url.scheme], fragment=None)
    client = httpx.AsyncClient(verify=authorities(), trust_env=False, follow_redirects=False, timeout=limits.seconds)
    async with client:
        request = client.build_request(
            "GET", where, headers={**_HEADERS, "Host": target.host_header}, extensions={"sni_hostname": target.host}
        )
        try:
            response = await client.send(request, stream=True)
            try:
                return await _read(response, target, limits)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _NotConnected(_connection_refused(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise FetchRefused(Kind.UNSTABLE, "connection_lost") from error


def _connection_refused(error: Exception) -> FetchRefused:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return FetchRefused(Kind.UNREACHABLE, "certificate")
    return FetchRefused(Kind.UNSTABLE, "no_connection")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def _read(response: httpx.Response, target: Target, limits: Limits) -> Fetched | str:
    status = response.status_code
    if status in REDIRECTS:
        return _onward(response, target)
    if status != 200:
        raise FetchRefused(_kind_of(status), f"http_{status}")
    content = bytearray()
    async for part in _decoded(response):
        content += part
        if len(content) > limits.largest_bytes:
            raise FetchRefused(Kind.UNFIT, "too_many_bytes")
    if not content:
        raise FetchRefused(Kind.LOST, "empty")
    said = response.headers.get("content-type", "").split(";")[0].strip().lower()
    return Fetched(content=bytes(content), content_type=said, url=str(target.url))


def _onward(response: httpx.Response, target: Target) -> str:
    location = response.headers.get("location", "")
    if not location:
        raise FetchRefused(Kind.LOST, "redirect_to_nowhere")
    try:
        return str(target.url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchRefused(Kind.UNREACHABLE, "address_unreadable") from error


def _kind_of(status: int) -> Kind:
    if status in {401, 402, 403, 407, 451}:
        return Kind.UNREACHABLE
    if status in {408, 425, 429} or status >= 500:
        return Kind.UNSTABLE
    return Kind.LOST


async def _decoded(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body in parts of at most CHUNK_BYTES, so that a few bytes never become a gigabyte before they are counted.

    We ask for no compression; some servers compress all the same, and httpx would unpack a part as a whole.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip", "deflate"}:
        raise FetchRefused(Kind.UNFIT, "unknown_encoding")
    # 32 + the window's size: zlib tells gzip and zlib headers apart by itself.
    unpack = None if encoding == "identity" else zlib.decompressobj(32 + zlib.MAX_WBITS)
    async for raw in response.aiter_raw(CHUNK_BYTES):
        if unpack is None:
            yield raw
            continue
        while raw:
            try:
                part = unpack.decompress(raw, CHUNK_BYTES)
            except zlib.error as error:
                raise FetchRefused(Kind.UNFIT, "unknown_encoding") from error
            yield part
            raw = unpack.unconsumed_tail  # noqa: PLW2901 - what is left of the same bytes
