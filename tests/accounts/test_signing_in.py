"""Signing in and out: the right person gets in, guesses do not pay, nothing tells who has an account."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, select, update

from portal.accounts import passwords
from portal.models.accounts import AuditEntry, SignInSession, User
from portal.tenancy import SYSTEM
from tests.accounts.people_in_town import FORM, by_letter, by_username, first_owner
from tests.accounts.town import PASSWORD, Browser, Town, problems, soup

WRONG = "Email, user name or password isn't right."


async def acts(town: Town) -> Counter[str]:
    async with town.sessions.read(SYSTEM) as session:
        return Counter(await session.scalars(select(AuditEntry.act)))


async def test_the_person_lands_on_the_page_they_asked_for(town: Town) -> None:
    await first_owner(town)
    browser = town.browser()
    page = soup(await browser.get("/sign-in?next=/products%3Fpage%3D2"))
    assert page.select_one("input[name=next]")["value"] == "/products?page=2"  # type: ignore[index]  # None fails the test
    answer = await browser.post("/sign-in", identifier=" ALICE ", password=PASSWORD, next="/products?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/products?page=2")
    assert (await browser.get("/sign-in?next=/orders")).headers["location"] == "/orders"


@pytest.mark.parametrize(
    "onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_nobody_is_sent_to_another_site(town: Town, onward: str) -> None:
    await first_owner(town)
    answer = await town.browser().post("/sign-in", identifier="alice", password=PASSWORD, next=onward)
    assert answer.headers["location"] == "/"


async def test_a_page_for_members_sends_strangers_to_sign_in_and_back(town: Town) -> None:
    browser = town.browser()
    answer = await browser.get("/settings/team?x=1")
    assert answer.headers["location"] == "/sign-in?next=%2Fsettings%2Fteam%3Fx%3D1"
    answer = await browser.get(
        "/settings/team", **{"hx-request": "true", "hx-current-url": "http://127.0.0.1:8000/settings/team"}
    )
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=%2Fsettings%2Fteam"
    assert answer.text == ""


async def test_what_was_typed_comes_to_sign_in_and_is_saved_after_it(town: Town) -> None:
    owner = await first_owner(town)
    page = soup(await owner.get("/settings/shop"))
    form = {
        str(field["name"]): str(field.get("value", "")) for field in page.select('form[action="/settings/shop"] input')
    }
    owner.client.cookies.delete("session")
    typed = form | {"name": "Linen \u201c&\u201d Co", "time_zone": "Asia/Tokyo"}

    lost = await owner.client.post(
        "/settings/shop", data=typed, headers={"referer": "http://127.0.0.1:8000/settings/shop"}
    )
    assert lost.status_code == 307, "the browser sends the same form to sign-in"
    shown = await owner.client.post(lost.headers["location"], data=typed)
    assert "kept" in soup(shown).select_one(".banner").text  # type: ignore[union-attr]  # None fails the test
    wrong = await owner.client.post("/sign-in", data=entry(shown) | {"identifier": "alice", "password": "not this one"})
    assert wrong.status_code == 422
    right = await owner.client.post("/sign-in", data=entry(wrong) | {"identifier": "alice", "password": PASSWORD})
    assert "It is not saved yet" in right.text

    again = soup(right).select_one('form[action="/settings/shop"]')
    assert again is not None
    fields = {str(field["name"]): str(field["value"]) for field in again.select("input")}
    saved = await owner.client.post("/settings/shop", data=fields)
    assert saved.headers["location"] == "/settings/shop"
    name = soup(await owner.get("/settings/shop")).select_one("#field-name")
    assert name is not None
    assert name["value"] == "Linen \u201c&\u201d Co"


async def test_a_password_on_its_way_is_not_kept(town: Town) -> None:
    owner = await first_owner(town)
    owner.client.cookies.delete("session")
    typed = {"current": PASSWORD, "new": "another quiet heron", "_csrf_token": owner.client.cookies["csrf"]}

    lost = await owner.client.post("/settings/profile/password", data=typed)
    shown = await owner.client.post(lost.headers["location"], data=typed)

    assert soup(shown).select_one("#field-identifier")
    assert "heron" not in shown.text


@pytest.mark.parametrize("path", ["https://evil.example.com/", "//evil.example.com", "", "/\\evil.example.com"])
async def test_a_kept_form_goes_to_no_other_site(town: Town, path: str) -> None:
    await first_owner(town)
    kept = json.dumps({"path": path, "fields": [["keep", "your shop"]]})
    answer = await town.browser().post("/sign-in", identifier="alice", password=PASSWORD, kept=kept)
    assert answer.headers["location"] == "/"


async def test_who_comes_with_an_ended_session_is_told_why_to_sign_in(town: Town) -> None:
    owner = await first_owner(town)
    owner.client.cookies.set("session", "ended")
    answer = await owner.get("/settings/team")
    assert answer.headers["location"] == "/sign-in?next=%2Fsettings%2Fteam&ended"
    assert "signed out meanwhile" in (await owner.get(answer.headers["location"])).text
    assert "signed out meanwhile" not in (await town.browser().get("/sign-in?next=/settings/team")).text


def entry(answer: httpx.Response) -> dict[str, str]:
    """The hidden fields of the sign-in form."""
    return {
        str(field["name"]): str(field["value"])
        for field in soup(answer).select('form[action="/sign-in"] input[type=hidden]')
    }


async def test_a_wrong_name_and_a_wrong_password_get_the_same_words(town: Town) -> None:
    await first_owner(town)
    browser = town.browser()
    answers = [await browser.sign_in("alice", "not this one"), await browser.sign_in("nobody", "not this one")]
    for answer, typed in zip(answers, ("alice", "nobody"), strict=True):
        assert answer.status_code == 422
        assert problems(answer) == {"identifier": WRONG}
        page = soup(answer)
        assert page.title
        assert page.title.text.startswith("Error: ")
        assert page.select_one("#field-identifier")["value"] == typed  # type: ignore[index]  # None fails the test
        assert not page.select_one("#field-password").get("value")  # type: ignore[union-attr]  # None fails the test
    assert answers[0].text.replace("alice", "nobody") == answers[1].text
    assert (await acts(town))["sign_in.failed"] == 2


async def test_the_form_can_be_filled_by_a_password_manager(town: Town) -> None:
    await first_owner(town)
    page = soup(await town.browser().get("/sign-in"))
    fields = {field["name"]: field.get("autocomplete") for field in page.select(".field input")}
    assert fields == {"identifier": "username", "password": "current-password"}
    page = soup(await town.browser().get("/sign-up"))
    fields = {field["name"]: field.get("autocomplete") for field in page.select(".field input")}
    assert fields == {"shop": "organization", "identifier": "username", "password": "new-password"}


@pytest.mark.parametrize(
    "password", ["ends in a space ", "+%26 plus &amp= signs", "🐦 橋を渡ると海", " begins with one"]
)
async def test_a_password_is_compared_exactly(town: Town, password: str) -> None:
    await first_owner(town)
    await town.browser().post("/sign-up", **FORM | {"identifier": "bob", "password": password})
    assert (await town.browser().sign_in("bob", password)).status_code == 303
    for other in (password.strip() if password.strip() != password else password + " ", password.upper() + "x"):
        assert (await town.browser().sign_in("bob", other)).status_code == 422


async def test_signing_in_gives_a_new_id_and_ends_the_one_before(town: Town) -> None:
    await first_owner(town)
    browser = town.browser()
    browser.client.cookies.set("session", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
    assert await browser.who() is None
    await browser.sign_in("alice")
    first = browser.client.cookies["session"]
    assert first != "chosen-by-somebody-else"
    assert len(first) >= 43
    await browser.sign_in("alice")
    second = browser.client.cookies["session"]
    assert second != first
    old = town.browser()
    old.client.cookies.set("session", first, domain="127.0.0.1", path="/")
    assert await old.who() is None
    assert await browser.who() is not None


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Town) -> None:
    await first_owner(town)
    answer = await town.browser().sign_in("alice")
    lines = {line.split("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}
    assert {"session", "device"} <= set(lines)
    for name in ("session", "device"):
        assert "httponly" in lines[name]
        assert "samesite=lax" in lines[name]
        assert "path=/" in lines[name]


async def test_on_https_the_cookies_are_bound_to_the_host(town: Town) -> None:
    await first_owner(town)
    town.runtime.settings.public_url = "https://hub.example.com"
    answer = await town.browser().sign_in("alice")
    lines = {line.split("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}
    for name in ("__Host-session", "__Host-device"):
        assert "; secure" in lines[name]
        assert "domain" not in lines[name]


async def test_only_the_hash_of_the_token_is_kept(town: Town) -> None:
    browser = await first_owner(town)
    async with town.sessions.read(SYSTEM) as session:
        row = (await session.scalars(select(SignInSession))).one()
    assert browser.client.cookies["session"] not in str(vars(row))
    assert len(row.token_hash) == 64


async def test_signing_out_kills_the_session_at_once(town: Town) -> None:
    browser = await first_owner(town)
    kept = browser.client.cookies["session"]
    answer = await browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-in?left"
    assert "session" not in browser.client.cookies
    assert "You are signed out" in (await browser.get("/sign-in?left")).text
    browser.client.cookies.set("session", kept, domain="127.0.0.1", path="/")
    assert await browser.who() is None
    assert (await acts(town))["sign_out"] == 1


async def test_a_disabled_user_is_out_at_the_next_request_and_cannot_come_back(town: Town) -> None:
    browser = await first_owner(town)
    async with town.sessions.write(SYSTEM) as session:
        await session.execute(update(User).values(disabled_at=town.clock()))
    assert await browser.who() is None
    assert problems(await town.browser().sign_in("alice")) == {"identifier": WRONG}


async def test_a_weaker_hash_is_renewed_when_its_owner_signs_in(town: Town) -> None:
    await first_owner(town)
    weak = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)
    async with town.sessions.write(SYSTEM) as session:
        await session.execute(update(User).values(password_hash=weak))
    await town.browser().sign_in("alice", "not this one")
    assert await kept_hash(town) == weak
    await town.browser().sign_in("alice")
    assert not passwords.outdated(await kept_hash(town))
    assert (await town.browser().sign_in("alice")).status_code == 303


async def kept_hash(town: Town) -> str:
    async with town.sessions.read(SYSTEM) as session:
        return (await session.scalars(select(User.password_hash))).one()


async def test_ten_guesses_an_hour_for_an_account_whatever_the_address(town: Town) -> None:
    await first_owner(town)
    answers = [await town.browser(f"198.51.100.{n}").sign_in("alice", f"guess number {n}") for n in range(25)]
    assert [int(answer.status_code) for answer in answers] == [422] * 10 + [429] * 15
    assert "You can try again at 13:00 UTC" in answers[-1].text
    assert "/forgotten-password" in answers[-1].text
    assert answers[-1].headers["retry-after"] == "Tue, 10 Mar 2026 13:00:00 GMT"
    page = soup(answers[-1])
    assert page.title
    assert page.title.text.startswith("Error: ")
    assert page.select_one("#field-identifier")["value"] == "alice"  # type: ignore[index]  # None fails the test
    assert await acts(town) == Counter({"sign_in.failed": 10, "sign_in.blocked": 1, "sign_up": 1})
    # Not even the right password tells the guesser anything now.
    assert (await town.browser().sign_in("alice")).status_code == 429
    town.clock.advance(3600)
    assert (await town.browser().sign_in("alice")).status_code == 303


async def test_guesses_sent_all_at_once_are_no_more_than_ten(town: Town) -> None:
    await first_owner(town)
    browsers = [town.browser(f"198.51.100.{n}") for n in range(20)]
    for browser in browsers:
        await browser.get("/sign-in")
    answers = await asyncio.gather(*[browser.sign_in("alice", "a wrong guess") for browser in browsers])
    assert Counter(int(answer.status_code) for answer in answers) == {422: 10, 429: 10}


async def test_one_guess_a_minute_is_throttled_too(town: Town) -> None:
    await first_owner(town)
    looked_at = []
    for minute in range(120):
        answer = await town.browser().sign_in("alice", "a wrong guess")
        if answer.status_code == 422:
            looked_at.append(minute)
        town.clock.advance(60)
    assert max(sum(1 for m in looked_at if start <= m < start + 60) for start in looked_at) == 10


async def test_an_unknown_name_is_throttled_in_the_same_way(town: Town) -> None:
    await first_owner(town)
    answers = [await town.browser(f"198.51.100.{n}").sign_in("nobody", "a wrong guess") for n in range(12)]
    assert [int(answer.status_code) for answer in answers] == [422] * 10 + [429] * 2


async def test_right_passwords_are_not_counted(town: Town) -> None:
    await first_owner(town)
    answers = [await town.browser().sign_in("alice") for _ in range(12)]
    assert {int(answer.status_code) for answer in answers} == {303}


async def test_an_attack_from_elsewhere_does_not_lock_the_owner_out_of_a_known_browser(town: Town) -> None:
    browser = await first_owner(town)
    await browser.post("/sign-out")
    for n in range(15):
        await town.browser(f"198.51.100.{n}").sign_in("alice", "a wrong guess")
    assert (await town.browser().sign_in("alice")).status_code == 429
    assert (await browser.sign_in("alice")).status_code == 303


async def test_a_known_browser_has_ten_guesses_too(town: Town) -> None:
    browser = await first_owner(town)
    await browser.post("/sign-out")
    answers = [await browser.sign_in("alice", "a wrong guess") for _ in range(12)]
    assert [int(answer.status_code) for answer in answers] == [422] * 10 + [429] * 2


async def test_being_known_as_one_person_is_no_way_around_anothers_limit(town: Town) -> None:
    await first_owner(town)
    bob = await by_username(town, "bobby")
    await bob.post("/sign-out")
    answers = [await bob.sign_in("alice", "a wrong guess") for _ in range(10)]
    answers.append(await town.browser().sign_in("alice", "a wrong guess"))
    assert [int(answer.status_code) for answer in answers] == [422] * 10 + [429]


async def test_a_forged_sign_of_being_known_counts_for_nothing(town: Town) -> None:
    browser = await first_owner(town)
    sign = browser.client.cookies["device"]
    await browser.post("/sign-out")
    for _ in range(10):
        await town.browser().sign_in("alice", "a wrong guess")
    for forged in (f"{'0' * 32}.{sign.split('.', 1)[1]}", sign[:-1] + ("0" if sign[-1] != "0" else "1"), "..", "x"):
        stranger = town.browser()
        stranger.client.cookies.set("device", forged, domain="127.0.0.1", path="/")
        assert (await stranger.sign_in("alice")).status_code == 429


async def test_one_address_cannot_go_through_many_accounts(town: Town) -> None:
    await first_owner(town)
    browser = town.browser("198.51.100.7")
    answers = [await browser.sign_in(f"name{n}", "a wrong guess") for n in range(102)]
    assert [int(answer.status_code) for answer in answers] == [422] * 100 + [429] * 2
    other = await browser.post("/sign-in", identifier="alice", password=PASSWORD)
    assert other.status_code == 429
    spoofed = await browser.client.post(
        "/sign-in",
        data={"identifier": "alice", "password": PASSWORD, "_csrf_token": browser.client.cookies["csrf"]},
        headers={"x-forwarded-for": "1.1.1.1", "forwarded": "for=1.1.1.1"},
    )
    assert spoofed.status_code == 429


async def test_the_owner_is_told_by_mail_once_when_guessing_is_stopped(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    for _ in range(14):
        await town.browser().sign_in("bob@example.com", "a wrong guess")
    subjects = [subject for subject, _ in await town.letters("bob@example.com")]
    assert subjects.count("Many wrong passwords for your account") == 1


async def test_a_password_typed_as_the_name_is_kept_nowhere(town: Town) -> None:
    await first_owner(town)
    await town.browser().sign_in("My Secret Passphrase 77", "alice")
    async with town.sessions.read(SYSTEM) as session:
        rows = (await session.scalars(select(AuditEntry))).all()
    assert rows
    assert not [row for row in rows if "Secret" in f"{row.subject}{row.detail}{row.request_id}"]


Ask = Callable[[Browser, str], Awaitable[httpx.Response]]
ASKS: dict[str, Ask] = {
    "sign-in": lambda browser, name: browser.sign_in(name, "a wrong guess"),
    "recovery": lambda browser, name: browser.post("/forgotten-password", email=name),
    "sign-up": lambda browser, name: browser.post("/sign-up", **FORM | {"identifier": name}),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
async def test_known_and_unknown_people_cost_the_same_work_and_get_the_same_answer(town: Town, ask: Ask) -> None:
    """The statements sent to the database and the passwords hashed are counted: clocks on a busy machine tell less."""
    await first_owner(town)
    await by_letter(town, "known@example.com")
    works: list[Counter[str]] = []
    answers: list[httpx.Response] = []
    for name in ("known@example.com", "other@example.com"):
        browser = town.browser(f"192.0.2.{len(works) + 10}")
        await browser.get("/sign-in")
        with counted(town) as work:
            answers.append(await ask(browser, name))
        works.append(work)
    assert works[0] == works[1]
    assert sum(works[0].values()) > 3
    assert answers[0].status_code == answers[1].status_code
    texts = [re.sub(r"[0-9a-f]{128}", "TOKEN", answer.text) for answer in answers]
    assert texts[0].replace("known@", "other@") == texts[1]
    assert set(answers[0].headers) == set(answers[1].headers)


@contextmanager
def counted(town: Town) -> Iterator[Counter[str]]:
    """Statements by their first words, while it is open."""
    seen: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen[" ".join(statement.split()[:3])] += 1

    engines = {town.sessions.reader.sync_engine, town.sessions.writer.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


async def test_a_stranger_and_a_known_person_wait_about_as_long(
    town: Town, monkeypatch: pytest.MonkeyPatch, real_hasher: PasswordHasher
) -> None:
    monkeypatch.setattr(passwords, "HASHER", real_hasher)
    passwords._nobodys.cache_clear()
    await first_owner(town)
    seconds: dict[str, list[float]] = {"alice": [], "nobody": []}
    for n in range(18):
        name = ("alice", "nobody")[n % 2]
        browser = town.browser()
        await browser.get("/sign-in")
        began = time.perf_counter()
        answer = await browser.sign_in(name, "a wrong guess")
        seconds[name].append(time.perf_counter() - began)
        assert answer.status_code == 422
    known, unknown = (statistics.median(times) for times in seconds.values())
    # Without the hash the stranger's answer would come in a fifth of the time; the machine's noise is less than half.
    assert 0.5 < known / unknown < 2
