"""What the other tests rely on: fresh databases, servers, a clock."""

from __future__ import annotations

import redis.asyncio
from sqlalchemy import select

from portal.config import Settings
from portal.db import Sessions
from portal.models.accounts import Merchant, Role
from portal.tenancy import SYSTEM
from tests.people import a_member
from tests.settable_clock import SettableClock


async def test_a_database_holds_only_what_its_test_wrote(
    sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    await a_member(sessions, merchant, "alice", Role.OWNER)
    async with sessions.read(SYSTEM) as session:
        names = set(await session.scalars(select(Merchant.name)))
    assert names == {merchant.name, other_merchant.name}


async def test_the_next_test_starts_from_an_empty_database(sessions: Sessions) -> None:
    async with sessions.read(SYSTEM) as session:
        assert (await session.scalars(select(Merchant))).all() == []


async def test_the_queue_answers_and_is_empty(redis_url: str, settings: Settings) -> None:
    assert settings.redis_url == redis_url
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


async def test_the_next_queue_is_empty_again(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0


def test_the_clock_moves_only_by_hand(clock: SettableClock) -> None:
    before = clock()
    clock.advance(90)
    assert (clock() - before).total_seconds() == 90
