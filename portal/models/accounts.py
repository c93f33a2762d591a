"""Merchants, the people who work for them, and how those people are signed in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.clock import utc_now
from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class Role(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    PACKER = "packer"
    VIEWER = "viewer"


class ListingMode(StrEnum):
    INBOX = "inbox"
    AUTO_SYNC = "auto_sync"


class Merchant(Row, Base):
    """The tenant. `currency` is the one its catalog's prices are in (ISO 4217).

    Since `stopped_at`, nothing is for sale on any channel, until the merchant lets selling go on.
    `updates_to_source_only`: news of an order goes to where it was sold and nowhere else, whatever rules say.
    """

    __tablename__ = "merchant"

    name: Mapped[str] = mapped_column(String(200))
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    listing_mode: Mapped[ListingMode] = mapped_column(Word(ListingMode), default=ListingMode.INBOX)
    stopped_at: Mapped[datetime | None]
    updates_to_source_only: Mapped[bool] = mapped_column(default=True)


class User(Row, Base):
    """A person. `username` and `email` are kept in their one compared form; at least one is there."""

    __tablename__ = "user"

    name: Mapped[str] = mapped_column(String(200), default="")
    username: Mapped[str | None] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(16), default="en")
    theme: Mapped[str] = mapped_column(String(8), default="system")
    shortcuts: Mapped[bool] = mapped_column(default=True)
    disabled_at: Mapped[datetime | None]


class Member(Row, MerchantOwned, Base):
    """`order_letters`: they asked to be told of the merchant's new orders by e-mail."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("merchant_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[Role] = mapped_column(Word(Role))
    order_letters: Mapped[bool] = mapped_column(default=False)


class Invitation(Row, MerchantOwned, Base):
    """A place offered by e-mail. Only the hash of its token is kept."""

    __tablename__ = "invitation"

    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(Word(Role))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]


class SignInSession(Row, Base):
    """One signed-in browser. The cookie holds a random token, the row its SHA-256.

    `flash` is what the next full page says once.
    """

    __tablename__ = "sign_in_session"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchant.id"))
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    flash: Mapped[list[Any]] = mapped_column(default=list)


class LinkPurpose(StrEnum):
    FIRST_OWNER = "first_owner"
    SIGN_UP = "sign_up"
    RESET_PASSWORD = "reset_password"
    VERIFY_EMAIL = "verify_email"
    RESTORE_EMAIL = "restore_email"


class OneTimeLink(Row, Base):
    """A link that works once. Only the hash of its token is kept; a newer one of a purpose ends the older.

    `email` is the address it was sent to. `detail` is what it will do: the account that a
    sign-up asked for, with the hash of its password.
    """

    __tablename__ = "one_time_link"

    purpose: Mapped[LinkPurpose] = mapped_column(Word(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), default="", index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """How often something was tried; `count` starts again when `window_ends_at` has passed."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    window_ends_at: Mapped[datetime]
    count: Mapped[int]


class MailMessage(Row, Base):
    """A letter written in the transaction that caused it. In development it is read on a page.

    `body` is sealed, since letters carry links that open accounts, and emptied once sent.
    `not_before` is when it may be tried (again); `failed` says why it never will be.
    """

    __tablename__ = "mail_message"
    __table_args__ = (Index("ix_mail_message_waiting", "sent_at", "not_before"),)

    to: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[bytes]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]
    failed: Mapped[str] = mapped_column(String(300), default="")


class AuditEntry(Row, Base):
    """Who did what, when and from where. Appended only."""

    __tablename__ = "audit_entry"

    merchant_id: Mapped[UUID | None] = mapped_column(ForeignKey("merchant.id"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    request_id: Mapped[str] = mapped_column(String(64), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
