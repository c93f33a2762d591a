"""The gate of a worker: many together, or one alone."""

from __future__ import annotations

import asyncio

import pytest

from jobs.gate import Gate


async def settled() -> None:
    """Everything that can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


class Visitor:
    """Somebody who wants in, stays until told to leave."""

    def __init__(self, gate: Gate, *, alone: bool) -> None:
        self.inside = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._visit(gate, alone))

    async def _visit(self, gate: Gate, alone: bool) -> None:
        async with gate.enter(alone=alone):
            self.inside = True
            await self._leave.wait()

    async def leave(self) -> None:
        self._leave.set()
        await self.task


async def test_many_are_inside_together() -> None:
    gate = Gate()
    many = [Visitor(gate, alone=False) for _ in range(3)]
    await settled()

    assert all(visitor.inside for visitor in many)
    await asyncio.gather(*(visitor.leave() for visitor in many))


async def test_a_suspect_waits_for_the_others_and_is_then_alone() -> None:
    gate = Gate()
    first = Visitor(gate, alone=False)
    await settled()
    suspect = Visitor(gate, alone=True)
    await settled()
    late = Visitor(gate, alone=False)
    await settled()
    assert (suspect.inside, late.inside) == (False, False), "somebody stood beside a suspect"

    await first.leave()
    await settled()
    assert (suspect.inside, late.inside) == (True, False)

    await suspect.leave()
    await settled()
    assert late.inside
    await late.leave()


async def test_suspects_are_kept_from_each_other() -> None:
    gate = Gate()
    one, other = Visitor(gate, alone=True), Visitor(gate, alone=True)
    await settled()
    assert [one.inside, other.inside] == [True, False]

    await one.leave()
    await settled()
    assert other.inside
    await other.leave()


async def test_a_suspect_that_gives_up_waiting_holds_nobody_back() -> None:
    gate = Gate()
    first = Visitor(gate, alone=False)
    await settled()
    suspect = Visitor(gate, alone=True)
    await settled()
    late = Visitor(gate, alone=False)
    await settled()

    suspect.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await suspect.task
    await settled()

    assert late.inside
    await asyncio.gather(first.leave(), late.leave())
