"""A clock that stands still, and an account that waits for its slots by moving it: no test sleeps for a rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.errors import Busy
from connectors.limits import Bucket, Rate, seconds_until, take
from tests.connectors.wire import FakeAccount


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


@dataclass
class PacedAccount(FakeAccount):
    """Pays from buckets of the published rates. Raises Busy where it would wait longer than `longest_wait` seconds."""

    clock: Clock = field(default_factory=Clock)
    longest_wait: float = 10.0
    buckets: dict[str, Bucket] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.clock.now

    async def take_slot(self, bucket: str, cost: float, *, published: Rate | None = None) -> None:
        assert published is not None, bucket
        full = Bucket(
            available=published.maximum,
            maximum=published.maximum,
            restore_per_second=published.restore_per_second,
            at=self.clock.moment,
        )
        known = self.buckets.get(bucket, full)
        wait = seconds_until(known, cost, self.clock.moment)
        if wait > self.longest_wait:
            raise Busy("rate_limit", retry_after_seconds=wait)
        if wait:
            # A little more than needed: seconds as floats may fall short of it.
            self.clock.now += wait + 0.001
        paid = take(known, cost, self.clock.moment)
        assert paid is not None
        self.buckets[bucket] = paid
        self.paid.append((bucket, cost))
