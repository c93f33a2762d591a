"""Signed-in browsers: begun, recognised at each request, listed, ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts.audit import Visit
from portal.accounts.links import new_token, token_hash
from portal.db import Sessions
from portal.models.accounts import Member, Merchant, SignInSession, User
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, Visitor, runtime

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=60)
TOUCH = timedelta(minutes=1)


def begin(
    session: AsyncSession,
    *,
    user_id: UUID,
    merchant_id: UUID,
    visit: Visit,
    flash: Sequence[dict[str, str]] = (),
) -> str:
    """A new signed-in browser; returns the token for its cookie, of which only the hash is kept."""
    token = new_token()
    session.add(
        SignInSession(
            token_hash=token_hash(token),
            user_id=user_id,
            merchant_id=merchant_id,
            user_agent=visit.user_agent[:300],
            address=visit.address[:64],
            created_at=visit.now,
            last_seen_at=visit.now,
            expires_at=visit.now + ABSOLUTE,
            flash=list(flash),
        )
    )
    return token


async def authenticate(sessions: Sessions, token: str, now: datetime) -> Visitor | None:
    """Who sent the token, with the role held at this moment; None once any of session, user or membership has ended."""
    query = (
        select(SignInSession, User, Merchant, Member.role)
        .join(User, User.id == SignInSession.user_id)
        .join(Merchant, Merchant.id == SignInSession.merchant_id)
        .join(Member, (Member.user_id == User.id) & (Member.merchant_id == SignInSession.merchant_id))
        .where(SignInSession.token_hash == token_hash(token), _alive(now), User.disabled_at.is_(None))
    )
    async with sessions.read(SYSTEM) as session:
        found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    row, user, merchant, role = found
    if row.last_seen_at <= now - TOUCH:
        await _touch(sessions, row.id, now)
    return Visitor(
        session_id=row.id,
        user_id=user.id,
        merchant_id=merchant.id,
        merchant_name=merchant.name,
        currency=merchant.currency,
        role=role,
        name=user.name,
        language=user.locale,
        time_zone=merchant.time_zone,
        theme=user.theme,
        shortcuts=user.shortcuts,
        flash=tuple(row.flash),
    )


async def is_alive(sessions: Sessions, session_id: UUID, now: datetime) -> bool:
    """Whether the session still opens anything: what an open stream asks now and then."""
    query = (
        select(SignInSession.id)
        .join(User, User.id == SignInSession.user_id)
        .join(Member, (Member.user_id == User.id) & (Member.merchant_id == SignInSession.merchant_id))
        .where(SignInSession.id == session_id, _alive(now), User.disabled_at.is_(None))
    )
    async with sessions.read(SYSTEM) as session:
        return await session.scalar(query) is not None


async def listed(session: AsyncSession, user_id: UUID, now: datetime) -> Sequence[SignInSession]:
    """The user's living sessions, the latest used first."""
    rows = select(SignInSession).where(SignInSession.user_id == user_id, _alive(now))
    return (await session.scalars(rows.order_by(SignInSession.last_seen_at.desc()))).all()


async def end(session: AsyncSession, now: datetime, *which: ColumnElement[bool]) -> int:
    """The sessions that `which` selects are dead at the next request; returns how many were alive."""
    dead = update(SignInSession).where(SignInSession.revoked_at.is_(None), *which).values(revoked_at=now)
    found = await session.execute(dead.returning(SignInSession.id), execution_options={"synchronize_session": False})
    return len(found.all())


async def end_token(session: AsyncSession, token: str, now: datetime) -> None:
    """Whatever session the token opened is dead."""
    await end(session, now, SignInSession.token_hash == token_hash(token))


async def leave_flash(request: PortalRequest, message: dict[str, str]) -> None:
    """The next full page of this browser says `message` once."""
    if request.user is None:
        return
    async with runtime(request).sessions.write(SYSTEM) as session:
        row = await _locked(session, request.user.session_id)
        row.flash = [*row.flash, message]


async def forget_flash(sessions: Sessions, session_id: UUID, count: int) -> None:
    """The first `count` messages have been said; later ones wait for the next page."""
    async with sessions.write(SYSTEM) as session:
        row = await _locked(session, session_id)
        row.flash = row.flash[count:]


async def _locked(session: AsyncSession, session_id: UUID) -> SignInSession:
    return (await session.scalars(select(SignInSession).where(SignInSession.id == session_id).with_for_update())).one()


async def _touch(sessions: Sessions, session_id: UUID, now: datetime) -> None:
    async with sessions.write(SYSTEM) as session:
        seen = update(SignInSession).where(SignInSession.id == session_id, SignInSession.last_seen_at < now)
        await session.execute(seen.values(last_seen_at=now))


def _alive(now: datetime) -> ColumnElement[bool]:
    return (
        SignInSession.revoked_at.is_(None)
        & (SignInSession.expires_at > now)
        & (SignInSession.last_seen_at > now - IDLE)
    )
