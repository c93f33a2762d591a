"""Links that work once: first owner, sign-up, new password, an address confirmed or put back."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.clock import Clock
from portal.config import Settings
from portal.db import Sessions
from portal.models.accounts import LinkPurpose, OneTimeLink, User
from portal.tenancy import SYSTEM

LIFETIME = {
    LinkPurpose.FIRST_OWNER: timedelta(hours=24),
    LinkPurpose.SIGN_UP: timedelta(minutes=10),
    LinkPurpose.RESET_PASSWORD: timedelta(minutes=10),
    LinkPurpose.VERIFY_EMAIL: timedelta(hours=24),
    LinkPurpose.RESTORE_EMAIL: timedelta(hours=24),
}
PATHS = {
    LinkPurpose.FIRST_OWNER: "/start/{token}",
    LinkPurpose.SIGN_UP: "/sign-up/{token}",
    LinkPurpose.RESET_PASSWORD: "/reset-password/{token}",
    LinkPurpose.VERIFY_EMAIL: "/verify-email/{token}",
    LinkPurpose.RESTORE_EMAIL: "/restore-email/{token}",
}
# A used or ended link is kept this long for people who ask why it no longer works.
KEPT = timedelta(days=1)


def new_token() -> str:
    """256 random bits, fit for an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: a thief of the table cannot use it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def make(
    session: AsyncSession,
    purpose: LinkPurpose,
    *,
    now: datetime,
    user_id: UUID | None = None,
    email: str = "",
    detail: dict[str, Any] | None = None,
) -> str:
    """The path of a new link; older ones of the purpose for this user and address no longer work."""
    await end(session, purpose, user_id=user_id, email=email, now=now)
    token = new_token()
    session.add(
        OneTimeLink(
            purpose=purpose,
            token_hash=token_hash(token),
            user_id=user_id,
            email=email,
            detail=detail or {},
            created_at=now,
            expires_at=now + LIFETIME[purpose],
        )
    )
    return PATHS[purpose].format(token=token)


async def end(session: AsyncSession, purpose: LinkPurpose, *, user_id: UUID | None, email: str, now: datetime) -> None:
    """No earlier link of the purpose works any more: a user's, or where there is no user the address's."""
    whose = (
        OneTimeLink.user_id == user_id if user_id else (OneTimeLink.user_id.is_(None) & (OneTimeLink.email == email))
    )
    await session.execute(update(OneTimeLink).where(_works(purpose, now), whose).values(used_at=now, detail={}))


async def find(session: AsyncSession, purpose: LinkPurpose, token: str, now: datetime) -> OneTimeLink | None:
    """The link, if it would work now. Looking uses nothing up: mail programs follow links on their own."""
    found = select(OneTimeLink).where(OneTimeLink.token_hash == token_hash(token), _works(purpose, now))
    return await session.scalar(found)


async def use(session: AsyncSession, purpose: LinkPurpose, token: str, now: datetime) -> OneTimeLink | None:
    """The link, now used up; None for every later use, also one at the same moment, since the guard is on the row."""
    link = await find(session, purpose, token, now)
    if link is None:
        return None
    taken = update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
    # What it was to do (a password's hash) is emptied in the row and stays in the object that is returned.
    taken = taken.values(used_at=now, detail={}).returning(OneTimeLink.id)
    won = await session.execute(taken, execution_options={"synchronize_session": False})
    return link if won.first() else None


async def first_owner_link(sessions: Sessions, settings: Settings, clock: Clock) -> str | None:
    """The address that makes the first owner, working once within a day; None when somebody is there already."""
    async with sessions.write(SYSTEM) as session:
        if await session.scalar(select(User.id).limit(1)):
            return None
        return settings.public_url + await make(session, LinkPurpose.FIRST_OWNER, now=clock())


async def tidy(session: AsyncSession, now: datetime) -> None:
    """Links that ended a day ago are gone, with what they were to do."""
    await session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - KEPT))


def _works(purpose: LinkPurpose, now: datetime) -> Any:
    return (OneTimeLink.purpose == purpose) & OneTimeLink.used_at.is_(None) & (OneTimeLink.expires_at > now)
