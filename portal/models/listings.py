"""A product on a connection and its variants there. Three independent columns, never one status."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from connectors.records import Observed
from portal.clock import utc_now
from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class Intent(StrEnum):
    PUBLISH = "publish"
    HOLD = "hold"
    WITHDRAW = "withdraw"


class LastAttempt(StrEnum):
    NONE = "none"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"


class Listing(Row, MerchantOwned, Base):
    """`problem` is the channel's last refusal (connectors.errors.Problem), with first and last seen and a count.

    `ours` says we created the channel's product, so a full write may go to it. `found` is a
    product met on the channel that is not linked: the merchant links it or lists as new.
    `handle` is the handle to use there when it differs from the product's.
    `relisting` says that it is withdrawn only to be published anew, once the channel says that it is gone.
    `sent_version` is the product version the channel last accepted, `sent_aspects` a digest of each aspect of it.
    `looked_at` is the last look at it there, whether or not it showed anything; by `look_due_at` another must follow.
    """

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("connection_id", "product_id"),
        Index(
            "uq_listing_channel_id",
            "connection_id",
            "channel_id",
            unique=True,
            sqlite_where=text("channel_id != ''"),
            postgresql_where=text("channel_id != ''"),
        ),
        Index("ix_listing_looked", "connection_id", "looked_at"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), index=True)
    intent: Mapped[Intent] = mapped_column(Word(Intent), default=Intent.PUBLISH)
    attempt: Mapped[LastAttempt] = mapped_column(Word(LastAttempt), default=LastAttempt.NONE)
    attempted_at: Mapped[datetime | None]
    observed: Mapped[Observed] = mapped_column(Word(Observed), default=Observed.UNKNOWN)
    observed_at: Mapped[datetime | None]
    channel_id: Mapped[str] = mapped_column(String(255), default="")
    handle: Mapped[str] = mapped_column(String(255), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    ours: Mapped[bool] = mapped_column(default=True)
    problem: Mapped[dict[str, Any] | None]
    problem_count: Mapped[int] = mapped_column(default=0)
    problem_since: Mapped[datetime | None]
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    found: Mapped[dict[str, Any] | None]
    sent_version: Mapped[int] = mapped_column(default=0)
    sent_aspects: Mapped[dict[str, Any]] = mapped_column(default=dict)
    relisting: Mapped[bool] = mapped_column(default=False)
    looked_at: Mapped[datetime | None]
    look_due_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class ListingItem(Row, MerchantOwned, Base):
    """A variant on a connection. `confirmed` quantity is what the channel last said it holds, `accounted` what it
    must hold by all we told it and all that was sold there: they differ while something is on its way.

    `seen` quantity is what the last look showed. By `odd` it was another than it had to be at `odd_quantity_at`, for
    which there is no explanation yet. Since `disputed_at` somebody else keeps changing it, however often it is put
    right. While selling is stopped, `set_aside` is what that has taken from each of the channel's locations.

    A price is `sent`, then `approved` when the channel takes it, then `reported` when it shows it itself.
    """

    __tablename__ = "listing_item"
    __table_args__ = (
        UniqueConstraint("connection_id", "variant_id"),
        UniqueConstraint("connection_id", "channel_id"),
        Index(
            "ix_listing_item_disputed",
            "merchant_id",
            sqlite_where=text("disputed_at IS NOT NULL"),
            postgresql_where=text("disputed_at IS NOT NULL"),
        ),
    )

    listing_id: Mapped[UUID] = mapped_column(ForeignKey("listing.id"), index=True)
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    channel_id: Mapped[str] = mapped_column(String(255))
    stock_id: Mapped[str] = mapped_column(String(255), default="")
    sent_quantity: Mapped[int | None]
    sent_quantity_at: Mapped[datetime | None]
    confirmed_quantity: Mapped[int | None]
    confirmed_quantity_at: Mapped[datetime | None]
    accounted_quantity: Mapped[int | None]
    seen_quantity: Mapped[int | None]
    seen_quantity_at: Mapped[datetime | None]
    odd_quantity: Mapped[int | None]
    odd_quantity_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]
    set_aside: Mapped[dict[str, Any] | None]
    sent_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    sent_price_at: Mapped[datetime | None]
    approved_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    approved_price_at: Mapped[datetime | None]
    reported_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    reported_price_at: Mapped[datetime | None]
    stock_problem: Mapped[dict[str, Any] | None]
