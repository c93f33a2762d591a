"""What a merchant asks our staff to give a buyer back, once the order has left."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class CreditState(StrEnum):
    ASKED = "asked"
    GIVEN = "given"
    DECLINED = "declined"


class BuyerCredit(Row, MerchantOwned, Base):
    """A request for money to be given back at the marketplace; one at a time is open for an order.

    `amount_minor` are minor units of the order's `currency`. What our staff made of it stands in `state` since
    `answered_at`: `given_minor` of it went back to the buyer, and `answer` are their words for the merchant.
    """

    __tablename__ = "buyer_credit"
    __table_args__ = (
        Index(
            "uq_buyer_credit_open",
            "order_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_buyer_credit_order", "order_id", "id"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[CreditState] = mapped_column(Word(CreditState), default=CreditState.ASKED)
    asked_by: Mapped[str] = mapped_column(String(200), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    given_minor: Mapped[int | None] = mapped_column(BigInteger)
    answer: Mapped[str] = mapped_column(Text, default="")
