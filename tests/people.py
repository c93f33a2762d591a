"""Merchants and the people in tests: Alice and Bob work for one, Charlie for another."""

from __future__ import annotations

from portal.db import Sessions
from portal.models.accounts import Member, Merchant, Role, User
from portal.tenancy import SYSTEM


async def a_merchant(sessions: Sessions, name: str, *, currency: str = "USD") -> Merchant:
    """A merchant, committed."""
    merchant = Merchant(name=name, currency=currency)
    async with sessions.write(SYSTEM) as session:
        session.add(merchant)
    return merchant


async def a_member(sessions: Sessions, merchant: Merchant, username: str, role: Role = Role.OWNER) -> User:
    """A person with a role at the merchant, committed. The password hash matches no password."""
    user = User(name=username.title(), username=username, email=f"{username}@example.com", password_hash="!")
    async with sessions.write(SYSTEM) as session:
        session.add(user)
        await session.flush()
        session.add(Member(merchant_id=merchant.id, user_id=user.id, role=role))
    return user
