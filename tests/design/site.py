"""A small site that wears the design: the style page, a page of live things, and a stream a test can drive."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jinja2
import uvicorn
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage
from markupsafe import Markup

from portal.guard import content_security_policy
from portal.templating import STATIC, environment
from tests.servers import free_port

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 4, 14, 5, tzinfo=UTC)
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass
class Person:
    name: str = "Aiko Tanaka"
    initials: str = "AT"
    role: str = "Owner"


@dataclass
class Site:
    """What the server knows and what it was asked. A test changes the first and reads the second."""

    url: str
    things: dict[str, str] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    posts: list[dict[str, str]] = field(default_factory=list)
    theme: str = "system"
    shortcuts: bool = True
    signed_in: bool = True
    streaming: bool = True
    extra: dict[str, Any] = field(default_factory=dict)
    streams: set[asyncio.Queue[str | None]] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop | None = None

    def change(self, *keys: str) -> None:
        """Announce `keys` on every open stream."""
        text = '{"keys": [' + ", ".join(f'"{key}"' for key in keys) + "]}"
        self._tell(text)

    def drop_streams(self) -> None:
        self._tell(None)

    def _tell(self, message: str | None) -> None:
        """On the server's own thread, where streams come and go."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self._put, message)

    def _put(self, message: str | None) -> None:
        for queue in self.streams:
            queue.put_nowait(message)

    def context(self) -> dict[str, Any]:
        return {
            "csrf_token": "token",
            "csrf_input": Markup('<input type="hidden" name="_csrf_token" value="token">'),
            "user": Person(),
            "merchant": {"name": "Alice and Bob"},
            "path": "/products",
            "theme": self.theme,
            "shortcuts": self.shortcuts,
            "language": "en",
            "now": NOW,
            "flash": (),
            "nav_counts": {"inbox": 12, "problems": 37},
            "banners": (
                {"tone": "critical", "title": "Shopify no longer accepts our access", "body": "38 updates wait."},
            ),
            "live": True,
            **self.extra,
        }


def render(site: Site, template: str, /, **more: Any) -> str:
    mine = environment().overlay(loader=jinja2.FileSystemLoader([HERE / "templates", STATIC.parent / "templates"]))
    return mine.get_template(template).render(site.context() | more)


def html(body: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    sent = {"Content-Security-Policy": content_security_policy(), "Cache-Control": "no-store", **(headers or {})}
    return Response(body, status_code=status, media_type=MediaType.HTML, headers=sent)


def site_of(state: State) -> Site:
    site = state["site"]
    assert isinstance(site, Site)
    return site


@get("/static/{digest:str}/{name:path}")
async def static(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    path = STATIC / name.lstrip("/")
    return Response(path.read_bytes(), media_type=KINDS[path.suffix])


@get(["/design", "/products"])
async def design(state: State) -> Response[str]:
    return html(render(site_of(state), "design/index.html"))


@get("/design/panel")
async def panel(state: State) -> Response[str]:
    return html(render(site_of(state), "panel.html"))


@get("/things")
async def things(state: State) -> Response[str]:
    site = site_of(state)
    return html(render(site, "things.html", things=site.things))


@get("/error/{status:int}")
async def error(state: State, status: FromPath[int]) -> Response[str]:
    context = {
        "status": status,
        "title": "This page isn’t here",
        "message": "The link may be wrong.",
        "request_id": "r-1",
    }
    return html(render(site_of(state), "errors/error.html", **context), status=status)


@post("/things/{name:str}", status_code=200)
async def change_thing(state: State, request: Request[Any, Any, State], name: FromPath[str]) -> Response[str]:
    """Answers like the portal: fragments and a toast for htmx, a redirect for a plain form, 401 when signed out."""
    site = site_of(state)
    form = {key: str(value) for key, value in (await request.form()).items()}
    site.posts.append({"name": name, "csrf": request.headers.get("x-csrftoken", ""), **form})
    if not site.signed_in:
        return html("", status=401, headers={"HX-Redirect": "/error/403"})
    if "hx-request" not in request.headers:
        return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": "/things"})
    if form.get("title") == "":
        summary = render(site, "_problems.html")
        return html(f'<hx-partial hx-target="#problems" hx-swap="innerHTML">{summary}</hx-partial>', status=422)
    toast = '{"toast": {"text": "Thing saved", "tone": "success", "url": "/things/undo"}}'
    if name == "undo":
        return html("", headers={"HX-Reswap": "none", "HX-Trigger": '{"toast": {"text": "Undone", "tone": "info"}}'})
    site.things.pop(name, None)
    return html(f'<hx-partial hx-target="#thing-{name}" hx-swap="delete"></hx-partial>', headers={"HX-Trigger": toast})


@get("/live")
async def live(state: State) -> ServerSentEvent | Response[str]:
    site = site_of(state)
    if not (site.streaming and site.signed_in):
        return html("", status=401 if not site.signed_in else 503)
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    site.streams.add(queue)
    site.loop = asyncio.get_running_loop()

    async def messages() -> AsyncIterator[ServerSentEventMessage]:
        try:
            yield ServerSentEventMessage(data=None, comment="open")
            while (text := await queue.get()) is not None:
                yield ServerSentEventMessage(event="changed", data=text)
        finally:
            site.streams.discard(queue)

    return ServerSentEvent(messages())


@get("/live/fragments")
async def fragments(state: State, id: FromQuery[list[str] | None] = None) -> Response[str]:  # noqa: A002 - the query's name
    site = site_of(state)
    if not site.signed_in:
        return html("", status=401, headers={"HX-Redirect": "/error/403"})
    site.asked.append(id or [])
    names = [one.removeprefix("thing-") for one in id or []]
    return html(
        "".join(
            f'<hx-partial hx-target="#thing-{name}" hx-swap="outerMorph">'
            + render(site, "_thing.html", name=name, text=site.things[name])
            + "</hx-partial>"
            for name in names
            if name in site.things
        )
    )


HANDLERS = [static, design, panel, things, error, change_thing, live, fragments]


@contextmanager
def served() -> Iterator[Site]:
    """The site on a loopback port, in a thread of its own."""
    port = free_port()
    site = Site(url=f"http://127.0.0.1:{port}")
    app = Litestar(HANDLERS, state=State({"site": site}), openapi_config=None, logging_config=None)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    ready = threading.Event()
    started = server.startup

    async def startup(sockets: Any = None) -> None:
        await started(sockets)
        ready.set()

    server.startup = startup  # type: ignore[method-assign] # uvicorn offers no signal that it listens
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield site
    finally:
        if site.streams:
            site.drop_streams()
        server.should_exit = True
        thread.join(10)
