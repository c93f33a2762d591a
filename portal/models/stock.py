"""Stock as a ledger: what is on hand is the sum of its movements, and what is held back is told apart from it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row
from portal.tenancy import MerchantOwned


class Movement(Row, MerchantOwned, Base):
    """One change of stock. A variant knows each cause once, so the same cause twice changes nothing."""

    __tablename__ = "movement"
    __table_args__ = (
        UniqueConstraint("variant_id", "cause", "cause_id"),
        Index("ix_movement_cause", "merchant_id", "cause", "cause_id"),
    )

    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]
    cause: Mapped[str] = mapped_column(String(32))
    cause_id: Mapped[str] = mapped_column(String(128))
    made_by: Mapped[str] = mapped_column(String(200), default="")


class Reservation(Row, MerchantOwned, Base):
    """Units held for a cause that has not taken them, until `ended_at`; the open ones' sum is `Variant.reserved`."""

    __tablename__ = "reservation"
    __table_args__ = (UniqueConstraint("variant_id", "cause", "cause_id"),)

    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]
    cause: Mapped[str] = mapped_column(String(32))
    cause_id: Mapped[str] = mapped_column(String(128))
    ended_at: Mapped[datetime | None]


class Shortfall(Row, MerchantOwned, Base):
    """Units that were sold and were not there: the oversell ledger. A cancel of the same cause clears them first.

    Of those `cleared`, `filled` came in later and went to whoever had bought them.
    """

    __tablename__ = "shortfall"
    __table_args__ = (
        UniqueConstraint("variant_id", "cause", "cause_id"),
        Index(
            "ix_shortfall_open",
            "merchant_id",
            "created_at",
            sqlite_where=text("cleared < quantity"),
            postgresql_where=text("cleared < quantity"),
        ),
    )

    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]
    cleared: Mapped[int] = mapped_column(default=0)
    filled: Mapped[int] = mapped_column(default=0)
    cause: Mapped[str] = mapped_column(String(32))
    cause_id: Mapped[str] = mapped_column(String(128))


class Component(Row, MerchantOwned, Base):
    """A bundle is made of `quantity` of this variant; a variant with components has no stock of its own."""

    __tablename__ = "component"
    __table_args__ = (UniqueConstraint("bundle_id", "variant_id"),)

    bundle_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"))
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]


class Repair(Row, MerchantOwned, Base):
    """A channel's number that was put right: two looks, at `found_at` and at `created_at`, `found` it where `due` was.

    `heard_until` is how far the channel's orders had been read by then; None where it could not wait for them. `reason`
    is a word of portal.proof.repairs. `sent` is the number it was told at `sent_at`. It outlives its listing item.
    """

    __tablename__ = "repair"
    __table_args__ = (
        Index("ix_repair_item", "connection_id", "variant_id", "id"),
        Index(
            "ix_repair_unsent",
            "connection_id",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    variant_id: Mapped[UUID]
    found: Mapped[int]
    found_at: Mapped[datetime]
    due: Mapped[int]
    heard_until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(32))
    sent: Mapped[int | None]
    sent_at: Mapped[datetime | None]
