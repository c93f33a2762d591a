"""The database lets go of what a process holds that has stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from portal import db
from portal.config import Settings
from portal.db import Sessions
from portal.models.tasks import Task
from portal.tenancy import SYSTEM


@pytest.mark.each
async def test_a_transaction_that_lasts_too_long_is_ended_and_no_other(
    sessions: Sessions, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings.is_sqlite:
        pytest.skip("SQLite has no server that would hold a transaction of a process which is gone")
    count = select(func.count(Task.id))
    async with sessions.read(SYSTEM) as stopped, sessions.read(SYSTEM) as other:
        await stopped.scalar(count)
        assert await db.end_abandoned(other) == 0

        monkeypatch.setattr(db, "LONGEST_TRANSACTION", timedelta())
        assert await db.end_abandoned(other) == 1

        # How the driver says it depends on whether the server's farewell has arrived by now.
        with pytest.raises(DBAPIError):
            await stopped.scalar(count)
