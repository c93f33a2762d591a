"""A signed-in browser: how long, seen by whom, ended by what."""

from __future__ import annotations

from sqlalchemy import select

from portal.accounts import sessions as signed_in
from portal.models.accounts import AuditEntry, SignInSession
from portal.tenancy import SYSTEM
from tests.accounts.people_in_town import by_username, first_owner
from tests.accounts.town import Town, soup

DAY = 86400


async def alive_rows(town: Town) -> list[SignInSession]:
    async with town.sessions.read(SYSTEM) as session:
        return list(await session.scalars(select(SignInSession).where(SignInSession.revoked_at.is_(None))))


async def test_a_session_unused_for_fourteen_days_is_over(town: Town) -> None:
    browser = await first_owner(town)
    town.clock.advance(14 * DAY - 1)
    assert await browser.who() is not None
    town.clock.advance(14 * DAY - 1)
    assert await browser.who() is not None, "using it starts the fortnight anew"
    town.clock.advance(14 * DAY)
    assert await browser.who() is None


async def test_a_session_ends_after_sixty_days_however_much_it_is_used(town: Town) -> None:
    browser = await first_owner(town)
    for _ in range(59):
        town.clock.advance(DAY)
        assert await browser.who() is not None
    town.clock.advance(DAY)
    assert await browser.who() is None


async def test_being_seen_is_written_at_most_once_a_minute(town: Town) -> None:
    browser = await first_owner(town)
    (began,) = [row.last_seen_at for row in await alive_rows(town)]
    town.clock.advance(59)
    await browser.who()
    assert [row.last_seen_at for row in await alive_rows(town)] == [began]
    town.clock.advance(1)
    await browser.who()
    assert [row.last_seen_at for row in await alive_rows(town)] == [town.clock()]


async def test_the_list_shows_every_browser_and_revoking_one_kills_it_at_once(town: Town) -> None:
    await first_owner(town)
    here, phone = town.browser(), town.browser("203.0.113.9", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/605")
    await here.sign_in("alice")
    await phone.sign_in("alice")
    page = soup(await here.get("/settings/sessions"))
    rows = page.select("tbody tr")
    assert len(rows) == 3
    (of_phone,) = [row for row in rows if "Safari on iPhone" in row.text]
    assert "203.0.113.9" in of_phone.text
    assert [row.text.count("This one") for row in rows].count(1) == 1
    action = str(of_phone.select_one("form")["action"])  # type: ignore[index]  # None fails the test
    session_id = next(row.id for row in await alive_rows(town) if row.address == "203.0.113.9")
    assert await signed_in.is_alive(town.sessions, session_id, town.clock())
    assert (await here.post(action)).headers["location"] == "/settings/sessions"
    assert await phone.who() is None
    assert not await signed_in.is_alive(town.sessions, session_id, town.clock()), "an open stream asks this"
    assert "Browser signed out" in (await here.get("/settings/sessions")).text
    assert (await here.post(action)).status_code == 404
    async with town.sessions.read(SYSTEM) as session:
        acts = list(await session.scalars(select(AuditEntry.act)))
    assert acts.count("session.revoked") == 1


async def test_all_other_browsers_can_be_signed_out_together(town: Town) -> None:
    first = await first_owner(town)
    here = town.browser()
    await here.sign_in("alice")
    await here.post("/settings/sessions/revocation")
    assert await first.who() is None
    assert await here.who() is not None


async def test_revoking_the_own_browser_signs_out(town: Town) -> None:
    browser = await first_owner(town)
    (row,) = await alive_rows(town)
    answer = await browser.post(f"/settings/sessions/{row.id}/revocation")
    assert answer.headers["location"] == "/sign-in?left"
    assert await browser.who() is None


async def test_nobody_ends_another_persons_session(town: Town) -> None:
    alice = await first_owner(town)
    (row,) = await alive_rows(town)
    bob = await by_username(town, "bobby")
    for wanted in (str(row.id), "00000000-0000-0000-0000-000000000000", "not-an-id"):
        answer = await bob.post(f"/settings/sessions/{wanted}/revocation")
        assert answer.status_code == 404
    assert await alice.who() is not None
    assert "Firefox on Windows" in (await bob.get("/settings/sessions")).text
    assert str(row.id) not in (await bob.get("/settings/sessions")).text


async def test_a_message_is_said_once_by_the_next_whole_page(town: Town) -> None:
    browser = await first_owner(town)
    await browser.post("/settings/profile", name="Alice", language="en", theme="dark", shortcuts="1")
    assert (await browser.who() or {})["name"] == "Alice"
    assert "Profile saved" not in (await browser.get("/settings")).text
    await browser.get("/settings/profile", **{"hx-request": "true"})
    first, second = await browser.get("/settings/profile"), await browser.get("/settings/profile")
    said = [soup(page).select("#toasts .toast__text") for page in (first, second)]
    assert [[element.text for element in toasts] for toasts in said] == [["Profile saved"], []]


async def test_a_session_with_an_odd_cookie_is_nobody(town: Town) -> None:
    await first_owner(town)
    for odd in ("", "x", "é" * 10, "a" * 5000):
        browser = town.browser()
        answer = await browser.client.get("/settings/profile", headers=[(b"cookie", f"session={odd}".encode())])
        assert answer.status_code == 303
