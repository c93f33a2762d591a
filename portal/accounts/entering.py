"""Signing in and out: the right person gets in, guessing does not pay, and nothing tells who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts import audit, devices, identifiers, letters, passwords, queries, throttle
from portal.accounts import sessions as signed_in
from portal.accounts.audit import Visit
from portal.db import Sessions
from portal.errors import FormInvalid
from portal.i18n import _
from portal.mail import Post
from portal.models.accounts import SignInSession, User
from portal.tenancy import SYSTEM

# Wrong guesses an hour: for an account from all unknown browsers together, for each known browser, for an address.
ACCOUNT_GUESSES = 10
ADDRESS_GUESSES = 100


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is signed in: the token for the cookie, and whose."""

    token: str
    user_id: UUID


async def sign_in(
    sessions: Sessions,
    post: Post,
    *,
    secret: str,
    identifier: str,
    password: str,
    visit: Visit,
) -> Entered:
    """A new session is begun and the browser's earlier one is dead.

    Raises FormInvalid with one sentence for every kind of mismatch, after the same work, and
    Throttled. Every try is counted before the password is looked at, so that a thousand at
    once are no way around; a right one gives its count back.
    """
    async with sessions.read(SYSTEM) as session:
        user = await queries.by_identifier(session, identifier)
    by_address, by_account = throttle.key("address", visit.address), _account_key(secret, user, identifier, visit)
    await throttle.hit(sessions, by_address, ADDRESS_GUESSES, throttle.HOUR, visit.now)
    try:
        await throttle.hit(sessions, by_account, ACCOUNT_GUESSES, throttle.HOUR, visit.now)
    except throttle.Throttled as error:
        if error.first:
            await _alert(sessions, post, user, visit)
        raise
    right = await passwords.matches(user.password_hash if user else None, password)
    if user is None or not right or user.disabled_at is not None:
        await _record_failure(sessions, user, visit)
        raise FormInvalid({"identifier": _("Email, user name or password isn't right.")})
    renewed = await passwords.hashed(password) if passwords.outdated(user.password_hash) else None
    async with sessions.write(SYSTEM) as session:
        for key in (by_address, by_account):
            await throttle.give_back(session, key)
        if renewed:
            same = (User.id == user.id) & (User.password_hash == user.password_hash)
            await session.execute(update(User).where(same).values(password_hash=renewed))
        return await enter(session, user_id=user.id, act="sign_in", visit=visit)


async def enter(
    session: AsyncSession,
    *,
    user_id: UUID,
    act: str,
    visit: Visit,
    merchant_id: UUID | None = None,
    said: str = "",
) -> Entered:
    """The user is signed in at `merchant_id` or at home, under a new id; `said` greets on the first page."""
    home = merchant_id or await queries.home_of(session, user_id)
    if home is None:
        message = _("This account doesn't belong to a shop any more. Ask the owner for a new invitation.")
        raise FormInvalid({"identifier": message})
    if visit.token:
        await signed_in.end_token(session, visit.token, visit.now)
    flash = [{"text": said, "tone": "success", "undo": ""}] if said else []
    token = signed_in.begin(session, user_id=user_id, merchant_id=home, visit=visit, flash=flash)
    audit.record(session, act, visit=visit, merchant_id=home, user_id=user_id)
    return Entered(token, user_id)


async def sign_out(session: AsyncSession, session_id: UUID, actor: audit.Actor) -> None:
    """The session opens nothing any more."""
    await signed_in.end(session, actor.now, SignInSession.id == session_id)
    actor.did(session, "sign_out")


async def confirm_password(sessions: Sessions, user_id: UUID, password: str, now: datetime) -> User:
    """The signed-in person, who has just shown to know the password. Raises FormInvalid at `current`, and Throttled."""
    key = throttle.key("confirm", user_id)
    await throttle.hit(sessions, key, ACCOUNT_GUESSES, throttle.HOUR, now)
    async with sessions.read(SYSTEM) as session:
        user = await session.get_one(User, user_id)
    if not await passwords.matches(user.password_hash, password):
        raise FormInvalid({"current": _("This isn't your current password.")})
    async with sessions.write(SYSTEM) as session:
        await throttle.give_back(session, key)
    return user


def _account_key(secret: str, user: User | None, identifier: str, visit: Visit) -> str:
    """The count a try goes on. A browser the user is known by has its own, which strangers cannot use up."""
    device = devices.known(secret, user.id if user else None, visit.device, visit.now)
    if device is not None:
        return throttle.key("device", device)
    return throttle.key("account", user.id if user else identifiers.compared(identifier))


async def _record_failure(sessions: Sessions, user: User | None, visit: Visit) -> None:
    """What was typed is not kept: people type passwords into the wrong field."""
    async with sessions.write(SYSTEM) as session:
        user_id = user.id if user else None
        home = await queries.home_of(session, user_id)
        audit.record(session, "sign_in.failed", visit=visit, merchant_id=home, user_id=user_id)


async def _alert(sessions: Sessions, post: Post, user: User | None, visit: Visit) -> None:
    """The first refusal is in the book, and the person is told by mail."""
    async with sessions.write(SYSTEM) as session:
        user_id = user.id if user else None
        home = await queries.home_of(session, user_id)
        audit.record(session, "sign_in.blocked", visit=visit, merchant_id=home, user_id=user_id)
        if user is not None and user.email and user.email_verified_at:
            letters.many_wrong_passwords(session, post, user.email, visit.now)
