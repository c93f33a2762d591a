"""A forgotten password: a letter for whoever owns the mailbox, and a link that works once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts import entering, letters, links, passwords, queries, throttle
from portal.accounts import sessions as signed_in
from portal.accounts.audit import Visit
from portal.accounts.entering import Entered
from portal.accounts.registration import LETTERS_A_MAILBOX, LinkOver
from portal.db import Sessions
from portal.errors import FormInvalid
from portal.i18n import _
from portal.mail import Post
from portal.models.accounts import LinkPurpose, OneTimeLink, SignInSession, User
from portal.tenancy import SYSTEM

REQUESTS_AN_ADDRESS = 20


class ResetLinkOver(LinkOver):
    """The same, where anybody may ask for the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.way_on = ("/forgotten-password", _("Ask for a new link"))


async def ask(sessions: Sessions, post: Post, email: str, visit: Visit) -> None:
    """A letter is on its way, and the browser learns nothing: whether there is an account stands in the letter.

    Only a confirmed address recovers. Raises Throttled.
    """
    await throttle.hit(sessions, throttle.key("recovery", visit.address), REQUESTS_AN_ADDRESS, throttle.HOUR, visit.now)
    await throttle.hit(sessions, throttle.key("mailbox", email), LETTERS_A_MAILBOX, throttle.HOUR, visit.now)
    async with sessions.write(SYSTEM) as session:
        user = await queries.by_email(session, email)
        recovers = user is not None and user.email_verified_at is not None and user.disabled_at is None
        user_id = user.id if user and recovers else None
        # Made for everybody, so that the work tells nothing; one of nobody opens nothing.
        path = await links.make(session, LinkPurpose.RESET_PASSWORD, now=visit.now, user_id=user_id, email=email)
        if recovers:
            letters.choose_new_password(session, post, email, path, visit.now)
        else:
            letters.no_account_here(session, post, email, visit.now)


async def works(sessions: Sessions, token: str, now: datetime) -> bool:
    """Whether the link would let its holder choose a password now."""
    async with sessions.read(SYSTEM) as session:
        return await _owner(session, token, now) is not None


async def choose(sessions: Sessions, post: Post, *, token: str, password: str, visit: Visit) -> Entered:
    """The password is the new one, every session of the user is dead, and this browser is signed in.

    Raises ResetLinkOver, and FormInvalid with the link still good.
    """
    async with sessions.read(SYSTEM) as session:
        user = await _owner(session, token, visit.now)
    if user is None:
        raise ResetLinkOver
    if problem := passwords.problem(password, (user.name, user.username or "", user.email or "")):
        raise FormInvalid({"password": problem})
    password_hash = await passwords.hashed(password)
    async with sessions.write(SYSTEM) as session:
        link = await links.use(session, LinkPurpose.RESET_PASSWORD, token, visit.now)
        if link is None or link.user_id != user.id:
            raise ResetLinkOver
        await set_password(session, user, password_hash, visit.now)
        if user.email:
            letters.password_changed(session, post, user.email, visit.now)
        return await entering.enter(
            session,
            user_id=user.id,
            act="password.reset",
            visit=visit,
            said=_("Password changed"),
        )


async def set_password(session: AsyncSession, user: User, password_hash: str, now: datetime) -> None:
    """The hash is the user's; no session and no link to choose a password outlives the old one."""
    await session.execute(update(User).where(User.id == user.id).values(password_hash=password_hash))
    await signed_in.end(session, now, SignInSession.user_id == user.id)
    await links.end(session, LinkPurpose.RESET_PASSWORD, user_id=user.id, email="", now=now)


async def _owner(session: AsyncSession, token: str, now: datetime) -> User | None:
    link: OneTimeLink | None = await links.find(session, LinkPurpose.RESET_PASSWORD, token, now)
    return await session.get(User, link.user_id) if link and link.user_id else None
