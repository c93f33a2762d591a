"""How many lanes of one channel a worker is at, so that a channel that hangs takes no place from the others."""

from __future__ import annotations

from collections import Counter
from uuid import UUID


class Places:
    """So many lanes of each channel at once; who comes too early stands in line, and is named when it is their turn.

    Lanes of no channel ("") are not counted. Nobody waits in here, for that would take one of the worker's places.
    The line is this worker's own: what is in it when the worker dies is found by the sweep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()
        self._lines: dict[str, dict[UUID, None]] = {}

    def take(self, channel: str, lane_id: UUID) -> bool:
        """Whether the lane has a place now; if not, it stands in line."""
        line = self._lines.setdefault(channel, {})
        if channel and self._taken[channel] >= self._most:
            line[lane_id] = None
            return False
        line.pop(lane_id, None)
        self._taken[channel] += 1
        return True

    def leave(self, channel: str) -> UUID | None:
        """A place is free again; the lane that has waited longest for one, which is no longer in line."""
        self._taken[channel] -= 1
        line = self._lines[channel]
        first = next(iter(line), None)
        if first is not None:
            del line[first]
        return first
