"""Letters: written in the transaction that causes them, sent afterwards by a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import Clock, new_id
from portal.config import LOOPBACK, Settings
from portal.db import Sessions
from portal.models.accounts import MailMessage
from portal.tenancy import SYSTEM
from portal.vault import NOBODY, Vault

FIELD = "mail_message.body"
TIMEOUT_SECONDS = 15
# A worker that died while sending is taken to be dead after this long.
LEASE = timedelta(minutes=5)
# After each failure that may pass; then the letter is given up, about two days after it was written.
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720, 1440)]
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Post:
    """What writing a letter needs: the vault, and the address that its links start with."""

    vault: Vault
    public_url: str

    def write(self, session: AsyncSession, *, to: str, subject: str, body: str, now: datetime) -> None:
        """The letter leaves once this transaction has committed. `to` is one address in its compared form."""
        letter = MailMessage(id=new_id(), to=to, subject=subject, created_at=now, not_before=now)
        letter.body = self.vault.seal(body.encode(), merchant_id=NOBODY, row_id=letter.id, field=FIELD)
        session.add(letter)


def read(vault: Vault, letter: MailMessage) -> str:
    """What the letter says; nothing once it was sent."""
    if not letter.body:
        return ""
    return vault.open(letter.body, merchant_id=NOBODY, row_id=letter.id, field=FIELD).decode()


async def send_waiting(sessions: Sessions, settings: Settings, vault: Vault, clock: Clock, *, limit: int = 50) -> int:
    """Letters that were due are sent or will be tried later; returns how many the server took.

    Without SMTP_URL nothing is sent. A letter may go out twice if the worker dies between the server's
    answer and our record of it; both copies carry the same Message-ID, so that mailboxes show one.
    """
    if not settings.smtp_url:
        return 0
    sent = 0
    for letter in await _claim(sessions, clock(), limit):
        try:
            await _send(settings, letter, read(vault, letter))
        except (aiosmtplib.SMTPException, OSError) as error:
            await _record_failure(sessions, letter, error, clock())
            continue
        async with sessions.write(SYSTEM) as session:
            done = update(MailMessage).where(MailMessage.id == letter.id)
            await session.execute(done.values(sent_at=clock(), body=b""))
        sent += 1
    return sent


async def tidy(session: AsyncSession, now: datetime) -> None:
    """Letters older than 30 days are gone."""
    await session.execute(delete(MailMessage).where(MailMessage.created_at < now - KEPT))


async def _claim(sessions: Sessions, now: datetime, limit: int) -> list[MailMessage]:
    """Due letters, each handed to one worker only: the guard is on the row, so the slower of two gets none."""
    due = (MailMessage.sent_at.is_(None), MailMessage.failed == "", MailMessage.not_before <= now)
    async with sessions.write(SYSTEM) as session:
        oldest = select(MailMessage.id).where(*due).order_by(MailMessage.not_before).limit(limit)
        ids = (await session.scalars(oldest)).all()
        claim = update(MailMessage).where(MailMessage.id.in_(ids), *due)
        claim = claim.values(not_before=now + LEASE, attempts=MailMessage.attempts + 1)
        return list(await session.scalars(claim.returning(MailMessage)))


async def _send(settings: Settings, letter: MailMessage, body: str) -> None:
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.id}@{urlsplit(settings.public_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    server = urlsplit(settings.smtp_url)
    encrypted_at_once = server.scheme == "smtps"
    # Elsewhere than on this machine the connection must be encrypted before the password and the links go out.
    must_encrypt = not encrypted_at_once and server.hostname not in LOOPBACK
    await aiosmtplib.send(
        message,
        hostname=server.hostname,
        port=server.port,
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=encrypted_at_once,
        start_tls=True if must_encrypt else None,
        timeout=TIMEOUT_SECONDS,
    )


async def _record_failure(sessions: Sessions, letter: MailMessage, error: Exception, now: datetime) -> None:
    permanent = isinstance(error, aiosmtplib.SMTPResponseException) and 500 <= error.code < 600
    refused = isinstance(error, aiosmtplib.SMTPRecipientsRefused) and all(
        recipient.code >= 500 for recipient in error.recipients
    )
    given_up = permanent or refused or letter.attempts > len(PAUSES)
    values = (
        {"failed": str(error)[:300] or type(error).__name__, "body": b""}
        if given_up
        else {"not_before": now + PAUSES[letter.attempts - 1]}
    )
    async with sessions.write(SYSTEM) as session:
        await session.execute(update(MailMessage).where(MailMessage.id == letter.id).values(**values))
