"""What people change about themselves: only with the password where it matters."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models.accounts import AuditEntry, Merchant, User
from portal.tenancy import SYSTEM
from tests.accounts.people_in_town import by_letter, by_username, first_owner, invited
from tests.accounts.town import PASSWORD, Town, problems, soup

NEW = "seven slow barges"


async def user(town: Town, username: str = "alice") -> User:
    async with town.sessions.read(SYSTEM) as session:
        return (await session.scalars(select(User).where(User.username == username))).one()


async def test_name_theme_and_shortcuts_stay_as_saved(town: Town) -> None:
    browser = await first_owner(town)
    await browser.post("/settings/profile", name=" Alice  B. ", language="en", theme="dark")
    kept = await user(town)
    assert (kept.name, kept.theme, kept.shortcuts) == ("Alice B.", "dark", False)
    page = soup(await browser.get("/settings/profile"))
    assert page.html is not None
    assert page.html["data-theme"] == "dark"
    assert page.html["data-shortcuts"] == "off"
    await browser.post("/settings/profile", name="Alice", language="en", theme="system", shortcuts="1")
    assert (await user(town)).shortcuts


async def test_the_theme_alone_is_changed_from_any_page(town: Town) -> None:
    browser = await first_owner(town)
    await browser.get("/settings/team")
    answer = await browser.client.post(
        "/settings/theme",
        data={"theme": "dark", "_csrf_token": browser.client.cookies["csrf"]},
        headers={"referer": "http://127.0.0.1:8000/settings/team?x=1"},
    )
    assert answer.headers["location"] == "/settings/team"
    assert (await user(town)).theme == "dark"
    assert (await browser.post("/settings/theme", theme="neon")).status_code == 422


async def test_a_new_password_asks_for_the_old_one_and_signs_every_other_browser_out(town: Town) -> None:
    browser = await first_owner(town)
    other = town.browser()
    await other.sign_in("alice")
    wrong = await browser.post("/settings/profile/password", current="not this one", new=NEW)
    assert wrong.status_code == 422
    assert list(problems(wrong)) == ["current"]
    bad = await browser.post("/settings/profile/password", current=PASSWORD, new="password1")
    assert list(problems(bad)) == ["new"]
    before = browser.client.cookies["session"]
    answer = await browser.post("/settings/profile/password", current=PASSWORD, new=NEW)
    assert answer.status_code == 303
    assert browser.client.cookies["session"] != before
    assert await browser.who() is not None
    assert await other.who() is None
    assert (await town.browser().sign_in("alice", NEW)).status_code == 303
    assert (await town.browser().sign_in("alice", PASSWORD)).status_code == 422
    async with town.sessions.read(SYSTEM) as session:
        assert "password.changed" in set(await session.scalars(select(AuditEntry.act)))


async def test_a_stolen_session_cannot_guess_the_password(town: Town) -> None:
    browser = await first_owner(town)
    answers = [
        await browser.post("/settings/profile/password", current=f"guess number {n}", new=NEW) for n in range(11)
    ]
    assert [int(answer.status_code) for answer in answers] == [422] * 10 + [429]
    assert (await browser.post("/settings/profile/password", current=PASSWORD, new=NEW)).status_code == 429
    assert (await town.browser().sign_in("alice")).status_code == 303, "signing in has its own count"


async def test_a_new_address_counts_only_once_its_mailbox_has_confirmed_it(town: Town) -> None:
    browser = await first_owner(town)
    wrong = await browser.post("/settings/profile/email", email="alice@example.com", current="not this one")
    assert list(problems(wrong)) == ["current"]
    assert await town.letters("alice@example.com") == []
    await browser.post("/settings/profile/email", email="Alice@Example.com", current=PASSWORD)
    assert (await user(town)).email is None
    assert "Waiting for you to confirm alice@example.com" in (await browser.get("/settings/profile")).text
    path = await town.link("alice@example.com")
    mailbox = town.browser()
    assert (await mailbox.get(path)).status_code == 200
    assert (await user(town)).email is None, "looking at the link changes nothing"
    assert (await mailbox.post(path)).status_code == 200
    assert (await user(town)).email == "alice@example.com"
    assert (await user(town)).email_verified_at == town.clock()
    assert (await mailbox.post(path)).status_code == 404
    assert (await town.browser().sign_in("alice@example.com")).status_code == 303


async def test_the_address_before_is_told_when_it_is_replaced_and_can_be_put_back(town: Town) -> None:
    await first_owner(town)
    bob = await by_letter(town, "bob@example.com")
    await bob.post("/settings/profile/email", email="new@example.com", current=PASSWORD)
    await bob.post(await town.link("new@example.com"))
    assert (await town.letters("bob@example.com"))[-1][0] == "Your Crossdock e-mail address was changed"
    assert (await bob.sign_in("bob@example.com")).status_code == 422
    assert "Waiting for you" not in (await bob.get("/settings/profile")).text
    await bob.post("/settings/profile/email", email="third@example.com", current=PASSWORD)
    back = await town.link("bob@example.com")
    assert "bob@example.com" in (await town.browser().get(back)).text
    assert (await town.browser().post(back)).status_code == 200
    assert (await town.browser().sign_in("bob@example.com")).status_code == 303
    assert (await town.browser().sign_in("new@example.com")).status_code == 422


async def test_an_address_that_somebody_has_is_not_given_away(town: Town) -> None:
    alice = await first_owner(town)
    await by_letter(town, "bob@example.com")
    answer = await alice.post("/settings/profile/email", email="bob@example.com", current=PASSWORD)
    assert answer.headers["location"] == "/settings/profile"
    subject, body = (await town.letters("bob@example.com"))[-1]
    assert subject == "This address already has an account"
    assert "/verify-email/" not in body


@pytest.mark.parametrize(
    "path", ["/settings/profile", "/settings/sessions", "/settings/team", "/settings/shop", "/settings"]
)
async def test_settings_are_for_members(town: Town, path: str) -> None:
    answer = await town.browser().get(path)
    assert (answer.status_code, answer.headers["location"][:13]) == (303, "/sign-in?next")


async def test_every_settings_page_is_whole(town: Town) -> None:
    browser = await first_owner(town)
    titles = set()
    for path in ("/settings/profile", "/settings/sessions", "/settings/team", "/settings/shop"):
        page = soup(await browser.get(path))
        assert len(page.select("h1")) == 1
        assert page.select_one(".tabs [aria-current=page]")["href"] == path  # type: ignore[index]  # None fails the test
        assert page.title is not None
        titles.add(page.title.text)
        ids = [element["id"] for element in page.select("[id]")]
        assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    assert len(titles) == 4


async def test_the_shop_is_changed_by_owners_and_managers(town: Town) -> None:
    owner = await first_owner(town)
    manager = await invited(town, owner, "mia@example.com", "manager")
    packer = await invited(town, owner, "pia@example.com", "packer")
    assert (await manager.post("/settings/shop", name="Linen", time_zone="Asia/Tokyo")).status_code == 303
    assert (await packer.post("/settings/shop", name="Mine", time_zone="UTC")).status_code == 403
    assert not soup(await packer.get("/settings/shop")).select("form[action='/settings/shop']")
    async with town.sessions.read(SYSTEM) as session:
        shop = (await session.scalars(select(Merchant))).one()
    assert (shop.name, shop.time_zone) == ("Linen", "Asia/Tokyo")
    for bad in ("Mars/Olympus", "../../etc/passwd", "", "\x00"):
        answer = await owner.post("/settings/shop", name="Linen", time_zone=bad)
        assert list(problems(answer)) == ["time_zone"]


async def test_another_merchants_shop_stays_as_it_is(town: Town) -> None:
    await first_owner(town)
    bob = await by_username(town, "bobby")
    await bob.post("/settings/shop", name="Taken over", time_zone="UTC")
    async with town.sessions.read(SYSTEM) as session:
        assert set(await session.scalars(select(Merchant.name))) == {"Linen & Co", "Taken over"}
