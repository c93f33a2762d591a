"""Files a merchant brought, how they are read, and what of them arrived."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class ImportState(StrEnum):
    UPLOADED = "uploaded"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Import(Row, MerchantOwned, Base):
    """`expected` are the dry run's counts, `counted` what arrived; `last_row` is where a resumed commit goes on."""

    __tablename__ = "import"

    state: Mapped[ImportState] = mapped_column(Word(ImportState), default=ImportState.UPLOADED)
    filename: Mapped[str] = mapped_column(String(255))
    stored_as: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(32), default="")
    encoding: Mapped[str] = mapped_column(String(32), default="")
    delimiter: Mapped[str] = mapped_column(String(4), default="")
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expected: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counted: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_row: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(Text, default="")
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ImportProblem(Row, MerchantOwned, Base):
    """One row (or a note on one) of the report. `severity` row: it did not arrive; note: it arrived changed."""

    __tablename__ = "import_problem"
    __table_args__ = (Index("ix_import_problem_page", "import_id", "severity", "row"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("import.id"))
    row: Mapped[int]
    column: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(String(8))
