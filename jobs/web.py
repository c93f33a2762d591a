"""The web alone: `python -m jobs.web`, beside workers of their own. Its serving is also the one process's."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Any

import uvicorn
from redis.asyncio import Redis

from jobs.boot import Process, set_up_logging, settle
from portal import config
from portal.app import create_app
from portal.config import ConfigError
from portal.live import Hub


async def serve(process: Process) -> None:
    """Serves the portal until SIGTERM or Ctrl-C, then lets running requests end.

    The live streams end first: an open one would hold the server up until its tab closes.
    """
    settings = process.runtime.settings
    hub, redis = Hub(settings.redis_url), Redis.from_url(settings.redis_url, socket_connect_timeout=1)
    app = create_app(process.runtime, hub, redis)
    portal = server(app, settings.host, settings.port, trusted_proxies=settings.trusted_proxies)

    def stop() -> None:
        hub.close_streams()
        portal.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    hub.start()
    try:
        await portal.serve()
    finally:
        await hub.close()
        await redis.aclose()


def server(app: Any, host: str, port: int, *, trusted_proxies: str = "") -> uvicorn.Server:
    """A server that leaves signals to the process: uvicorn's own way ends the process before it can clean up.

    A visitor's address is taken from X-Forwarded-For only when a trusted proxy (address or network) says it.
    """
    made = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=trusted_proxies,
        )
    )
    made.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # there is no option for it
    return made


async def run() -> None:
    settings = config.load()
    if not settings.redis_url:
        raise ConfigError("REDIS_URL must be set: a web process of its own needs the queue its workers listen to.")
    set_up_logging(settings.log_level)
    settle()
    process = Process.start(settings)
    try:
        await serve(process)
    finally:
        await process.stop()


def main() -> int:
    try:
        asyncio.run(run())
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
