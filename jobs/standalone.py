"""The whole product in one process: web, worker, embedded queue and practice channels."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import FrameType
from typing import Any

import structlog
import uvicorn
from redis.asyncio import Redis

from connectors.shopify.practice.app import create_app as create_practice
from connectors.shopify.practice.settings import PracticeSettings
from jobs import queue, worker
from jobs.boot import PRACTICE_CLIENT_ID, Process, practice_secret, set_up_logging
from portal import config
from portal.accounts.links import first_owner_link
from portal.app import create_app
from portal.config import ConfigError, Settings
from portal.live import Hub
from portal.migrations.run import upgrade

RESTART_SECONDS = 1.0

log = structlog.get_logger()


class Server(uvicorn.Server):
    """Ends the live streams first: an open one would hold the server until its tab closes."""

    def __init__(self, settings: uvicorn.Config, hub: Hub | None = None) -> None:
        super().__init__(settings)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._hub is not None:
            self._hub.close_streams()
        super().handle_exit(sig, frame)


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    await upgrade(settings.database_url)
    async with AsyncExitStack() as stack:
        if not settings.redis_url:
            settings.redis_url = await stack.enter_async_context(queue.embedded(settings.data_dir))
        process = Process.start(settings)
        stack.push_async_callback(process.stop)
        if settings.practice:
            await stack.enter_async_context(_serving(_practice(settings)))
        await stack.enter_async_context(_working(process))
        server, hub, redis = web_server(process)
        hub.start()
        stack.push_async_callback(hub.close)
        stack.push_async_callback(redis.aclose)
        await _greet(process)
        await server.serve()


def web_server(process: Process) -> tuple[Server, Hub, Redis]:
    """The portal's own server, not started yet."""
    settings = process.runtime.settings
    hub, redis = Hub(settings.redis_url), Redis.from_url(settings.redis_url, socket_connect_timeout=1)
    app = create_app(process.runtime, hub, redis)
    return Server(_config(app, settings.host, settings.port), hub), hub, redis


async def _greet(process: Process) -> None:
    settings = process.runtime.settings
    link = await first_owner_link(process.runtime.sessions, settings, process.runtime.clock)
    lines = [f"Crossdock is at {settings.public_url}"]
    if settings.practice:
        lines.append(f"Practice channels are at {settings.practice_url}/practice")
    if link:
        lines.append(f"Make the first account here (works once): {link}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n\n")
    sys.stdout.flush()


def _practice(settings: Settings) -> Server:
    practice = PracticeSettings(
        data_file=settings.data_dir / "practice-shopify.db",
        client_id=PRACTICE_CLIENT_ID,
        client_secret=practice_secret(settings),
    )
    return Server(_config(create_practice(practice), "127.0.0.1", settings.port + 1))


def _config(app: Any, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        proxy_headers=False,
    )


@asynccontextmanager
async def _serving(server: Server) -> AsyncIterator[None]:
    """A second server in this process; signals are the main one's affair."""
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # uvicorn has no option for it
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells its start by a flag only
        await asyncio.sleep(0.01)
    if task.done():
        raise ConfigError("The practice channel could not start; is its port (PORT + 1) free?")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _working(process: Process) -> AsyncIterator[None]:
    """A worker beside the web, started again whatever ends it."""
    task = asyncio.create_task(_keep_working(process))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_working(process: Process) -> None:
    while True:
        current = worker.embedded(process.runtime, process.doorbell, process.runtime.settings.redis_url)
        try:
            await current.async_run()
        except asyncio.CancelledError:
            await current.close()
            raise
        except Exception:
            log.exception("worker_ended")
        await asyncio.sleep(RESTART_SECONDS)


def main() -> int:
    try:
        settings = config.load()
        set_up_logging(settings.log_level)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asyncio.run(run(settings))
    except (ConfigError, queue.NoQueueServer) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
