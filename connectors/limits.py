"""The arithmetic of a leaky bucket: pure functions over what is available, nothing stored here."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rate:
    """What the channel's own page says of a bucket: how much it holds, and what flows back a second."""

    maximum: float
    restore_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`available` points at the moment `at`; below zero is a debt that time pays back."""

    available: float
    maximum: float
    restore_per_second: float
    at: datetime


def after_waiting(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket as it stands at `now`. A clock that went back gives nothing and takes nothing."""
    seconds = (now - bucket.at).total_seconds()
    if seconds <= 0:
        return bucket
    available = min(bucket.maximum, bucket.available + seconds * bucket.restore_per_second)
    return replace(bucket, available=available, at=now)


def seconds_until(bucket: Bucket, cost: float, now: datetime) -> float:
    """How long from `now` until `cost` can be paid; 0 when it can be now.

    A cost above the maximum waits for a full bucket instead of for ever.
    """
    lacking = min(cost, bucket.maximum) - after_waiting(bucket, now).available
    if lacking <= 0:
        return 0.0
    return lacking / bucket.restore_per_second if bucket.restore_per_second > 0 else math.inf


def take(bucket: Bucket, cost: float, now: datetime) -> Bucket | None:
    """The bucket with `cost` paid, or None when it has to wait (see seconds_until)."""
    current = after_waiting(bucket, now)
    if min(cost, current.maximum) > current.available:
        return None
    return replace(current, available=current.available - cost)
