"""One merchant's account at one channel: its state, its sealed credentials, its rate buckets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.clock import utc_now
from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class ConnectionState(StrEnum):
    SETUP = "setup"
    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"
    PAUSED = "paused"
    MAINTENANCE = "maintenance"
    DISCONNECTED = "disconnected"


class Connection(Row, MerchantOwned, Base):
    """`secrets` is sealed by the vault for (merchant, this row). `previous_secrets` stays until the new ones worked.

    `next_secrets` are keys that the channel does not take yet, tried until `next_secrets_until`; that stays behind when
    they never worked.

    `problem` is the channel's own refusal that led to the state (see connectors.errors.Problem).
    `settings` is what the connector found (see connectors.records.Identity). `connected_at` is when the merchant last
    let us in, `access_ends_at` when that ends unless they do it again. `buffer` units of everything are kept from it,
    and the order updates `handled_outside` (cancellations, shipments, returns) are not ours to carry.
    """

    __tablename__ = "connection"
    __table_args__ = (
        Index(
            "uq_connection_account",
            "channel",
            "practice",
            "external_id",
            unique=True,
            sqlite_where=text("state != 'disconnected' AND external_id != ''"),
            postgresql_where=text("state != 'disconnected' AND external_id != ''"),
        ),
    )

    channel: Mapped[str] = mapped_column(String(32))
    practice: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ConnectionState] = mapped_column(Word(ConnectionState), default=ConnectionState.SETUP)
    state_since: Mapped[datetime] = mapped_column(default=utc_now)
    maintenance_until: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None]
    external_id: Mapped[str] = mapped_column(String(255), default="")
    external_name: Mapped[str] = mapped_column(String(255), default="")
    domain: Mapped[str] = mapped_column(String(255), default="")
    currency: Mapped[str] = mapped_column(String(3), default="")
    auth_method: Mapped[str] = mapped_column(String(16), default="oauth")
    connected_at: Mapped[datetime | None]
    secrets: Mapped[bytes | None]
    previous_secrets: Mapped[bytes | None]
    next_secrets: Mapped[bytes | None]
    next_secrets_until: Mapped[datetime | None]
    access_ends_at: Mapped[datetime | None]
    refresh_lease_until: Mapped[datetime | None]
    scopes: Mapped[list[str]] = mapped_column(default=list)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    buffer: Mapped[int] = mapped_column(default=0)
    handled_outside: Mapped[list[str]] = mapped_column(default=list)
    last_heard_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]

    @property
    def sells_since(self) -> datetime:
        """A sale from this moment on is ours to see to; one of before is history.

        Channels tell the time of a sale in whole seconds: of what was sold in the second in which the connection was
        made nobody can say which came first. Taken for history, it could be sold once more.
        """
        return self.created_at.replace(microsecond=0)


class ConnectAttempt(Row, MerchantOwned, Base):
    """A trip to a channel's consent page. Its state works once, in the browser session that began it.

    `connection_id` is set for a reconnect. `return_to` is the page the merchant left.
    """

    __tablename__ = "connect_attempt"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("sign_in_session.id"))
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"))
    channel: Mapped[str] = mapped_column(String(32))
    practice: Mapped[bool] = mapped_column(default=False)
    domain: Mapped[str] = mapped_column(String(255))
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    return_to: Mapped[str] = mapped_column(Text, default="/channels")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KindRules(Row, MerchantOwned, Base):
    """What a channel publishes about one kind of product for this connection (connectors.protocol.Kinds).

    Until `read_at` nothing is known; then `document` is what it publishes, or `problem` why there is none.
    """

    __tablename__ = "kind_rules"
    __table_args__ = (UniqueConstraint("connection_id", "name"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    name: Mapped[str] = mapped_column(String(128))
    document: Mapped[dict[str, Any] | None]
    read_at: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None]


class RateBucket(MerchantOwned, Base):
    """A channel's leaky bucket as we believe it to be, corrected by its answers."""

    __tablename__ = "rate_bucket"

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    available: Mapped[float]
    maximum: Mapped[float]
    restore_per_second: Mapped[float]
    at: Mapped[datetime]


class ExchangeEntry(Row, MerchantOwned, Base):
    """A call and its answer for support, masked before it was written."""

    __tablename__ = "exchange"
    __table_args__ = (Index("ix_exchange_page", "merchant_id", "connection_id", "id"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    operation: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(8))
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None]
    request_body: Mapped[str] = mapped_column(Text)
    response_body: Mapped[str] = mapped_column(Text)
    seconds: Mapped[float]
    channel_request_id: Mapped[str] = mapped_column(String(128), default="")
