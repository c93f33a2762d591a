"""A sale and what becomes of it: its lines, its order in the merchant's store, its parcels, what happened when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from connectors.orders import OrderState
from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class StoreStep(StrEnum):
    """Whether a marketplace's order is in the merchant's store yet."""

    NONE = "none"  # it needs none: sold in the store itself, shipped by the channel, cancelled before, no store
    WAITING = "waiting"
    CREATED = "created"
    PROBLEM = "problem"  # somebody must act: `problem` says what
    KEPT_OUT = "kept_out"  # a rule of the merchant's says that the store need not know of it


class Shelving(StrEnum):
    """What becomes of units that a buyer sent back."""

    WAITING = "waiting"  # somebody must look: it may be damaged
    BACK = "back"  # for sale again
    GONE = "gone"  # not for sale again
    OUTSIDE = "outside"  # the merchant sees to it outside of Crossdock


class Order(Row, MerchantOwned, Base):
    """One sale, as the channel had it at `changed_at`. Amounts are minor units of `currency`, None where unsaid.

    `buyer` is sealed by the vault (connectors.orders.Buyer), and removed at `buyer_removed_at`. `search_text` is what
    search looks in: numbers, SKUs, titles, and nothing of the buyer. `problem` is why it is not in the store, or why a
    cancellation did not travel (connectors.errors.Problem); `cancelling` says who asked for that cancellation and why.
    `letter_due`: new, and members who asked for it are still to be told by e-mail.
    `history`: placed before its channel was connected, so that neither stock nor store knows of it.
    """

    __tablename__ = "sale"
    __table_args__ = (
        UniqueConstraint("connection_id", "channel_id"),
        Index("ix_sale_page", "merchant_id", "placed_at"),
        Index("ix_sale_received", "merchant_id", "id"),
        Index("ix_sale_step", "merchant_id", "store_step", "placed_at"),
        Index("ix_sale_number", "merchant_id", "number"),
        Index("ix_sale_tab", "merchant_id", "state", "store_step", "connection_id"),
        Index(
            "ix_sale_problem",
            "merchant_id",
            "state",
            sqlite_where=text("problem IS NOT NULL"),
            postgresql_where=text("problem IS NOT NULL"),
        ),
        Index(
            "ix_sale_leaving",
            "merchant_id",
            "state",
            sqlite_where=text("cancel_requested = 1"),
            postgresql_where=text("cancel_requested"),
        ),
        Index(
            "ix_sale_letter_due",
            "merchant_id",
            sqlite_where=text("letter_due = 1"),
            postgresql_where=text("letter_due"),
        ),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    channel_id: Mapped[str] = mapped_column(String(255))
    number: Mapped[str] = mapped_column(String(255))
    placed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    state: Mapped[OrderState] = mapped_column(Word(OrderState))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_minor: Mapped[int | None] = mapped_column(BigInteger)
    shipping_minor: Mapped[int | None] = mapped_column(BigInteger)
    tax_minor: Mapped[int | None] = mapped_column(BigInteger)
    discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    taxes_included: Mapped[bool] = mapped_column(default=True)
    payment: Mapped[str] = mapped_column(String(64), default="")
    shipping_method: Mapped[str] = mapped_column(String(255), default="")
    fraud: Mapped[str] = mapped_column(String(8), default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    cancel_reason: Mapped[str] = mapped_column(String(255), default="")
    cancelling: Mapped[dict[str, Any] | None]
    ship_by: Mapped[datetime | None]
    by_channel: Mapped[bool] = mapped_column(default=False)
    test: Mapped[bool] = mapped_column(default=False)
    history: Mapped[bool] = mapped_column(default=False)
    letter_due: Mapped[bool] = mapped_column(default=False)
    url: Mapped[str] = mapped_column(Text, default="")
    buyer: Mapped[bytes | None]
    buyer_removed_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    store_step: Mapped[StoreStep] = mapped_column(Word(StoreStep), default=StoreStep.NONE)
    problem: Mapped[dict[str, Any] | None]
    problem_since: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(Text, default="")

    lines: Mapped[list[OrderLine]] = relationship(lazy="raise", order_by="OrderLine.position")


class OrderLine(Row, MerchantOwned, Base):
    """`quantity` as ordered; `taken` of them were taken from our stock so far and `returned` of them put back. By
    `lowered` the channel has lowered its own number, less what it `restocked`.

    `variant_id` is empty where no variant of ours is known by its SKU. `restock` is what the merchant
    decided of a cancelled line's stock, None where nobody did. `check_stock` says that stock came back by itself and
    nobody has looked yet whether the thing is there.

    Buyers sent back `told_back` by what channels told, and `noted_back` by what members recorded, each counted in all:
    a return may be told of and recorded too, so the larger one is how many came back. Of `shelved` the channel that
    tells has put them on its own shelf. As many as `put_back` the store put on its shelf when it cancelled its
    copy of the order. `raised` of both are known to have raised the channel's number.
    """

    __tablename__ = "sale_line"
    __table_args__ = (UniqueConstraint("order_id", "channel_id"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.id"))
    position: Mapped[int]
    channel_id: Mapped[str] = mapped_column(String(255))
    item_id: Mapped[str] = mapped_column(String(255), default="")
    sku: Mapped[str] = mapped_column(String(255), default="", index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    variant_id: Mapped[UUID | None] = mapped_column(ForeignKey("variant.id"), index=True)
    quantity: Mapped[int]
    cancelled: Mapped[int] = mapped_column(default=0)
    shipped: Mapped[int] = mapped_column(default=0)
    restocked: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    lowered: Mapped[int] = mapped_column(default=0)
    told_back: Mapped[int] = mapped_column(default=0)
    noted_back: Mapped[int] = mapped_column(default=0)
    shelved: Mapped[int] = mapped_column(default=0)
    put_back: Mapped[int] = mapped_column(default=0)
    raised: Mapped[int] = mapped_column(default=0)
    restock: Mapped[bool | None]
    check_stock: Mapped[bool] = mapped_column(default=False)
    unit_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    tax_minor: Mapped[int | None] = mapped_column(BigInteger)
    tax_rate: Mapped[str] = mapped_column(String(16), default="")
    discount_minor: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def came_back(self) -> int:
        """Units that buyers sent back, by whoever knows of more."""
        return max(self.told_back, self.noted_back)


class OrderReturn(Row, MerchantOwned, Base):
    """Units of a line that came back: the line's units from `first` on, so that none is counted in two rows.

    `told_by` is the connection that told of it, by name, empty where a member recorded it: then `made_by` is who.
    `back_at` is when, as far as that was said. What becomes of them is `shelving`, decided by `decided_by` (a member,
    or the store that put them on its shelf by itself). `note` is the member's own.
    """

    __tablename__ = "sale_return"
    __table_args__ = (
        UniqueConstraint("line_id", "first"),
        Index("ix_sale_return_order", "order_id", "id"),
        Index(
            "ix_sale_return_waiting",
            "merchant_id",
            "order_id",
            sqlite_where=text("shelving = 'waiting'"),
            postgresql_where=text("shelving = 'waiting'"),
        ),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("sale_line.id"))
    first: Mapped[int]
    quantity: Mapped[int]
    back_at: Mapped[datetime]
    told_by: Mapped[str] = mapped_column(String(200), default="")
    made_by: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    shelving: Mapped[Shelving] = mapped_column(Word(Shelving), default=Shelving.WAITING)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")


class UnreadOrder(Row, MerchantOwned, Base):
    """An order that a channel has and that could not be read or understood: known by its number since `created_at`.

    `problem` is what the last try came to (connectors.errors.Problem), at `tried_at`. `tries` counts those of the
    order alone; how long the next one waits grows with it.
    """

    __tablename__ = "unread_order"
    __table_args__ = (UniqueConstraint("connection_id", "channel_id"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    channel_id: Mapped[str] = mapped_column(String(255))
    number: Mapped[str] = mapped_column(String(255))
    problem: Mapped[dict[str, Any]]
    tried_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)


class StoreOrder(Row, MerchantOwned, Base):
    """The order as it stands in the merchant's store: one for each sale, however often it was asked for."""

    __tablename__ = "store_order"
    __table_args__ = (UniqueConstraint("order_id"), UniqueConstraint("connection_id", "channel_id"))

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.id"))
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    channel_id: Mapped[str] = mapped_column(String(255))
    number: Mapped[str] = mapped_column(String(255), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    found: Mapped[bool] = mapped_column(default=False)
    cancelled_at: Mapped[datetime | None]


class Parcel(Row, MerchantOwned, Base):
    """What left for the buyer, by the store's own record. `told` is what the marketplace calls it since `told_at`.

    `lines` are [our order line id, how many]; empty is all of the order.
    """

    __tablename__ = "parcel"
    __table_args__ = (UniqueConstraint("order_id", "channel_id"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.id"))
    channel_id: Mapped[str] = mapped_column(String(255))
    ordinal: Mapped[int]
    carrier: Mapped[str] = mapped_column(String(64), default="")
    carrier_name: Mapped[str] = mapped_column(String(255), default="")
    number: Mapped[str] = mapped_column(String(255), default="")
    url: Mapped[str] = mapped_column(Text, default="")
    lines: Mapped[list[Any]] = mapped_column(default=list)
    shipped_at: Mapped[datetime]
    told: Mapped[str] = mapped_column(String(255), default="")
    told_at: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None]


class OrderEvent(Row, MerchantOwned, Base):
    """One thing that happened to an order, for its timeline. `details` hold ids and numbers, nothing of the buyer."""

    __tablename__ = "sale_event"
    __table_args__ = (Index("ix_sale_event_page", "order_id", "id"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("sale.id"))
    kind: Mapped[str] = mapped_column(String(32))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_by: Mapped[str] = mapped_column(String(200), default="")


class SkuLink(Row, MerchantOwned, Base):
    """A SKU at a connection that is a variant of ours under another name, as the merchant said once."""

    __tablename__ = "sku_link"
    __table_args__ = (UniqueConstraint("connection_id", "sku"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    sku: Mapped[str] = mapped_column(String(255))
    variant_id: Mapped[UUID] = mapped_column(ForeignKey("variant.id"), index=True)
    made_by: Mapped[str] = mapped_column(String(200), default="")


class OrderFeed(MerchantOwned, Base):
    """How far a connection's orders have been read. All changed before `since` are here.

    `read_at` is when the reading that found so began, `problem` why a later reading came to nothing. One that was cut
    off began at `begun_at` and goes on with `page`, where the channel's pages last. `compared` is the last statement,
    made at `compared_at`: what the channel counted over a period and what we have.
    """

    __tablename__ = "order_feed"

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    since: Mapped[datetime]
    read_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None]
    begun_at: Mapped[datetime | None]
    page: Mapped[str] = mapped_column(Text, default="")
    compared_at: Mapped[datetime | None]
    compared: Mapped[dict[str, Any] | None]
