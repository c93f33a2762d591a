"""Promises to do something outside, the lanes they wait in, and every try at keeping them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned


class TaskState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    MERGED = "merged"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


OPEN = (TaskState.WAITING, TaskState.RUNNING, TaskState.SENT, TaskState.IN_DOUBT)
UNDER_WAY = (TaskState.RUNNING, TaskState.SENT, TaskState.IN_DOUBT)


class Lane(Row, MerchantOwned, Base):
    """Connection (or merchant) × kind of work; one worker at a time, by a lease with a rising fence."""

    __tablename__ = "lane"

    key: Mapped[str] = mapped_column(String(128), unique=True)
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"))
    name: Mapped[str] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(String(64), default="")
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)


class Task(Row, MerchantOwned, Base):
    """One promise. At most one waits per (kind, subject); smaller priority goes first.

    `lost_starts` counts the times a worker died holding it, `tries` the looks and waits since it was last
    asked for, `faults` those that ended in our own fault. `batch_limit` shrinks the next batch after a death.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index(
            "uq_task_waiting",
            "merchant_id",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_task_due", "lane_id", "state", "priority", "not_before"),
        Index("ix_task_subject", "merchant_id", "subject", "state"),
    )

    lane_id: Mapped[UUID] = mapped_column(ForeignKey("lane.id"))
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"))
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    state: Mapped[TaskState] = mapped_column(Word(TaskState), default=TaskState.WAITING)
    not_before: Mapped[datetime]
    priority: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    batch_limit: Mapped[int | None]
    lost_starts: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    faults: Mapped[int] = mapped_column(default=0)
    outcome_class: Mapped[str] = mapped_column(String(16), default="")
    outcome_code: Mapped[str] = mapped_column(String(128), default="")
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("attempt.id"))
    ended_at: Mapped[datetime | None]


class Attempt(Row, MerchantOwned, Base):
    """One try at a batch, written before the call: what is about to be sent, with its idempotency key."""

    __tablename__ = "attempt"

    lane_id: Mapped[UUID] = mapped_column(ForeignKey("lane.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    fence: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(String(64))
    sent: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ended_at: Mapped[datetime | None]


class AttemptItem(Row, MerchantOwned, Base):
    """One task's part of an attempt and how it ended; `outcome` empty while it runs.

    Work that outlives a call keeps its reference here, with the time after which nobody waits for it any more;
    the next look at it is the task's `not_before`.
    """

    __tablename__ = "attempt_item"
    __table_args__ = (Index("ix_attempt_item_subject", "merchant_id", "subject", "id"),)

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("task.id"))
    subject: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16), default="")
    problem: Mapped[dict[str, Any] | None]
    external_ref: Mapped[str] = mapped_column(String(255), default="")
    deadline: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
