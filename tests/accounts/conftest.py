"""A fresh installation for every account test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from portal.accounts import passwords
from portal.config import Settings
from portal.db import Sessions
from tests.accounts.town import Town, a_town
from tests.settable_clock import SettableClock

REAL = passwords.HASHER


@pytest.fixture
def real_hasher() -> PasswordHasher:
    """The one that people's passwords are kept with."""
    return REAL


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as always, with little work: hundreds of sign-ins are tried here."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys.cache_clear()


@pytest.fixture
async def town(settings: Settings, sessions: Sessions, clock: SettableClock, quick_hashes: None) -> AsyncIterator[Town]:
    """An installation without anybody."""
    async with a_town(settings, sessions, clock) as made:
        yield made
