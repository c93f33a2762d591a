"""The book of sensitive acts: who, which merchant, what, when, from where. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.models.accounts import AuditEntry


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as the services see it: when, from where, and with which cookies (empty where there is none).

    `device` is the sign that the browser is known, `token` opens its session.
    """

    now: datetime
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    device: str = ""
    token: str = ""


def record(
    session: AsyncSession,
    act: str,
    *,
    visit: Visit,
    merchant_id: UUID | None = None,
    user_id: UUID | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """The act stands in the book when this transaction commits. `subject` is what it was done to, never a secret."""
    session.add(
        AuditEntry(
            merchant_id=merchant_id,
            user_id=user_id,
            act=act,
            subject=subject[:200],
            address=visit.address[:64],
            request_id=visit.request_id[:64],
            detail=detail or {},
            created_at=visit.now,
        )
    )


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in member doing something now."""

    merchant_id: UUID
    user_id: UUID
    visit: Visit

    @property
    def now(self) -> datetime:
        return self.visit.now

    def did(self, session: AsyncSession, act: str, *, subject: str = "", detail: dict[str, Any] | None = None) -> None:
        """The act stands in the book under this member's name when this transaction commits."""
        record(
            session,
            act,
            visit=self.visit,
            merchant_id=self.merchant_id,
            user_id=self.user_id,
            subject=subject,
            detail=detail,
        )
