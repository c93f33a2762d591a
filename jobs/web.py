"""The web alone: `python -m jobs.web`, beside workers of their own. Its serving is also the one process's."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import uvicorn
from redis.asyncio import Redis

from jobs.boot import Process, set_up_logging, settle
from portal import config
from portal.app import create_app
from portal.config import ConfigError
from portal.live import Hub

# A request may ask a channel, which has 15 s to answer (connectors.http).
LAST_ANSWERS_SECONDS = 20
# A connection that came in as the door was closed has said by then what it wants.
LAST_WORDS_SECONDS = 1.0
# An idle connection is kept for longer than a proxy in front uses it again: one that is closed here while a request
# is on its way on it would cut that off.
KEPT_SECONDS = 75
# Held here: the event loop does not keep its tasks alive.
_greetings: Final[set[asyncio.Task[None]]] = set()


def nothing() -> None:
    """Whoever serves alone has nobody to tell of its end."""


async def serve(process: Process, *, ending: Callable[[], object] = nothing) -> None:
    """Serves the portal until SIGTERM or Ctrl-C, then lets running requests end; `ending` is called at the signal.

    First nobody is let in any more, so that a proxy turns to another process, and the live streams end: an open one
    would hold the server up until its tab closes.
    """
    settings = process.runtime.settings
    hub, redis = Hub(settings.redis_url), Redis.from_url(settings.redis_url, socket_connect_timeout=1, socket_timeout=1)
    app = create_app(process.runtime, hub, redis)
    portal = server(
        app,
        settings.host,
        settings.port,
        trusted_proxies=settings.trusted_proxies,
        last_answers_seconds=LAST_ANSWERS_SECONDS,
    )

    loop = asyncio.get_running_loop()

    def stop() -> None:
        ending()
        close_doors(portal)
        hub.close_streams()
        loop.call_later(LAST_WORDS_SECONDS, leave)

    def leave() -> None:
        portal.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    hub.start()
    try:
        await portal.serve()
    finally:
        await hub.close()
        await redis.aclose()


def close_doors(server: uvicorn.Server) -> None:
    """Nobody is let in any more. Whom the system has let in already is heard: closing alone would cut them off.

    They are asked for until none waits, or the system has no room for one more; the door closes all the same.
    """
    loop = asyncio.get_running_loop()
    for door in getattr(server, "servers", ()):
        for listening in door.sockets:
            with listening.dup() as waiting, contextlib.suppress(OSError):
                waiting.setblocking(False)
                while True:
                    visitor, _address = waiting.accept()
                    _greetings.add(greeting := loop.create_task(_let_in(server, visitor)))
                    greeting.add_done_callback(_greetings.discard)
        door.close()


async def _let_in(server: uvicorn.Server, visitor: socket.socket) -> None:
    visitor.setblocking(False)
    protocol: Any = server.config.http_protocol_class
    made = partial(protocol, config=server.config, server_state=server.server_state, app_state=server.lifespan.state)
    await asyncio.get_running_loop().connect_accepted_socket(made, visitor)


def server(
    app: Any, host: str, port: int, *, trusted_proxies: str = "", last_answers_seconds: int = 5
) -> uvicorn.Server:
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
            timeout_graceful_shutdown=last_answers_seconds,
            timeout_keep_alive=KEPT_SECONDS,
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
