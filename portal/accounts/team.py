"""Who works for a merchant: invited, joined, given another role, gone. A merchant always keeps an owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts import audit, entering, letters, links, passwords, queries, registration, throttle
from portal.accounts import sessions as signed_in
from portal.accounts.audit import Actor, Visit
from portal.accounts.entering import Entered
from portal.accounts.forms import Invite, Joining
from portal.accounts.registration import LinkOver
from portal.clock import new_id
from portal.db import Sessions
from portal.errors import Conflict, Forbidden, NotFound
from portal.i18n import _, language
from portal.mail import Post
from portal.models.accounts import Invitation, Member, Merchant, Role, SignInSession, User
from portal.tenancy import SYSTEM

INVITATION_LIFETIME = timedelta(days=7)
INVITATIONS_AN_HOUR = 50


@dataclass(frozen=True, slots=True)
class Offer:
    """An open invitation as its page shows it. `has_account`: somebody is registered with the address already."""

    email: str
    role: Role
    merchant_id: UUID
    merchant_name: str
    has_account: bool


async def members(session: AsyncSession, merchant_id: UUID) -> Sequence[tuple[Member, User]]:
    """The team in the order they joined."""
    rows = select(Member, User).join(User, User.id == Member.user_id).where(Member.merchant_id == merchant_id)
    return [(member, user) for member, user in await session.execute(rows.order_by(Member.created_at, Member.id))]


async def invitations(session: AsyncSession, merchant_id: UUID) -> Sequence[Invitation]:
    """Those not accepted yet, run out or not, the newest first."""
    rows = select(Invitation).where(Invitation.merchant_id == merchant_id, Invitation.accepted_at.is_(None))
    return (await session.scalars(rows.order_by(Invitation.id.desc()))).all()


async def invite(sessions: Sessions, post: Post, form: Invite, shop: str, actor: Actor) -> None:
    """A letter with a link went to the address; an earlier open invitation of it no longer works.

    Whether the address has an account changes nothing here. Raises Throttled.
    """
    key = throttle.key("invite", actor.merchant_id)
    await throttle.hit(sessions, key, INVITATIONS_AN_HOUR, throttle.HOUR, actor.now)
    token = links.new_token()
    async with sessions.write(actor.merchant_id) as session:
        open_ones = (Invitation.email == form.email, Invitation.accepted_at.is_(None))
        await session.execute(delete(Invitation).where(*open_ones))
        session.add(
            Invitation(
                merchant_id=actor.merchant_id,
                email=form.email,
                role=form.role,
                token_hash=links.token_hash(token),
                invited_by=actor.user_id,
                created_at=actor.now,
                expires_at=actor.now + INVITATION_LIFETIME,
            )
        )
        letters.invitation(session, post, form.email, f"/invitations/{token}", actor.now, shop=shop, role=form.role)
        actor.did(session, "member.invited", subject=form.email, detail={"role": form.role.value})


async def withdraw(session: AsyncSession, invitation_id: UUID, actor: Actor) -> None:
    """The invitation no longer works. Raises NotFound."""
    row = await session.get(Invitation, invitation_id)
    if row is None or row.accepted_at is not None:
        raise NotFound
    await session.delete(row)
    actor.did(session, "invitation.withdrawn", subject=row.email)


async def change_role(session: AsyncSession, member_id: UUID, role: Role, actor: Actor) -> bool:
    """The member has the role and must sign in again; returns whether it was another. Raises NotFound and Conflict."""
    owners = await queries.owner_count(session, actor.merchant_id)
    member = await _member(session, member_id, actor)
    if member.role is role:
        return False
    if member.role is Role.OWNER:
        _keep_an_owner(owners)
    actor.did(
        session, "role.changed", subject=str(member.user_id), detail={"from": member.role.value, "to": role.value}
    )
    member.role = role
    await session.flush()
    await _end_sessions(session, member, actor.now)
    return True


async def remove(session: AsyncSession, member_id: UUID, actor: Actor, *, by: Role) -> UUID:
    """The member is gone and their sessions here are dead; returns whose. Owners remove anybody, everybody may leave.

    Raises NotFound, Forbidden, and Conflict for the last owner.
    """
    owners = await queries.owner_count(session, actor.merchant_id)
    member = await _member(session, member_id, actor)
    if by is not Role.OWNER and member.user_id != actor.user_id:
        raise Forbidden(_("Only an owner can remove somebody else."))
    if member.role is Role.OWNER:
        _keep_an_owner(owners)
    actor.did(session, "member.removed", subject=str(member.user_id), detail={"role": member.role.value})
    await _end_sessions(session, member, actor.now)
    await session.delete(member)
    return member.user_id


async def _member(session: AsyncSession, member_id: UUID, actor: Actor) -> Member:
    found = select(Member).where(Member.id == member_id, Member.merchant_id == actor.merchant_id)
    member = await session.scalar(found.with_for_update())
    if member is None:
        raise NotFound
    return member


def _keep_an_owner(owners: int) -> None:
    if owners == 1:
        raise Conflict(
            _("The last owner can't leave"),
            _("Make somebody else an owner first, so that the shop stays in good hands."),
        )


async def _end_sessions(session: AsyncSession, member: Member, now: datetime) -> None:
    whose = (SignInSession.user_id == member.user_id, SignInSession.merchant_id == member.merchant_id)
    await signed_in.end(session, now, *whose)


async def offer(sessions: Sessions, token: str, now: datetime) -> Offer:
    """What the invitation's link offers. Raises LinkOver."""
    async with sessions.read(SYSTEM) as session:
        return (await _offer(session, token, now))[1]


async def accept(sessions: Sessions, token: str, *, user_id: UUID, visit: Visit) -> Entered:
    """The signed-in person belongs to the team and works for it now.

    Raises LinkOver, and Conflict for somebody else's invitation.
    """
    async with sessions.write(SYSTEM) as session:
        invitation, found = await _offer(session, token, visit.now)
        user = await session.get_one(User, user_id)
        if user.email != found.email:
            raise Conflict(
                _("This invitation is for somebody else"),
                _("It was sent to {email}. Sign out and open it again.").format(email=found.email),
            )
        return await _join(session, invitation, user, visit)


async def join(sessions: Sessions, token: str, form: Joining, *, visit: Visit) -> Entered:
    """A new person belongs to the team and is signed in; the link proved the mailbox. Raises LinkOver and Conflict."""
    password_hash = await passwords.hashed(form.password)
    async with sessions.write(SYSTEM) as session:
        invitation, found = await _offer(session, token, visit.now)
        user = User(
            id=new_id(),
            name=form.name,
            email=found.email,
            email_verified_at=visit.now,
            password_hash=password_hash,
            locale=language(),
            created_at=visit.now,
        )
        await registration.add_user(session, user)
        return await _join(session, invitation, user, visit)


async def _offer(session: AsyncSession, token: str, now: datetime) -> tuple[Invitation, Offer]:
    found = (
        select(Invitation, Merchant.name, User.id)
        .join(Merchant, Merchant.id == Invitation.merchant_id)
        .outerjoin(User, User.email == Invitation.email)
        .where(
            Invitation.token_hash == links.token_hash(token),
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > now,
        )
    )
    row = (await session.execute(found)).one_or_none()
    if row is None:
        raise LinkOver
    invitation, shop, user_id = row
    return invitation, Offer(invitation.email, invitation.role, invitation.merchant_id, shop, user_id is not None)


async def _join(session: AsyncSession, invitation: Invitation, user: User, visit: Visit) -> Entered:
    """The guard is on the row: of two clicks one joins. Somebody in the team already keeps the role they have."""
    taken = update(Invitation).where(Invitation.id == invitation.id, Invitation.accepted_at.is_(None))
    won = await session.execute(
        taken.values(accepted_at=visit.now).returning(Invitation.id), execution_options={"synchronize_session": False}
    )
    if won.first() is None:
        raise LinkOver
    there = select(Member.id).where(Member.merchant_id == invitation.merchant_id, Member.user_id == user.id)
    if await session.scalar(there) is None:
        session.add(
            Member(merchant_id=invitation.merchant_id, user_id=user.id, role=invitation.role, created_at=visit.now)
        )
        await session.flush()
    audit.record(session, "member.joined", visit=visit, merchant_id=invitation.merchant_id, user_id=user.id)
    return await entering.enter(
        session,
        user_id=user.id,
        merchant_id=invitation.merchant_id,
        act="sign_in",
        visit=visit,
    )
