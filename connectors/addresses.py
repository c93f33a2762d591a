"""Which web addresses may be opened at all, judged by what they say, before any name is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network

import httpx

# Names that lead into the machine or its network wherever they are asked for (RFC 6761, RFC 6762, RFC 8375, and what
# clouds call the service that hands out a machine's credentials).
_LOCAL_ENDINGS = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
# A last label that a browser or a C library would read as a number makes the whole host an IPv4 address.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
OWN_PORTS = {"https": 443, "http": 80}
LONGEST_ADDRESS = 2048


class Kind(StrEnum):
    """What a merchant has to know of a refusal: who acts next.

    LOST: it is not there. UNSTABLE: it may be there later. UNREACHABLE: it may open for others, not for us.
    UNFIT: it is there and cannot be used.
    """

    LOST = "lost"
    UNSTABLE = "unstable"
    UNREACHABLE = "unreachable"
    UNFIT = "unfit"


class FetchRefused(Exception):
    """No bytes came. `code` says why in a word of ours, such as "http_404"; whoever shows it finds the sentence."""

    def __init__(self, kind: Kind, code: str) -> None:
        self.kind = kind
        self.code = code
        super().__init__(f"{kind}: {code}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`host` as DNS and certificates write it; `address` is the same where the host is one, else empty."""

    url: httpx.URL
    host: str
    address: str

    @property
    def host_header(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def target_of(url: str) -> Target:
    """The address taken apart. Raises FetchRefused; no name has been looked up by then."""
    if len(url) > LONGEST_ADDRESS or not url.isprintable() or "\\" in url or any(letter.isspace() for letter in url):
        raise FetchRefused(Kind.UNREACHABLE, "address_unreadable")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise FetchRefused(Kind.UNREACHABLE, "address_unreadable") from error
    if parsed.scheme not in OWN_PORTS:
        raise FetchRefused(Kind.UNREACHABLE, "not_a_web_address")
    if parsed.userinfo:
        raise FetchRefused(Kind.UNREACHABLE, "credentials_in_address")
    if parsed.port not in {None, OWN_PORTS[parsed.scheme]}:
        raise FetchRefused(Kind.UNREACHABLE, "port")
    host = parsed.raw_host.decode("ascii").lower().strip("[]")
    if ":" in host:
        return _of_number(parsed, host)
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]) or (len(labels) > 1 and not labels[-1] and _NUMBER.fullmatch(labels[-2])):
        return _of_number(parsed, host)
    if len(labels) < 2 or any(host == ending or host.endswith(f".{ending}") for ending in _LOCAL_ENDINGS):
        raise FetchRefused(Kind.UNREACHABLE, "private_address")
    if len(host) > 253 or not all(len(label) <= 63 and _LABEL.fullmatch(label) for label in labels):
        raise FetchRefused(Kind.UNREACHABLE, "address_unreadable")
    return Target(url=parsed, host=host, address="")


def _of_number(url: httpx.URL, host: str) -> Target:
    """A host that is an address must be a public one, written the one usual way."""
    try:
        address = IPv6Address(host) if ":" in host else IPv4Address(host)
    except ValueError as error:
        raise FetchRefused(Kind.UNREACHABLE, "private_address") from error
    if not is_public(address):
        raise FetchRefused(Kind.UNREACHABLE, "private_address")
    return Target(url=url, host=str(address), address=str(address))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is one host on the public internet; one that carries an IPv4 address is judged by that."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address in _NAT64:
        carried = IPv4Address(int(address) & 0xFFFF_FFFF)
    if carried is not None:
        return is_public(carried)
    return address in _GLOBAL_UNICAST and address.is_global
