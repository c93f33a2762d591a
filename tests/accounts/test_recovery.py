"""A forgotten password: the mailbox decides, the link works once, and nobody else learns anything."""

from __future__ import annotations

import asyncio

from tests.accounts.people_in_town import by_letter, by_username, first_owner
from tests.accounts.town import PASSWORD, Town, problems, soup

NEW = "seven slow barges"


async def a_link(town: Town, email: str = "bob@example.com") -> str:
    await town.browser().post("/forgotten-password", email=email)
    return await town.link(email, "/reset-password/")


async def test_the_link_lets_its_holder_choose_a_password_and_ends_all_other_sessions(town: Town) -> None:
    await first_owner(town)
    bob = await by_letter(town, "bob@example.com")
    path = await a_link(town)
    finder = town.browser()
    assert (await finder.get(path)).status_code == 200
    assert await bob.who() is not None, "looking at the link changes nothing"
    answer = await finder.post(path, password=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await bob.who() is None
    who = await finder.who()
    assert who
    assert who["name"] == "bob"
    assert "Password changed" in soup(await finder.get("/settings/profile")).select_one("#toasts").text  # type: ignore[union-attr]  # None fails the test
    assert (await town.browser().sign_in("bob@example.com", NEW)).status_code == 303
    assert (await town.browser().sign_in("bob@example.com", PASSWORD)).status_code == 422
    assert (await town.letters("bob@example.com"))[-1][0] == "Your Crossdock password was changed"


async def test_it_works_once_also_for_two_at_the_same_moment(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    path = await a_link(town)
    browsers = [town.browser(), town.browser()]
    for browser in browsers:
        await browser.get(path)
    answers = await asyncio.gather(*[browser.post(path, password=NEW) for browser in browsers])
    assert sorted(int(answer.status_code) for answer in answers) == [303, 404]
    assert (await town.browser().get(path)).status_code == 404


async def test_it_works_for_ten_minutes(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    path = await a_link(town)
    town.clock.advance(599)
    assert (await town.browser().get(path)).status_code == 200
    town.clock.advance(61)
    late = await town.browser().post(path, password=NEW)
    assert late.status_code == 404
    assert "This link doesn't work any more" in soup(late).text
    way_on = soup(late).select_one("main a.button")
    assert way_on is not None
    assert way_on["href"] == "/forgotten-password"


async def test_only_the_newest_works(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    older, newest = await a_link(town), await a_link(town)
    assert older != newest
    assert (await town.browser().post(older, password=NEW)).status_code == 404
    assert (await town.browser().post(newest, password=NEW)).status_code == 303


async def test_a_changed_password_ends_the_link(town: Town) -> None:
    await first_owner(town)
    bob = await by_letter(town, "bob@example.com")
    path = await a_link(town)
    assert (await bob.post("/settings/profile/password", current=PASSWORD, new=NEW)).status_code == 303
    assert (await town.browser().post(path, password="four loud geese")).status_code == 404


async def test_a_refused_password_leaves_the_link_good(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    path = await a_link(town)
    answer = await town.browser().post(path, password="password1")
    assert answer.status_code == 422
    assert "thieves" in problems(answer)["password"]
    assert "password1" not in answer.text
    assert (await town.browser().post(path, password=NEW)).status_code == 303


async def test_an_unknown_address_gets_the_same_answer_and_a_letter_without_a_way_in(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    known = await town.browser().post("/forgotten-password", email="bob@example.com")
    unknown = await town.browser().post("/forgotten-password", email="carol@example.com")
    assert known.headers["location"] == unknown.headers["location"] == "/forgotten-password/sent"
    subject, body = (await town.letters("carol@example.com"))[-1]
    assert subject == "No Crossdock account uses this address"
    assert "/reset-password/" not in body
    page = await town.browser().get("/forgotten-password/sent")
    assert "Check your e-mail for a link. It works once, for 10 minutes." in page.text


async def test_the_letters_link_leads_to_the_configured_address_whatever_the_host(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    browser = town.browser()
    await browser.get("/forgotten-password")
    form = {"email": "bob@example.com", "_csrf_token": browser.client.cookies["csrf"]}
    for headers, status in (({"x-forwarded-host": "evil.example"}, 303), ({"host": "evil.example"}, 400)):
        answer = await browser.client.post("/forgotten-password", data=form, headers=headers)
        assert answer.status_code == status
    assert "evil" not in (await town.letters("bob@example.com"))[-1][1]


async def test_letters_to_one_mailbox_are_limited_for_known_and_unknown_alike(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    town.clock.advance(3600)
    for email in ("bob@example.com", "carol@example.com"):
        answers = [await town.browser().post("/forgotten-password", email=email) for _ in range(4)]
        assert [int(answer.status_code) for answer in answers] == [303, 303, 303, 429]


async def test_a_person_locked_out_by_guessers_gets_in_through_the_mailbox(town: Town) -> None:
    await first_owner(town)
    await by_letter(town, "bob@example.com")
    for n in range(12):
        await town.browser(f"198.51.100.{n}").sign_in("bob@example.com", "a wrong guess")
    path = await a_link(town)
    finder = town.browser()
    assert (await finder.post(path, password=NEW)).status_code == 303
    await finder.post("/sign-out")
    assert (await finder.sign_in("bob@example.com", NEW)).status_code == 303


async def test_what_is_no_address_is_said_so(town: Town) -> None:
    await first_owner(town)
    await by_username(town, "bob")
    answer = await town.browser().post("/forgotten-password", email="bob")
    assert answer.status_code == 422
    assert list(problems(answer)) == ["email"]
