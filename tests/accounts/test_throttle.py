"""Tries are counted right across processes, and never more than the limit in any window."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.accounts import throttle
from portal.accounts.throttle import Throttled
from portal.db import Sessions
from portal.models.accounts import Throttle
from portal.tenancy import SYSTEM
from tests.settable_clock import SettableClock

ROOT = Path(__file__).parents[2]

TRY_THIRTY_TIMES = """
import asyncio, sys
from datetime import datetime, UTC
from portal.accounts import throttle
from portal.db import Sessions

async def main():
    sessions, allowed = Sessions(sys.argv[1]), 0
    for _ in range(30):
        try:
            await throttle.hit(sessions, "k", 20, 3600, datetime(2026, 3, 10, tzinfo=UTC))
            allowed += 1
        except throttle.Throttled:
            pass
    await sessions.close()
    print(allowed)

asyncio.run(main())
"""


async def allowed(sessions: Sessions, clock: SettableClock, limit: int = 3, window: int = 60) -> bool:
    try:
        await throttle.hit(sessions, "k", limit, window, clock())
    except Throttled:
        return False
    return True


async def test_the_limit_is_kept_and_the_end_of_the_pause_is_told(sessions: Sessions, clock: SettableClock) -> None:
    assert [await allowed(sessions, clock) for _ in range(3)] == [True, True, True]
    clock.advance(59)
    with pytest.raises(Throttled) as refused:
        await throttle.hit(sessions, "k", 3, 60, clock())
    assert (refused.value.until - clock()).total_seconds() == 1
    assert refused.value.first
    assert f"{refused.value.until:%H:%M}" in refused.value.detail
    with pytest.raises(Throttled) as again:
        await throttle.hit(sessions, "k", 3, 60, clock())
    assert not again.value.first
    clock.advance(1)
    assert await allowed(sessions, clock)


async def test_four_processes_together_get_no_more_than_the_limit(database_url: str, sessions: Sessions) -> None:
    command = [sys.executable, "-c", TRY_THIRTY_TIMES, database_url]
    started = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE) for _ in range(4)
    ]
    counts = [int((await process.communicate())[0]) for process in started]
    assert sum(counts) == 20


async def test_fifty_tries_at_once_get_no_more_than_the_limit(sessions: Sessions, clock: SettableClock) -> None:
    answers = await asyncio.gather(*[allowed(sessions, clock, 10) for _ in range(50)])
    assert sum(answers) == 10


async def test_a_try_that_is_given_back_can_be_had_again(sessions: Sessions, clock: SettableClock) -> None:
    for _ in range(3):
        await allowed(sessions, clock)
    async with sessions.write(SYSTEM) as session:
        await throttle.give_back(session, "k")
    assert [await allowed(sessions, clock) for _ in range(2)] == [True, False]


async def test_no_hour_however_it_is_laid_holds_more_than_the_limit(sessions: Sessions, clock: SettableClock) -> None:
    let_in: list[float] = []
    began = clock()
    # Slowly, in bursts, exactly as a window ends, and with one early try that would open a fixed window.
    waits = [60] * 150 + [0] * 30 + [3599, 1, 0, 1] * 10 + [60] * 60 + ([4000, 3590] + [0] * 9 + [10] + [0] * 9) * 3
    for wait in waits:
        clock.advance(wait)
        if await allowed(sessions, clock, 10, 3600):
            let_in.append((clock() - began).total_seconds())
    assert len(let_in) > 20
    assert max(sum(1 for at in let_in if start <= at < start + 3600) for start in let_in) == 10


async def test_what_is_over_is_forgotten(sessions: Sessions, clock: SettableClock) -> None:
    await allowed(sessions, clock)
    for expected in (["k"], []):
        async with sessions.write(SYSTEM) as session:
            await throttle.forget(session, clock())
        async with sessions.read(SYSTEM) as session:
            assert list(await session.scalars(select(Throttle.key))) == expected
        clock.advance(60)


@hypothesis_settings(max_examples=200)
@given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_keys_are_short_and_say_nothing(one: list[str], other: list[str]) -> None:
    assert len(throttle.key("account", *one)) <= 128
    joined = "\0" in "".join(one + other)
    assert joined or (throttle.key("a", *one) == throttle.key("a", *other)) == (one == other)
