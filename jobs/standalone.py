"""The whole product in one process: web, worker, embedded queue and practice channels."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from connectors.amazon.practice import app as amazon_practice
from connectors.practice.street import Street
from connectors.rakuten.practice import app as rakuten_practice
from connectors.shopify.practice import app as shopify_practice
from connectors.yahoo.practice import app as yahoo_practice
from jobs import queue, web, worker
from jobs.boot import PRACTICE_CLIENT_ID, Process, practice_secret, set_up_logging, settle
from portal import config
from portal.accounts.links import first_owner_link
from portal.config import ConfigError, Settings
from portal.migrations.run import upgrade


async def run(settings: Settings) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    await upgrade(settings.database_url)
    async with AsyncExitStack() as stack:
        if not settings.redis_url:
            settings.redis_url = await stack.enter_async_context(queue.embedded(settings.data_dir))
        process = Process.start(settings)
        stack.push_async_callback(process.stop)
        if settings.practice:
            await stack.enter_async_context(_practising(settings))
        rest = await stack.enter_async_context(working(process))
        await _greet(process)
        await web.serve(process, ending=rest)


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


def practice_settings(settings: Settings) -> dict[str, Any]:
    """Of every practice channel, each with a file of its own in our data folder."""
    folder, app_id, secret = settings.data_dir, PRACTICE_CLIENT_ID, practice_secret(settings)
    return {
        "shopify": shopify_practice.PracticeSettings(
            data_file=folder / "practice-shopify.db", client_id=app_id, client_secret=secret
        ),
        "amazon": amazon_practice.PracticeSettings(
            data_file=folder / "practice-amazon.db", application_id=app_id, client_id=app_id, client_secret=secret
        ),
        "rakuten": rakuten_practice.PracticeSettings(data_file=folder / "practice-rakuten.db"),
        "yahoo": yahoo_practice.PracticeSettings(
            data_file=folder / "practice-yahoo.db", client_id=app_id, client_secret=secret
        ),
    }


def street(settings: Settings, clock: Callable[[], float] = time.time) -> Street:
    """Every practice channel."""
    of = practice_settings(settings)
    return Street(
        {
            "shopify": shopify_practice.create_app(of["shopify"], clock=clock),
            "amazon": amazon_practice.create_app(of["amazon"], clock=clock),
            "rakuten": rakuten_practice.create_app(of["rakuten"], clock=clock),
            "yahoo": yahoo_practice.create_app(of["yahoo"], clock=clock),
        },
        root="shopify",
    )


@asynccontextmanager
async def _practising(settings: Settings) -> AsyncIterator[None]:
    """The practice channels on the port after ours."""
    server = web.server(street(settings), "127.0.0.1", settings.port + 1)
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells its start by a flag only
        await asyncio.sleep(0.01)
    if task.done():
        raise ConfigError("The practice channels could not start; is its port (PORT + 1) free?")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def working(process: Process) -> AsyncIterator[Callable[[], object]]:
    """A worker beside the web, started again whatever ends it. What comes back asks it to begin no more."""
    url = process.runtime.settings.redis_url
    start = partial(worker.embedded, process.runtime, process.doorbell, url)
    task = asyncio.create_task(worker.keep_working(start))
    try:
        yield task.cancel
    finally:
        # Cancelled once more, it would not wait for its jobs.
        if not task.cancelling():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def main() -> int:
    try:
        settings = config.load()
        set_up_logging(settings.log_level)
        settle()
        asyncio.run(run(settings))
    except (ConfigError, queue.NoQueueServer) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
