"""What a channel's own report says is listed there, and what each connection was sent under which SKU."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class ReportState(StrEnum):
    ASKED = "asked"
    READY = "ready"
    FAILED = "failed"


class Verdict(StrEnum):
    """How a SKU of the report and what was uploaded go together. `SINCE`: uploaded too late for this report."""

    DIFFERS = "differs"
    HERE = "here"
    THERE = "there"
    SINCE = "since"
    SAME = "same"


class UploadRecord(Row, MerchantOwned, Base):
    """A SKU that a connection was sent for a variant. It outlives the variant, so neither is referred to.

    `sent_at` is when the connection last took this SKU; the variant's newest one is how it is known there.
    `changed_at` is when the variant was given another SKU, or deleted; price and quantity are the last it was sent
    with, noted when it was deleted.
    """

    __tablename__ = "upload_record"
    __table_args__ = (
        UniqueConstraint("connection_id", "variant_id", "sku"),
        Index("ix_upload_record_sku", "connection_id", "sku"),
        Index("ix_upload_record_variant_id", "variant_id"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    variant_id: Mapped[UUID]
    product_id: Mapped[UUID]
    sku: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    price_at: Mapped[datetime | None]
    quantity: Mapped[int | None]
    quantity_at: Mapped[datetime | None]


class ChannelReport(Row, MerchantOwned, Base):
    """A report a connection was asked for. It says how things were when it was asked for, at `asked_at`.

    `ready_at` is when we found it made. `problem` is why there is none (see connectors.errors.Problem).
    """

    __tablename__ = "channel_report"
    __table_args__ = (
        Index(
            "uq_channel_report_asked",
            "connection_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
        Index("ix_channel_report_connection_id", "connection_id"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    state: Mapped[ReportState] = mapped_column(Word(ReportState), default=ReportState.ASKED)
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    problem: Mapped[dict[str, Any] | None]
    currency: Mapped[str] = mapped_column(String(3), default="")
    row_count: Mapped[int] = mapped_column(default=0)


class ChannelReportRow(Row, MerchantOwned, Base):
    """One SKU of the comparison, held against what had been uploaded when the report was asked for.

    `status`, `price_minor` and `quantity` are the report's, empty for a SKU it lacks; `sent_…` are ours, empty for one
    that was not uploaded. `differs` names what does: price, stock, status. Ids are not referred to: what they name
    may go.
    """

    __tablename__ = "channel_report_row"
    __table_args__ = (Index("ix_channel_report_row_page", "report_id", "verdict", "sku"),)

    report_id: Mapped[UUID] = mapped_column(ForeignKey("channel_report.id"))
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict))
    differs: Mapped[list[str]] = mapped_column(default=list)
    sku: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text, default="")
    barcode: Mapped[str] = mapped_column(String(255), default="")
    channel_ref: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[str] = mapped_column(String(64), default="")
    by_channel: Mapped[bool] = mapped_column(default=False)
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    quantity: Mapped[int | None]
    listing_id: Mapped[UUID | None] = mapped_column(index=True)
    variant_id: Mapped[UUID | None]
    sent_price_minor: Mapped[int | None] = mapped_column(BigInteger)
    sent_price_at: Mapped[datetime | None]
    sent_quantity: Mapped[int | None]
    sent_quantity_at: Mapped[datetime | None]
    search_text: Mapped[str] = mapped_column(Text, default="")
