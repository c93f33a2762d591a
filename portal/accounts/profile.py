"""What people change about themselves and their shop."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts import audit, entering, letters, links, passwords, queries, recovery
from portal.accounts.audit import Actor, Visit
from portal.accounts.entering import Entered
from portal.accounts.forms import Profile, Shop
from portal.accounts.registration import LinkOver
from portal.db import Sessions
from portal.errors import FormInvalid, NotFound
from portal.i18n import _
from portal.mail import Post
from portal.models.accounts import LinkPurpose, Member, Merchant, OneTimeLink, User
from portal.tenancy import SYSTEM


async def save(session: AsyncSession, form: Profile, user_id: UUID, merchant_id: UUID) -> None:
    """Name, language, theme, single-key shortcuts, and letters about this merchant's orders are as the form says."""
    values = {"name": form.name, "locale": form.language, "theme": form.theme, "shortcuts": form.shortcuts}
    await session.execute(update(User).where(User.id == user_id).values(**values))
    place = update(Member).where(Member.user_id == user_id, Member.merchant_id == merchant_id)
    await session.execute(place.values(order_letters=form.order_letters))


async def gets_order_letters(session: AsyncSession, user_id: UUID, merchant_id: UUID) -> bool:
    """Whether they asked for letters about this merchant's orders."""
    place = select(Member.order_letters).where(Member.user_id == user_id, Member.merchant_id == merchant_id)
    return bool(await session.scalar(place))


async def save_theme(session: AsyncSession, theme: str, user_id: UUID) -> None:
    await session.execute(update(User).where(User.id == user_id).values(theme=theme))


async def save_shop(session: AsyncSession, form: Shop, actor: Actor) -> None:
    """The shop's name and time zone are as the form says."""
    values = {"name": form.name, "time_zone": form.time_zone}
    await session.execute(update(Merchant).where(Merchant.id == actor.merchant_id).values(**values))
    actor.did(session, "shop.changed", detail=values)


async def change_password(sessions: Sessions, post: Post, *, current: str, new: str, actor: Actor) -> Entered:
    """The password is the new one and only this browser is signed in, under a new id.

    Raises FormInvalid at `current` or `new`, and Throttled.
    """
    user = await entering.confirm_password(sessions, actor.user_id, current, actor.now)
    if problem := passwords.problem(new, (user.name, user.username or "", user.email or "")):
        raise FormInvalid({"new": problem})
    password_hash = await passwords.hashed(new)
    async with sessions.write(SYSTEM) as session:
        await recovery.set_password(session, user, password_hash, actor.now)
        if user.email and user.email_verified_at:
            letters.password_changed(session, post, user.email, actor.now)
        return await entering.enter(
            session,
            user_id=user.id,
            merchant_id=actor.merchant_id,
            act="password.changed",
            visit=actor.visit,
            said=_("Password changed"),
        )


async def ask_for_address(sessions: Sessions, post: Post, *, email: str, current: str, actor: Actor) -> None:
    """A letter with a link went to the new address; the old one stays until the link is opened.

    An address that another account uses gets a letter that says so, and the answer here is the
    same. Raises FormInvalid at `current`, and Throttled.
    """
    await entering.confirm_password(sessions, actor.user_id, current, actor.now)
    async with sessions.write(SYSTEM) as session:
        owner = await queries.by_email(session, email)
        verify = LinkPurpose.VERIFY_EMAIL
        path = await links.make(session, verify, now=actor.now, user_id=actor.user_id, email=email)
        if owner is None or owner.id == actor.user_id:
            letters.confirm_address(session, post, email, path, actor.now)
        else:
            letters.address_in_use(session, post, email, actor.now)
        actor.did(session, "email.asked")


async def address_waiting(session: AsyncSession, user_id: UUID, now: datetime) -> str | None:
    """The address whose confirmation is awaited."""
    waiting = select(OneTimeLink.email).where(
        OneTimeLink.purpose == LinkPurpose.VERIFY_EMAIL,
        OneTimeLink.user_id == user_id,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now,
    )
    return await session.scalar(waiting.order_by(OneTimeLink.created_at.desc()).limit(1))


async def address_of(sessions: Sessions, purpose: LinkPurpose, token: str, now: datetime) -> str:
    """The address that the link will confirm or put back. Raises LinkOver."""
    async with sessions.read(SYSTEM) as session:
        link = await links.find(session, purpose, token, now)
    if link is None:
        raise LinkOver
    return link.email


async def confirm_address(sessions: Sessions, post: Post, purpose: LinkPurpose, token: str, visit: Visit) -> str:
    """The address is the user's and confirmed; the one before is told, with a way back. Returns it. Raises LinkOver."""
    async with sessions.write(SYSTEM) as session:
        link = await links.use(session, purpose, token, visit.now)
        if link is None or link.user_id is None:
            raise LinkOver
        user = await session.get_one(User, link.user_id)
        before = user.email if user.email_verified_at else None
        try:
            async with session.begin_nested():
                taken = update(User).where(User.id == user.id).values(email=link.email, email_verified_at=visit.now)
                await session.execute(taken, execution_options={"synchronize_session": False})
        except IntegrityError as error:
            # Somebody else confirmed it first.
            raise LinkOver from error
        if before and before != link.email:
            back = await links.make(session, LinkPurpose.RESTORE_EMAIL, now=visit.now, user_id=user.id, email=before)
            letters.address_changed(session, post, before, back, visit.now)
        home = await queries.home_of(session, user.id)
        audit.record(session, "email.changed", visit=visit, merchant_id=home, user_id=user.id)
        return link.email


async def change_shop(session: AsyncSession, merchant_id: UUID, actor: Actor) -> Entered:
    """This browser works for another merchant of the same person, under a new id. Raises NotFound."""
    mine = select(Member.id).where(Member.user_id == actor.user_id, Member.merchant_id == merchant_id)
    if await session.scalar(mine) is None:
        raise NotFound
    return await entering.enter(
        session,
        user_id=actor.user_id,
        merchant_id=merchant_id,
        act="shop.entered",
        visit=actor.visit,
    )
