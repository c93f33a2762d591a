"""Products waiting for the merchant to pick channels, and the decisions made on them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class InboxState(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    DONE = "done"


class InboxItem(Row, MerchantOwned, Base):
    """One a product. `choices` maps connection id to True or False where the merchant touched the box.

    `changed_fields` names what brought a done product back.
    """

    __tablename__ = "inbox_item"
    __table_args__ = (Index("ix_inbox_item_page", "merchant_id", "state", "id"),)

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), unique=True)
    state: Mapped[InboxState] = mapped_column(Word(InboxState), default=InboxState.NEW)
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_fields: Mapped[list[str]] = mapped_column(default=list)
    decided_at: Mapped[datetime | None]
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision.id"))


class Decision(Row, MerchantOwned, Base):
    """One press of approve or done, over one item or many; undone as one until `undo_until`.

    `before` keeps each item's state, so that undo puts back what was there.
    """

    __tablename__ = "decision"

    verb: Mapped[str] = mapped_column(String(16))
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    before: Mapped[list[Any]] = mapped_column(default=list)
