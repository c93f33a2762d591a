"""Letters leave after the commit and once; in development they are read on a page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import mail
from portal.config import Settings
from portal.db import Sessions
from portal.mail import Post
from portal.models.accounts import MailMessage
from portal.tenancy import SYSTEM
from portal.vault import Vault
from tests.accounts.people_in_town import by_letter, first_owner
from tests.accounts.town import PASSWORD, Town, soup
from tests.postman import Postman, a_postman
from tests.settable_clock import SettableClock


@pytest.fixture
async def postman() -> AsyncIterator[Postman]:
    async with a_postman() as made:
        yield made


class Office:
    """What sending needs, put together for a test."""

    def __init__(self, sessions: Sessions, settings: Settings, clock: SettableClock) -> None:
        self.sessions, self.settings, self.clock = sessions, settings, clock
        self.vault = Vault.from_setting(settings.vault_keys)

    async def write(self, to: str = "bob@example.com", body: str = "Ein Link für 太郎: http://x/PLANTED") -> None:
        async with self.sessions.write(SYSTEM) as session:
            Post(self.vault, "http://x").write(session, to=to, subject="Grüße 太郎", body=body, now=self.clock())

    async def send(self) -> int:
        return await mail.send_waiting(self.sessions, self.settings, self.vault, self.clock)

    async def row(self) -> MailMessage:
        async with self.sessions.read(SYSTEM) as session:
            return (await session.scalars(select(MailMessage))).one()


@pytest.fixture
def office(sessions: Sessions, settings: Settings, clock: SettableClock, postman: Postman) -> Office:
    settings.smtp_url = postman.url
    return Office(sessions, settings, clock)


async def test_a_letter_is_sent_once_and_then_emptied(office: Office, postman: Postman) -> None:
    await office.write()
    assert b"PLANTED" not in (await office.row()).body
    assert [await office.send(), await office.send()] == [1, 0]
    (letter,) = postman.letters
    assert letter["To"] == "bob@example.com"
    assert letter["Subject"] == "Grüße 太郎"
    assert letter["From"] == office.settings.mail_from
    assert letter.get_content().strip() == "Ein Link für 太郎: http://x/PLANTED"
    row = await office.row()
    assert letter["Message-ID"] == f"<{row.id}@127.0.0.1>"
    assert (row.sent_at, row.body) == (office.clock(), b"")


async def test_a_letter_of_a_transaction_that_failed_is_never_sent(office: Office, postman: Postman) -> None:
    async def fail() -> None:
        async with office.sessions.write(SYSTEM) as session:
            Post(office.vault, "http://x").write(session, to="b@example.com", subject="s", body="b", now=office.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await office.send() == 0
    assert postman.letters == []


async def test_two_workers_send_a_letter_once(office: Office, postman: Postman) -> None:
    for _ in range(5):
        await office.write()
    assert sum(await asyncio.gather(*[office.send() for _ in range(3)])) == 5
    assert len({letter["Message-ID"] for letter in postman.letters}) == len(postman.letters) == 5


async def test_a_busy_server_is_tried_again_later_and_later(office: Office, postman: Postman) -> None:
    await office.write()
    for pause in mail.PAUSES[:3]:
        postman.answers = ["451 come back later"]
        assert await office.send() == 0
        office.clock.advance(pause.total_seconds() - 1)
        assert await office.send() == 0
        office.clock.advance(1)
    assert await office.send() == 1
    assert (await office.row()).attempts == 4


async def test_a_refused_recipient_is_given_up_with_the_servers_words(office: Office, postman: Postman) -> None:
    await office.write()
    postman.answers = ["550 no such mailbox"]
    assert await office.send() == 0
    row = await office.row()
    assert "no such mailbox" in row.failed
    assert row.body == b""
    office.clock.advance(timedelta(days=3).total_seconds())
    assert await office.send() == 0
    assert postman.letters == []


async def test_a_server_that_never_answers_is_given_up_in_the_end(office: Office) -> None:
    office.settings.smtp_url = "smtp://127.0.0.1:1"
    await office.write()
    for pause in [*mail.PAUSES, timedelta()]:
        assert (await office.row()).failed == ""
        assert await office.send() == 0
        office.clock.advance(pause.total_seconds())
    assert (await office.row()).failed


async def test_a_worker_that_died_while_sending_holds_the_letter_back_for_minutes_only(
    office: Office, postman: Postman
) -> None:
    await office.write()
    assert len(await mail._claim(office.sessions, office.clock(), 50)) == 1
    assert await office.send() == 0
    office.clock.advance(mail.LEASE.total_seconds())
    assert await office.send() == 1


async def test_without_a_server_nothing_is_sent(office: Office, postman: Postman) -> None:
    office.settings.smtp_url = ""
    await office.write()
    assert await office.send() == 0
    assert (await office.row()).attempts == 0


async def test_old_letters_are_removed(office: Office) -> None:
    await office.write()
    office.clock.advance(timedelta(days=30, seconds=1).total_seconds())
    async with office.sessions.write(SYSTEM) as session:
        await mail.tidy(session, office.clock())
    async with office.sessions.read(SYSTEM) as session:
        assert (await session.scalars(select(MailMessage))).all() == []


async def test_in_development_letters_are_read_on_a_page(town: Town) -> None:
    await first_owner(town)
    browser = await by_letter(town, "bob@example.com")
    page = soup(await browser.get("/dev/mail"))
    link = str(page.select_one("main li a")["href"])  # type: ignore[index]  # None fails the test
    await browser.post("/settings/profile/email", email="new@example.com", current=PASSWORD)
    assert soup(await browser.get("/settings/profile")).select_one('a[href="/dev/mail"]')
    letter = soup(await browser.get(link))
    assert any("/sign-up/" in str(a["href"]) for a in letter.select("main a"))
    assert (await browser.get("/dev/mail/not-an-id")).status_code == 404


@pytest.mark.parametrize(
    ("name", "value"), [("public_url", "https://hub.example.com"), ("smtp_url", "smtp://mail.example.com")]
)
async def test_where_letters_are_sent_nobody_reads_them_on_a_page(town: Town, name: str, value: str) -> None:
    await first_owner(town, "alice@example.com")
    setattr(town.runtime.settings, name, value)
    assert (await town.browser().get("/dev/mail")).status_code == 404
    assert "/dev/mail" not in (await town.browser().get("/forgotten-password/sent")).text
