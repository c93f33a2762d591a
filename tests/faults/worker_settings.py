"""The product's worker with shorter waits, so that a trial does not take half a minute for every death."""

from __future__ import annotations

from datetime import timedelta

from jobs import lanes, stock
from jobs.worker import WorkerSettings

LEASE_SECONDS = 6

lanes.LEASE = timedelta(seconds=LEASE_SECONDS)
lanes.RENEW_SECONDS = LEASE_SECONDS / 3
stock.ONCE_MORE_AFTER = timedelta(seconds=LEASE_SECONDS / 2)

__all__ = ["LEASE_SECONDS", "WorkerSettings"]
