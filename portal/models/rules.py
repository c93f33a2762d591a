"""What a merchant has ruled for orders on their way to the store, and for news of them on its way back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row
from portal.tenancy import MerchantOwned


class RoutingRule(Row, MerchantOwned, Base):
    """One rule; a merchant's are asked in the order of `position`.

    `conditions` are [attribute, operator, value], `then` and `otherwise` are [act, value], in the words of
    portal.rules.deciding. What is not `enabled` is asked by nobody.
    """

    __tablename__ = "routing_rule"

    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    enabled: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[list[Any]] = mapped_column(default=list)
    then: Mapped[list[Any]] = mapped_column(default=list)
    otherwise: Mapped[list[Any]] = mapped_column(default=list)
