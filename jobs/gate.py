"""Who may work beside whom in one worker: what has outlived a death works alone, so that the next death is its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Lets many in together, or one alone.

    A worker serves several lanes at once and takes them all with it when it dies. Were a suspect let in
    among others, they would lose a start at every death it causes, and be set aside with it.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._alone = 0

    @asynccontextmanager
    async def enter(self, *, alone: bool) -> AsyncIterator[None]:
        """Nobody else is inside while the block runs `alone`; whoever waits to be alone goes before the many."""
        async with self._changed:
            self._alone += alone
            try:
                await self._changed.wait_for(lambda: not self._inside if alone else not self._alone)
            except BaseException:
                self._alone -= alone
                self._changed.notify_all()
                raise
            self._inside += 1
        try:
            yield
        finally:
            # Without an await: a cancelled job must leave, too.
            self._inside -= 1
            self._alone -= alone
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
