"""Moments inside a worker at which a trial ends it: listeners of the tests' own, of which the product knows nothing.

`CLAIMED` is K4: the attempt is in the database, nothing has been sent. `ANSWERED` is K9: the channel's answer has been
read and nothing of it is recorded. `RECORDED` is K7: the outcome is in the database, no ring for what follows has gone
out, and the queue has not heard that its job is done.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from portal.models.tasks import Attempt
from portal.tenancy import ScopedSession


class Moment(StrEnum):
    CLAIMED = "claimed"
    ANSWERED = "answered"
    RECORDED = "recorded"


def ask(order: Path, moment: Moment, kind: str) -> None:
    """The worker that comes first to this moment of a batch of the kind dies there."""
    order.write_text(f"{moment} {kind}")


def listen(order: Path) -> None:
    """This process obeys what is asked for in the file."""

    def reached(moment: Moment, kind: str) -> None:
        if order.exists() and order.read_text() == f"{moment} {kind}":
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(ScopedSession, "after_flush")
    def note(session: Session, _flush: UOWTransaction) -> None:
        for row in (*session.new, *session.dirty):
            if isinstance(row, Attempt):
                session.info["written"] = (row.kind, row.ended_at is not None)

    @event.listens_for(ScopedSession, "before_commit")
    def before(session: Session) -> None:
        kind, ended = session.info.get("written", ("", False))
        if ended:
            reached(Moment.ANSWERED, kind)

    @event.listens_for(ScopedSession, "after_commit")
    def after(session: Session) -> None:
        if not session.in_nested_transaction() and "written" in session.info:
            kind, ended = session.info.pop("written")
            reached(Moment.RECORDED if ended else Moment.CLAIMED, kind)
