"""Stock as a ledger: what is on hand is the sum of its movements."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row
from portal.tenancy import MerchantOwned


class Movement(Row, MerchantOwned, Base):
    """One change of stock. A variant knows each cause once, so the same cause twice changes nothing."""

    __tablename__ = "movement"
    __table_args__ = (UniqueConstraint("variant_id", "cause", "cause_id"),)

    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]
    cause: Mapped[str] = mapped_column(String(32))
    cause_id: Mapped[str] = mapped_column(String(128))
    made_by: Mapped[str] = mapped_column(String(200), default="")
