"""Webhooks as they arrived: verified, sealed, unique, worked on later."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row
from portal.tenancy import MerchantOwned


class Delivery(Row, MerchantOwned, Base):
    """`body` is sealed, and emptied once handled. The channel's delivery id is unique per connection and topic."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("connection_id", "topic", "delivery_id"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    topic: Mapped[str] = mapped_column(String(64))
    delivery_id: Mapped[str] = mapped_column(String(128))
    event_id: Mapped[str] = mapped_column(String(128), default="")
    body: Mapped[bytes]
    triggered_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
