"""The processes of an installation that a trial kills, stops and starts again."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from time import monotonic
from typing import Any

import redis

from jobs import queue
from portal.config import Settings
from tests import servers
from tests.faults import web, whole, worker

ROOT = Path(__file__).parents[2]
START_SECONDS = 40.0


class Process(ABC):
    """A child of this test, with what it says kept in a file."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log

    @property
    @abstractmethod
    def died(self) -> bool: ...

    @abstractmethod
    def kill(self) -> None:
        """The process is gone, without a chance to say anything."""

    def go_on(self) -> None:
        """It goes on where it was stopped."""
        os.kill(self.pid, signal.SIGCONT)

    async def death(self, seconds: float = 45) -> None:
        """It has died of its own or another's hand."""
        await until(lambda: self.died, seconds, f"the process should have been killed: {self.log}")


class Program(Process):
    """A server, started by its command."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        given = of_every_process() | dict(environment or {})
        with log.open("ab") as out:
            self._child = subprocess.Popen(
                command, cwd=ROOT, env=given, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        super().__init__(self._child.pid, log)

    @property
    def died(self) -> bool:
        return self._child.poll() is not None

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()


class Forked(Process):
    """A child forked from a process that has read the code already."""

    def __init__(self, run: Callable[..., None], log: Path, *arguments: object, **named: object) -> None:
        self._child = _forks().Process(target=run, args=arguments, kwargs=named, daemon=True)
        self._child.start()
        assert self._child.pid is not None
        super().__init__(self._child.pid, log)

    @property
    def died(self) -> bool:
        return self._child.exitcode is not None

    @property
    def exit_code(self) -> int | None:
        return self._child.exitcode

    def end(self) -> None:
        """It is asked to end, as at every deployment."""
        self._child.terminate()

    async def ends(self, seconds: float) -> float:
        """It is asked to end and does, in good order; how many seconds that took."""
        began = monotonic()
        self.end()
        await self.death(seconds)
        assert self.exit_code == 0, f"it should have ended by itself: {self.log}"
        return monotonic() - began

    def is_gone_within(self, seconds: float) -> bool:
        self._child.join(seconds)
        return self.died

    def kill(self) -> None:
        self._child.kill()
        self._child.join()


class Worker(Forked):
    def __init__(self, settings: Settings, folder: Path, *, hurried: bool, altered: Mapping[str, Any]) -> None:
        log, order = folder / "worker.log", folder / "order"
        given = of_every_process() | environment(settings)
        super().__init__(worker.run, log, given, log, order, hurried=hurried, altered=dict(altered))


class Whole(Forked):
    """The one process: web, worker and practice channels of its own. It listens to the queue of the settings."""

    def __init__(self, settings: Settings, folder: Path, port: int) -> None:
        log = folder / "whole.log"
        super().__init__(whole.run, log, of_every_process() | environment(settings) | {"PORT": str(port)}, log)
        self.url = f"http://127.0.0.1:{port}"


class Web(Forked):
    """One of several web processes behind the one public address."""

    def __init__(self, settings: Settings, folder: Path, port: int) -> None:
        log = folder / "web.log"
        super().__init__(web.run, log, of_every_process() | environment(settings) | {"PORT": str(port)}, log)
        self.url = f"http://127.0.0.1:{port}"


async def until(true: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)


def arq(settings: Settings, folder: Path) -> Program:
    """A worker started by arq's own command."""
    command = [str(Path(sys.executable).with_name("arq")), "jobs.worker.WorkerSettings"]
    return Program(command, folder / "worker.log", environment(settings))


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", worker.__name__, web.__name__, whole.__name__, "tests.faults.ready"])
    return context


def of_every_process() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def environment(settings: Settings) -> dict[str, str]:
    return {
        "PUBLIC_URL": settings.public_url,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "VAULT_KEYS": settings.vault_keys,
        "SECRET_KEY": settings.secret_key,
        "PRACTICE": "true",
        "OPEN_IMAGES": "false",
        "PRACTICE_URL": settings.practice_url,
        "SMTP_URL": settings.smtp_url,
    }


@contextmanager
def practice_server(folder: Path, *, secret_key: str) -> Iterator[str]:
    """The practice channels as their own server; its address."""
    port = servers.free_port()
    command = [sys.executable, "-m", "tests.faults.street", str(port), str(folder), secret_key]
    server = Program(command, folder / "practice.log")
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

    def fresh(self) -> None:
        """It runs, and nothing is in it."""
        if self._server.died:
            self.start_again()
        else:
            self.go_on()
            self.empty()

    def empty(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        self._server.kill()

    def start_again(self) -> None:
        self._server = self._start()

    def hang(self) -> None:
        """It takes whatever comes and answers nothing, until it goes on."""
        os.kill(self._server.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        self._server.go_on()

    def _start(self) -> Process:
        flags = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = Program([_queue_program(), *flags, "--dir", str(self._folder)], self._folder / "queue.log")
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
