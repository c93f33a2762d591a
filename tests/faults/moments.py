"""Moments inside a worker at which a trial ends or stops it, by listeners of which the product knows nothing.

`CLAIMING` is before a claim is committed, `CLAIMED` is K4: the attempt is in the database, nothing has been sent.
`ANSWERED` is K9: the channel's answer has been read and nothing of it is recorded. `RECORDED` is K7: the outcome is in
the database, no ring for what follows has gone out, and the queue has not heard that its job is done. `COMMITTED` is
after any change at all: the one moment of SQLite at which a process can be stopped without holding up all others.

Two more are of a row that is no attempt, by the name of its class in the place of a kind: `KEEPING` is before a change
of such a row is committed, `KEPT` after it. What a call takes in page by page is committed outside of any attempt.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from signal import SIGKILL, Signals

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from portal.models.accounts import MailMessage
from portal.models.orders import Order
from portal.models.tasks import Attempt
from portal.tenancy import ScopedSession

KEPT_ROWS = (MailMessage, Order)


class Moment(StrEnum):
    CLAIMING = "claiming"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    RECORDED = "recorded"
    COMMITTED = "committed"
    KEEPING = "keeping"
    KEPT = "kept"


def ask(order: Path, moment: Moment, kind: str = "", how: Signals = SIGKILL) -> None:
    """The worker that comes first to this moment of a batch of the kind is sent the signal there."""
    for obeyed in order.parent.glob(f"{order.name}.*"):
        obeyed.unlink()
    order.write_text(f"{moment} {kind} {how.value}")


def obeyed(order: Path, pid: int) -> bool:
    """Whether this worker came to the moment last asked for."""
    return _of(order, pid).exists()


def listen(order: Path) -> None:
    """This process obeys what is asked for in the file."""
    listener = _Listener(order)
    event.listen(ScopedSession, "after_flush", listener.flushed)
    event.listen(ScopedSession, "before_commit", listener.committing)
    event.listen(ScopedSession, "after_commit", listener.committed)


@dataclass(frozen=True, slots=True)
class _Listener:
    order: Path

    def flushed(self, session: Session, _flush: UOWTransaction) -> None:
        for row in (*session.new, *session.dirty):
            if isinstance(row, Attempt):
                session.info["written"] = (row.kind, row.ended_at is not None)
            elif isinstance(row, KEPT_ROWS):
                session.info["kept"] = type(row).__name__

    def committing(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        # What is new is written after this moment, unless something asked for it before.
        session.flush()
        if "written" in session.info:
            kind, ended = session.info["written"]
            self._reached(Moment.ANSWERED if ended else Moment.CLAIMING, kind)
        if "kept" in session.info:
            self._reached(Moment.KEEPING, session.info["kept"])

    def committed(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        if "written" in session.info:
            kind, ended = session.info.pop("written")
            self._reached(Moment.RECORDED if ended else Moment.CLAIMED, kind)
        if "kept" in session.info:
            self._reached(Moment.KEPT, session.info.pop("kept"))
        self._reached(Moment.COMMITTED)

    def _reached(self, moment: Moment, kind: str = "") -> None:
        """Only one of several workers obeys: the one that could take the order away."""
        try:
            asked, _, how = self.order.read_text().rpartition(" ")
            if asked == f"{moment} {kind}":
                self.order.rename(_of(self.order, os.getpid()))
                os.kill(os.getpid(), int(how))
        except FileNotFoundError:
            return


def _of(order: Path, pid: int) -> Path:
    return order.with_name(f"{order.name}.{pid}")
