"""The installation that trials break: its own practice server and queue, the database of the chosen pair."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from jobs import boot
from portal.clock import utc_now
from portal.config import Settings
from tests.faults import processes
from tests.faults.installation import Installation
from tests.faults.letters import Letterbox
from tests.serving import serving
from tests.stage import Stage


@pytest.fixture(scope="session")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[processes.Queue]:
    """The run's own queue server, which trials may empty and kill."""
    started = processes.Queue(tmp_path_factory.mktemp("queue"))
    yield started
    started.kill()


@pytest.fixture(scope="session")
def practice_url(tmp_path_factory: pytest.TempPathFactory, secret_key: str) -> Iterator[str]:
    """The run's one server of practice channels. Every trader has shops of its own there."""
    with processes.practice_server(tmp_path_factory.mktemp("practice"), secret_key=secret_key) as url:
        yield url


@pytest.fixture
async def installation(
    settings: Settings, queue: processes.Queue, practice_url: str, tmp_path: Path
) -> AsyncIterator[Installation]:
    """Nothing runs yet but the servers; the test starts the workers. All are gone at the end."""
    queue.fresh()
    settings.redis_url, settings.practice_url = queue.url, practice_url
    process = boot.Process.start(settings, utc_now)
    async with httpx.AsyncClient(verify=False, trust_env=False) as http:
        made = Installation(Stage(process, practice_url, http), queue, tmp_path)
        try:
            yield made
        finally:
            for process_of_ours in (*made.workers, *made.webs, *made.wholes):
                process_of_ours.kill()
            await process.stop()


@pytest.fixture
async def letterbox(installation: Installation) -> AsyncIterator[Letterbox]:
    """Where the shops' letters end for now: a trial brings them to the web itself."""
    box = Letterbox()
    async with serving(box) as url:
        installation.stage.process.runtime.settings.public_url = url
        yield box
