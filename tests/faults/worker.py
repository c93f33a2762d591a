"""A worker as a trial runs it: the product's own, in a process forked from one that has read the code already.

Reading the code takes a second of a processor, and a trial starts a worker for every one it kills.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from jobs import lanes, listed, schedule, statements, stock, store_orders, worker
from portal import mail
from portal.connections import account
from tests.faults import moments
from tests.faults.begun import begin

LEASE_SECONDS = 3
LETTERS = (schedule.write_order_letters, schedule.send_mail)


def run(environment: Mapping[str, str], log: Path, order: Path, *, hurried: bool, altered: Mapping[str, Any]) -> None:
    """Works until it is killed, with nothing in its environment but this.

    `hurried` shortens what a trial waits for; `altered` are other values of the product, by module and name.
    """
    begin(environment, log)
    moments.listen(order)
    if hurried:
        _hurry()
    for place, value in altered.items():
        module, _, name = place.rpartition(".")
        assert hasattr(import_module(module), name), place
        setattr(import_module(module), name, value)
    worker.main()


def _hurry() -> None:
    """A dead worker's lanes are free after three seconds, and found within one more.

    A store may hide what it made for six seconds; statements reach up to now. Where there is a mail server, letters
    are written and sent every other second.
    """
    lanes.LEASE = account.REFRESH_LEASE = mail.LEASE = timedelta(seconds=LEASE_SECONDS)
    lanes.RENEW_SECONDS = LEASE_SECONDS / 4
    stock.ONCE_MORE_AFTER = timedelta(seconds=LEASE_SECONDS / 2)
    listed.READ_AFTER = timedelta(seconds=0.2)
    statements.NOT_YET = timedelta(0)
    store_orders.LOOKS = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15))
    worker.SWEEP_SECONDS = 1
    if os.environ.get("SMTP_URL"):
        worker.HOUSEKEEPING = tuple(map(_every_other_second, schedule.HOUSEKEEPING))


def _every_other_second(scheduled: schedule.Scheduled) -> schedule.Scheduled:
    """What has to do with letters; anything else keeps its time."""
    return replace(scheduled, second=frozenset(range(0, 60, 2))) if scheduled.run in LETTERS else scheduled
