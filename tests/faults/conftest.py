"""The installation that trials break: its own practice server and queue, the database of the chosen pair."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from jobs import boot
from portal.clock import utc_now
from portal.config import Settings
from tests.faults import processes
from tests.faults.installation import Installation
from tests.stage import Stage


@pytest.fixture
async def installation(settings: Settings, tmp_path: Path) -> AsyncIterator[Installation]:
    """Nothing runs yet but the servers; the test starts the workers. All are gone at the end."""
    queue = processes.Queue(tmp_path)
    settings.redis_url = queue.url
    secret = boot.practice_secret(settings)
    with processes.practice_server(tmp_path, client_id=boot.PRACTICE_CLIENT_ID, client_secret=secret) as url:
        settings.practice_url = url
        process = boot.Process.start(settings, utc_now)
        async with httpx.AsyncClient(trust_env=False) as http:
            made = Installation(Stage(process, url, http), queue, tmp_path)
            try:
                yield made
            finally:
                for worker in made.workers:
                    worker.kill()
                await process.stop()
    queue.kill()
