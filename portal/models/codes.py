"""Product codes made from a merchant's own GS1 company prefix."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row
from portal.tenancy import MerchantOwned


class CodePrefix(Row, MerchantOwned, Base):
    """A prefix that GS1 licensed to the merchant. `next_item` is the first item number nobody has tried yet."""

    __tablename__ = "code_prefix"
    __table_args__ = (UniqueConstraint("merchant_id", "prefix"),)

    prefix: Mapped[str] = mapped_column(String(11))
    next_item: Mapped[int] = mapped_column(BigInteger, default=0)
    used_at: Mapped[datetime]


class IssuedCode(Row, MerchantOwned, Base):
    """An EAN-13 of the prefix, made once. `given_to` is the variant that got it, which may be gone since.

    GS1 lets no code be used for another product later, so one that was given stays given.
    """

    __tablename__ = "issued_code"
    __table_args__ = (
        UniqueConstraint("merchant_id", "code"),
        Index("ix_issued_code_given_to", "merchant_id", "given_to"),
    )

    prefix_id: Mapped[UUID] = mapped_column(ForeignKey("code_prefix.id"))
    code: Mapped[str] = mapped_column(String(13))
    given_to: Mapped[UUID | None]
    given_at: Mapped[datetime | None]
