"""Looking people and memberships up."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts import identifiers
from portal.models.accounts import Member, Merchant, Role, SignInSession, User


async def by_identifier(session: AsyncSession, typed: str) -> User | None:
    """Whom a person means by an e-mail address or a user name. One statement, whatever was typed."""
    compared = identifiers.compared(typed)
    column: ColumnElement[str | None] = User.email if "@" in compared else User.username  # type: ignore[assignment]  # both are mapped columns
    # PostgreSQL takes no NUL; nobody is called by the sign that stands for one.
    return await session.scalar(select(User).where(column == compared[:254].replace("\0", "\ufffd")))


async def by_email(session: AsyncSession, email: str) -> User | None:
    return await session.scalar(select(User).where(User.email == email))


async def anybody(session: AsyncSession) -> bool:
    """Whether the installation has a user; before, only the one-time link makes one."""
    return await session.scalar(select(User.id).limit(1)) is not None


async def home_of(session: AsyncSession, user_id: UUID | None) -> UUID | None:
    """The merchant a person lands at: the one last worked for, else the one joined first; None without any."""
    last_used = (
        select(func.max(SignInSession.last_seen_at))
        .where(SignInSession.user_id == Member.user_id, SignInSession.merchant_id == Member.merchant_id)
        .scalar_subquery()
    )
    mine = select(Member.merchant_id).where(Member.user_id == user_id)
    return await session.scalar(mine.order_by(last_used.desc().nulls_last(), Member.created_at).limit(1))


async def shops_of(session: AsyncSession, user_id: UUID) -> Sequence[Merchant]:
    """The merchants a person works for, by name."""
    mine = select(Merchant).join(Member, Member.merchant_id == Merchant.id).where(Member.user_id == user_id)
    return (await session.scalars(mine.order_by(Merchant.name))).all()


async def owner_count(session: AsyncSession, merchant_id: UUID) -> int:
    """How many owners there are; on PostgreSQL their rows are held, so that two cannot leave at the same moment.

    To be asked before any member's row is held: two who hold one each would wait for each other.
    """
    owners = select(Member.id).where(Member.merchant_id == merchant_id, Member.role == Role.OWNER)
    return len((await session.scalars(owners.order_by(Member.id).with_for_update())).all())
