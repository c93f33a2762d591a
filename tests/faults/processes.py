"""The processes of an installation that a trial kills, stops and starts again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from jobs import queue
from portal.config import Settings
from tests import servers

ROOT = Path(__file__).parents[2]
START_SECONDS = 40.0
REAL_LEASES = "jobs.worker.WorkerSettings"
SHORT_LEASES = "tests.faults.worker_settings.WorkerSettings"


class Process:
    """A child of this test, with what it says kept in a file."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                command, cwd=ROOT, env=kept | dict(environment or {}), stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def died(self) -> bool:
        return self._child.poll() is not None

    def kill(self) -> None:
        """The process is gone, without a chance to say anything."""
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """It does nothing and answers nothing until `go_on`."""
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    async def death(self, seconds: float = 45) -> None:
        """It has died of its own or another's hand."""
        await until(lambda: self.died, seconds, f"the process should have been killed: {self.log}")


async def until(true: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)


def worker(settings: Settings, folder: Path, *, leases: str = SHORT_LEASES) -> Process:
    """A worker as operators start it: `arq <settings>`."""
    arq = str(Path(sys.executable).with_name("arq"))
    return Process([arq, leases], folder / "worker.log", environment(settings))


def environment(settings: Settings) -> dict[str, str]:
    return {
        "PUBLIC_URL": settings.public_url,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "VAULT_KEYS": settings.vault_keys,
        "SECRET_KEY": settings.secret_key,
        "PRACTICE": "true",
        "PRACTICE_URL": settings.practice_url,
    }


@contextmanager
def practice_server(folder: Path, *, client_id: str, client_secret: str) -> Iterator[str]:
    """The practice Shopify as its own server; its address."""
    port = servers.free_port()
    command = [sys.executable, "-m", "connectors.shopify.practice", "--port", str(port)]
    command += ["--data", str(folder / "practice.db"), "--client-id", client_id, "--client-secret", client_secret]
    server = Process(command, folder / "practice.log")
    try:
        _wait_for_port(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()


class Queue:
    """A queue server on a port of its own that keeps nothing on disk: killed, it has lost everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = servers.free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._server = self._start()

    def kill(self) -> None:
        self._server.kill()

    def start_again(self) -> None:
        self._server = self._start()

    def _start(self) -> Process:
        flags = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = Process([_queue_program(), *flags, "--dir", str(self._folder)], self._folder / "queue.log")
        _wait_for_port(self._port, server)
        return server


def _queue_program() -> str:
    """The operator's Redis where it is installed, else the server that comes with the product."""
    return shutil.which("redis-server") or queue._program()


def _wait_for_port(port: int, server: Process) -> None:
    deadline = monotonic() + START_SECONDS
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.died or monotonic() > deadline:
            raise RuntimeError(f"a server did not start:\n{server.log.read_text()[-2000:]}")
