"""The way back from a consent page is ours, fresh, once, and for the account meant; else nothing is stored."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from jobs.boot import practice_secret
from portal.models.accounts import Role
from portal.models.connections import ConnectAttempt, Connection
from portal.tenancy import SYSTEM
from tests.security.house import Browser, House
from tests.stage import SHOP, Stage

pytestmark = pytest.mark.once

CALLBACK = "/connect/shopify/callback"
Query = list[tuple[str, str]]


async def leave(house: House, browser: Browser | None = None, shop: str = SHOP) -> str:
    """Where our own link sends this browser: the consent page of the practice shop."""
    answer = await (browser or house.ours.owner).get(f"/connect/shopify/authorize?practice=true&shop={shop}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(stage: Stage, house: House, browser: Browser | None = None, shop: str = SHOP) -> Query:
    """A whole, genuine way back, not yet opened."""
    return await stage.consent(await leave(house, browser, shop), shop=shop)


def signed(house: House, query: Query) -> Query:
    """The query under a signature that is right."""
    pairs = sorted((name, value) for name, value in query if name != "hmac")
    message = "&".join(f"{name}={value}" for name, value in pairs).encode()
    return [
        *pairs,
        ("hmac", hmac.new(practice_secret(house.runtime.settings).encode(), message, hashlib.sha256).hexdigest()),
    ]


def changed(query: Query, **values: str) -> Query:
    return [(name, values.pop(name, value)) for name, value in query] + list(values.items())


async def opened(house: House, query: Query, browser: Browser | None = None) -> httpx.Response:
    return await (browser or house.ours.owner).get(f"{CALLBACK}?{urlencode(query)}")


async def connected(house: House) -> int:
    """How many connections have been made beside those that the house began with."""
    async with house.sessions.read(SYSTEM) as session:
        return (await session.scalar(select(func.count(Connection.id))) or 0) - 2


async def refused(house: House, answer: httpx.Response) -> None:
    assert answer.status_code in {404, 409, 502}, answer.status_code
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-request-id"] in answer.text or answer.status_code == 502
    assert await connected(house) == 0


async def test_a_genuine_way_back_connects_once(staged: House, stage: Stage) -> None:
    query = await come_back(stage, staged)
    first = await opened(staged, query)
    assert (first.status_code, await connected(staged)) == (303, 1), first.text
    again = await opened(staged, query)
    assert again.status_code == 409
    assert await connected(staged) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"state": ""},
        {"state": "0" * 43},
        {"hmac": ""},
        {"hmac": "0" * 64},
        {"hmac": "é"},
        {"shop": "evil.com"},
        {"shop": f"{SHOP}.evil.com"},
        {"shop": "127.0.0.1"},
        {"shop": "other.myshopify.com"},
        {"code": "another"},
        {"timestamp": "0"},
        {"timestamp": "nonsense"},
        {"extra": "unsigned"},
    ],
    ids=str,
)
async def test_a_changed_way_back_is_refused(staged: House, stage: Stage, change: dict[str, str]) -> None:
    await refused(staged, await opened(staged, changed(await come_back(stage, staged), **change)))


@pytest.mark.parametrize(
    "change",
    [{"shop": "evil.com"}, {"shop": f"{SHOP}.evil.com"}, {"shop": "169.254.169.254"}, {"timestamp": "0"}, {"code": ""}],
    ids=str,
)
async def test_even_a_right_signature_does_not_make_it_good(
    staged: House, stage: Stage, change: dict[str, str]
) -> None:
    await refused(staged, await opened(staged, signed(staged, changed(await come_back(stage, staged), **change))))


async def test_a_code_of_one_shop_opens_no_other(staged: House, stage: Stage) -> None:
    query = changed(await come_back(stage, staged), shop="other.myshopify.com")
    await refused(staged, await opened(staged, signed(staged, query)))


async def test_a_parameter_that_comes_twice_is_refused(staged: House, stage: Stage) -> None:
    query = await come_back(stage, staged)
    for name in ("shop", "code", "state", "hmac", "timestamp"):
        await refused(staged, await opened(staged, [*query, (name, dict(query)[name])]))


async def test_a_visit_ends_after_ten_minutes(staged: House, stage: Stage) -> None:
    query = await come_back(stage, staged)
    staged.clock.advance(10 * 60 + 1)
    late = signed(staged, changed(query, timestamp=str(int(staged.clock().timestamp()))))
    await refused(staged, await opened(staged, late))


async def test_a_visit_belongs_to_the_browser_that_began_it(staged: House, stage: Stage) -> None:
    """Not to another merchant's browser, another member's, the same person's other one, or nobody's."""
    query = await come_back(stage, staged)
    same_person = await staged.sign_in(staged.ours, staged.ours.people[Role.OWNER])
    for browser in (staged.theirs.owner, staged.ours.browsers[Role.MANAGER], same_person):
        await refused(staged, await opened(staged, query, browser))
    nobody = await opened(staged, query, staged.browser())
    assert nobody.headers["location"].startswith("/sign-in")
    assert await connected(staged) == 0
    # None of these spent it.
    assert (await opened(staged, query)).status_code == 303
    assert await connected(staged) == 1


async def test_who_said_no_is_told_that_nothing_was_connected(staged: House) -> None:
    state = dict(parse_qsl(urlsplit(await leave(staged)).query))["state"]
    answer = await opened(staged, [("error", "access_denied"), ("state", state)])
    assert answer.status_code == 303
    assert "Nothing was connected" in (await staged.ours.owner.get("/channels")).text
    assert await connected(staged) == 0


async def test_a_refusal_from_nowhere_is_no_visit(staged: House) -> None:
    await refused(staged, await opened(staged, [("error", "access_denied")]))
    await refused(staged, await opened(staged, []))


async def test_another_merchants_account_is_not_taken(staged: House, stage: Stage) -> None:
    assert (await opened(staged, await come_back(stage, staged))).status_code == 303
    query = await come_back(stage, staged, staged.theirs.owner)
    taken = await opened(staged, query, staged.theirs.owner)
    assert taken.status_code == 409
    assert staged.ours.mark not in taken.text
    assert await connected(staged) == 1


async def test_a_reconnect_asks_about_another_account(staged: House, stage: Stage) -> None:
    assert (await opened(staged, await come_back(stage, staged))).status_code == 303
    async with staged.sessions.read(SYSTEM) as session:
        mine = await session.scalar(select(Connection.id).where(Connection.domain == SHOP))
    link = (await staged.ours.owner.get(f"/channels/{mine}/reconnect")).headers["location"]
    other = link.replace(SHOP, "other.myshopify.com")
    answer = await opened(staged, await stage.consent(other, shop="other.myshopify.com"))
    assert answer.status_code == 409
    assert "other" in answer.text
    async with staged.sessions.read(SYSTEM) as session:
        assert await session.scalar(select(Connection.domain).where(Connection.id == mine)) == SHOP
    assert await connected(staged) == 1


async def test_a_state_is_kept_as_a_hash_of_many_bits(staged: House) -> None:
    state = dict(parse_qsl(urlsplit(await leave(staged)).query))["state"]
    assert len(state) * 6 >= 128
    assert state not in str(await staged.dump())
    async with staged.sessions.read(SYSTEM) as session:
        assert await session.scalar(select(func.count(ConnectAttempt.id))) == 1


HOSTS = [
    "127.0.0.1",
    "0",
    "0x7f.1",
    "2130706433",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
    "fd00::1",
    "10.0.0.1",
    "100.64.0.1",
    "192.168.0.1",
    "localhost",
    "localhost.",
    "127.0.0.1.nip.io",
    "metadata.google.internal",
    "file:///etc/passwd",
    "gopher://x",
    "ftp://demo.myshopify.com",
    "data:text/html,x",
    "demo.myshopify.com:22",
    "demo.myshopify.com:6379",
    "evil.com",
    "http://user@demo.myshopify.com",
    "https://demo.myshopify.com@evil.com",
    "demo.myshopify.com.",
    "demo.myshopify.com.evil.com",
    "evil.com/demo.myshopify.com",
    "evil.com?demo.myshopify.com",
    "evil.com#.myshopify.com",
    "demo\u3002myshopify.com",
    "déjà.myshopify.com",
    "xn--a.evil.com",
    "a b.myshopify.com",
    "..myshopify.com",
    "-demo.myshopify.com",
    "demo.myshopify.com\n",
    "x.demo.myshopify.com",
    "demo.myshopify.com\\@evil.com",
    "https://evil.com/?x=.myshopify.com",
    "https://admin.shopify.com.evil.com/store/demo",
]
# Trimmed, or a shop's plain name: these mean a shop.
SHOPS = {"0", "2130706433", "localhost", "demo.myshopify.com\n"}


async def test_only_a_shop_is_ever_called(house: House) -> None:
    """The address that we would call is made from the domain alone, so it is a shop's or there is no call."""
    called: list[httpx.URL] = []

    async def watch(request: httpx.Request) -> None:
        called.append(request.url)
        raise httpx.ConnectError("nobody is called here")

    house.runtime.http.event_hooks["request"].append(watch)
    for host in HOSTS:
        called.clear()
        for practice in ("true", "false"):
            await names(house, host, practice)
        allowed = {f"{host}.myshopify.com", "demo.myshopify.com"} if host in SHOPS else set[Any]()
        assert {url.host for url in called if url.host != "127.0.0.1"} <= allowed, host
        assert all(url.port == 9 for url in called if url.host == "127.0.0.1"), host
        assert bool(called) == (host in SHOPS), host


async def names(house: House, host: str, practice: str) -> None:
    """The host in the place of a shop, on both ways to connect one."""
    link = await house.ours.owner.get(f"/connect/shopify/authorize?practice={practice}&shop={quote(host)}")
    if link.status_code == 303:
        assert host in SHOPS, host
        assert urlsplit(link.headers["location"]).hostname in {"127.0.0.1"} | {f"{host.strip()}.myshopify.com"}
    else:
        assert link.status_code == 404, host
    form = {"shop": host, "token": "shpat_0123456789", "practice": practice}
    answer = await house.ours.owner.post("/connect/shopify/token", form)
    assert answer.status_code in {404, 422, 502}, host


async def test_where_practice_is_off_a_practice_token_is_nowhere_sent(house: House) -> None:
    house.runtime.practice_consents.clear()  # type: ignore[attr-defined]  # a dict at heart
    house.runtime.practice_urls.clear()  # type: ignore[attr-defined]  # a dict at heart
    form = {"shop": "demo", "token": "shpat_0123456789", "practice": "true"}
    answer = await house.ours.owner.post("/connect/shopify/token", form)
    assert answer.status_code in {404, 409, 422}
    assert (await house.ours.owner.get("/connect/shopify/authorize?practice=true&shop=demo")).status_code == 404
