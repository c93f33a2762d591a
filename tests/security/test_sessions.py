"""A session that ended opens nothing, anywhere, not even the stream that was already open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import delete, update

from portal import live
from portal.accounts import passwords
from portal.accounts.cookies import session_cookie
from portal.models.accounts import Member, Role, SignInSession, User
from portal.tenancy import SYSTEM
from tests.security.house import HTMX, Browser, House


async def signed_out(house: House) -> None:
    await house.browser(token_of(house)).post("/sign-out")


async def disabled(house: House) -> None:
    await _change(house, update(User).where(User.id == _who(house)).values(disabled_at=house.clock()))


async def removed(house: House) -> None:
    member = house.ours.ids["member_id"][list(Role).index(Role.MANAGER)]
    answer = await house.ours.owner.post(f"/settings/team/{member}/removal")
    assert answer.status_code == 303


async def membership_gone(house: House) -> None:
    await _change(house, delete(Member).where(Member.user_id == _who(house)))


async def given_another_role(house: House) -> None:
    member = house.ours.ids["member_id"][list(Role).index(Role.MANAGER)]
    answer = await house.ours.owner.post(f"/settings/team/{member}/role", {"role": "viewer"})
    assert answer.status_code == 303


async def revoked(house: House) -> None:
    other = await house.sign_in(house.ours, house.ours.people[Role.MANAGER])
    assert (await other.post("/settings/sessions/revocation")).status_code == 303


async def grown_old(house: House) -> None:
    house.clock.advance(24 * 3600 + 1)


ENDINGS = [signed_out, disabled, removed, membership_gone, given_another_role, revoked, grown_old]
End = Callable[[House], Awaitable[None]]


def _who(house: House) -> Any:
    return house.ours.people[Role.MANAGER].id


def token_of(house: House) -> str:
    name = session_cookie(house.runtime.settings)
    return str(house.ours.browsers[Role.MANAGER].http.cookies[name])


async def _change(house: House, statement: Any) -> None:
    async with house.sessions.write(SYSTEM) as session:
        await session.execute(statement, execution_options={"synchronize_session": False})


@pytest.mark.parametrize("end", ENDINGS)
async def test_a_kept_cookie_opens_nothing_after_the_session_ended(house: House, end: End) -> None:
    token = token_of(house)
    assert (await house.browser(token).get("/products")).status_code == 200
    await end(house)
    thief = house.browser(token)
    for path in ("/", "/products", "/live", "/settings/profile", f"/products/{house.ours.ids['product_id'][0]}"):
        assert (await thief.get(path)).headers.get("location", "").startswith("/sign-in"), path
    assert (await thief.get("/products", HTMX)).status_code == 401
    assert (await thief.get("/live/fragments?id=banners", {"Accept": "application/json"})).status_code == 401
    saved = await thief.post("/settings/shop", {"name": "Taken over", "time_zone": "UTC"})
    assert saved.headers["location"].startswith("/sign-in")
    assert "Taken over" not in str(await house.dump())


@asynccontextmanager
async def open_stream(house: House, token: str) -> AsyncIterator[tuple[asyncio.Task[None], asyncio.Queue[bytes]]]:
    """A tab's stream over the bare application: what it was sent so far, and the task that ends with it."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    left = asyncio.Event()

    async def receive() -> Any:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message.get("body"):
            heard.put_nowait(message["body"])
        if message["type"] == "http.response.body" and not message.get("more_body"):
            # As a server does once the answer is whole.
            left.set()

    headers = [(b"host", b"portal.test"), (b"cookie", f"__Host-session={token}".encode())]
    scope: Any = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/live", "raw_path": b"/live"}
    scope |= {"query_string": b"", "headers": headers, "client": ("192.0.2.1", 1), "server": ("portal.test", 443)}
    scope |= {"scheme": "https", "root_path": "", "state": {}, "extensions": {}}
    task = asyncio.create_task(house.app(scope, receive, send))
    try:
        yield task, heard
    finally:
        left.set()
        house.hub.close_streams()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("end", ENDINGS)
async def test_an_open_stream_ends_with_its_session_and_tells_nothing_more(house: House, end: End) -> None:
    house.hub._closed = False
    async with open_stream(house, token_of(house)) as (task, heard):
        assert b"open" in await asyncio.wait_for(heard.get(), 10)
        house.hub._deliver(f"{live.PREFIX}{house.ours.merchant.id}", json.dumps(["product:before"]))
        assert b"product:before" in await asyncio.wait_for(heard.get(), 10)
        await end(house)
        house.hub._deliver(f"{live.PREFIX}{house.ours.merchant.id}", json.dumps(["product:after"]))
        await asyncio.wait_for(task, 10)
        assert b"product:after" not in b"".join(heard.get_nowait() for _ in range(heard.qsize()))


async def test_a_stream_of_a_dead_session_ends_in_a_quiet_shop_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert live.PING_SECONDS <= 60
    monkeypatch.setattr(live, "PING_SECONDS", 0.05)
    house.hub._closed = False
    async with open_stream(house, token_of(house)) as (task, heard):
        assert b"open" in await asyncio.wait_for(heard.get(), 10)
        assert b"ping" in await asyncio.wait_for(heard.get(), 10)
        assert not task.done()
        await disabled(house)
        await asyncio.wait_for(task, 10)


async def test_a_stream_hears_of_its_own_merchant_only(house: House) -> None:
    house.hub._closed = False
    async with open_stream(house, token_of(house)) as (_task, heard):
        assert b"open" in await asyncio.wait_for(heard.get(), 10)
        house.hub._deliver(f"{live.PREFIX}{house.theirs.merchant.id}", json.dumps(["product:theirs"]))
        house.hub._deliver(f"{live.PREFIX}{house.ours.merchant.id}", json.dumps(["product:ours"]))
        assert b"product:ours" in await asyncio.wait_for(heard.get(), 10)
        assert heard.empty()


async def enter(house: House, browser: Browser) -> str:
    """The new session's token, after signing in as the manager with a password."""
    hashed = await passwords.hashed("three quiet herons")
    await _change(house, update(User).where(User.id == _who(house)).values(password_hash=hashed))
    form = {"identifier": "manager-ours7f3a", "password": "three quiet herons"}
    answer = await browser.post("/sign-in", form)
    assert answer.status_code == 303, answer.text
    return str(answer.cookies["__Host-session"])


async def test_signing_in_takes_a_new_id_and_ends_the_one_before(house: House) -> None:
    planted = "planted-by-an-attacker-before-sign-in-0000"
    browser = house.browser(planted)
    fresh = await enter(house, browser)
    assert fresh != planted
    assert len(fresh) * 6 >= 128
    assert (await house.browser(planted).get("/products")).status_code == 303
    old = token_of(house)
    again = await enter(house, house.browser(old))
    assert len({old, fresh, again}) == 3
    assert (await house.browser(old).get("/products")).status_code == 303
    assert (await house.browser(again).get("/products")).status_code == 200


async def test_no_session_token_is_readable_in_the_database(house: House) -> None:
    token = token_of(house)
    assert token not in str(await house.dump())
    async with house.sessions.read(SYSTEM) as session:
        assert await session.get(SignInSession, house.ours.ids["session_id"][0]) is not None
