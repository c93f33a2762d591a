"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SettableClock:
    """Called like portal.clock.utc_now; starts at a fixed noon so that no test depends on today."""

    def __init__(self, now: datetime = datetime(2026, 3, 10, 12, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    async def pause(self, seconds: float) -> None:
        """Whoever waits by this clock moves it."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
