"""What every route shares: who is asking, pages, fragments, redirects and toasts."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, cast
from uuid import UUID

from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.params import QueryParameter
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from portal.errors import Forbidden, NotFound, SignInNeeded
from portal.models.accounts import Role
from portal.runtime import Runtime
from portal.templating import render

RANK = {Role.VIEWER: 0, Role.PACKER: 1, Role.MANAGER: 2, Role.OWNER: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The signed-in member behind a request."""

    session_id: UUID
    user_id: UUID
    merchant_id: UUID
    merchant_name: str
    currency: str
    role: Role
    name: str
    language: str = "en"
    time_zone: str = "UTC"
    theme: str = "system"
    shortcuts: bool = True
    flash: tuple[dict[str, str], ...] = ()

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper() or "?"

    def may(self, role: Role) -> bool:
        return RANK[self.role] >= RANK[role]


# A place in a list that is counted, from a query: any number a database holds.
Place = Annotated[int, QueryParameter(ge=0, le=2**31 - 1)]

PortalRequest = Request[Visitor | None, Any, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """What surrounds every page of a merchant: counts in the menu and banners that need somebody to act."""

    nav_counts: dict[str, int] = field(default_factory=dict)
    banners: Sequence[dict[str, str]] = ()


ChromeOf = Callable[[AsyncSession], Awaitable[Chrome]]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One replaceable part of a page: the element's id, its partial, and what the partial names."""

    element_id: str
    template: str
    context: dict[str, Any]


def runtime(request: PortalRequest) -> Runtime:
    return cast(Runtime, request.app.state.runtime)


def visitor(request: PortalRequest, role: Role = Role.VIEWER) -> Visitor:
    """The member asking, who has at least `role`. Raises SignInNeeded or Forbidden."""
    if request.user is None:
        raise SignInNeeded
    if not request.user.may(role):
        raise Forbidden
    return request.user


def is_htmx(request: PortalRequest) -> bool:
    return request.headers.get("hx-request") == "true"


def id_from(text: str) -> UUID:
    """A path's id; anything that is not one is answered as an id nobody has."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def page_left(request: PortalRequest) -> str:
    """The path of our own page that this request was made from; empty when it came from elsewhere."""
    came_from = request.headers.get("hx-current-url") or request.headers.get("referer") or ""
    ours = runtime(request).settings.public_url
    return came_from.removeprefix(ours) if came_from.startswith(f"{ours}/") else ""


def local_path(text: str, otherwise: str = "/") -> str:
    """`text` if it is a path of this site, else `otherwise`; a browser reads //host and /\\host as another site."""
    plain = text.isprintable() and "\\" not in text and text.startswith("/") and not text.startswith("//")
    return text if plain else otherwise


async def page(
    request: PortalRequest,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """A whole page. For a signed-in visitor it carries the menu's counts and banners as they are now."""
    chrome = Chrome()
    if request.user is not None:
        async with runtime(request).sessions.read(request.user.merchant_id) as session:
            chrome = await cast(ChromeOf, request.app.state.chrome)(session)
    body = render(request, template, {"chrome": chrome, **context})
    return _html(body, status=status, headers=headers)


async def part_of(request: PortalRequest, prefix: str, session: AsyncSession, key: UUID) -> Fragment | None:
    """A part that another slice makes, for this page to include; None where nobody makes it."""
    render = request.app.state.fragments.get(prefix)
    parts = await render(session, request.user, [key]) if render else []
    return parts[0] if parts else None


def fragments(
    request: PortalRequest,
    parts: Sequence[Fragment],
    *,
    status: int = HTTPStatus.OK,
    toast: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    """The named parts, each replacing its element. A `toast` is {"text", and for undo "url" and "label"}."""
    body = "".join(
        f'<hx-partial hx-target="#{part.element_id}" hx-swap="outerMorph">'
        f"{render(request, part.template, part.context)}</hx-partial>"
        for part in parts
    )
    sent = dict(headers or {})
    if toast:
        sent["HX-Trigger"] = json.dumps({"toast": toast})
    return _html(body, status=status, headers=sent)


def redirect(path: str) -> Redirect:
    """See Other: a refresh of the page that follows repeats nothing."""
    return Redirect(path, status_code=303)


async def done(
    request: PortalRequest, *, to: str, text: str, parts: Sequence[Fragment] = (), undo: str = "", tone: str = "success"
) -> Response[Any]:
    """Answer a decision: with fragments and a toast for htmx, with a redirect and a message for a plain form."""
    if is_htmx(request) and parts:
        toast = {"text": text, "tone": tone, **({"url": undo, "label": "undo"} if undo else {})}
        return fragments(request, parts, toast=toast)
    await leave_flash(request, text=text, tone=tone, undo=undo)
    if is_htmx(request):
        return Response("", headers={"HX-Redirect": to}, media_type=MediaType.HTML)
    return redirect(to)


async def leave_flash(request: PortalRequest, *, text: str, tone: str = "success", undo: str = "") -> None:
    """The next full page of this browser says `text` once."""
    if request.user is not None:
        await request.app.state.leave_flash(request, {"text": text, "tone": tone, "undo": undo})


def _html(body: str, *, status: int, headers: dict[str, str] | None) -> Response[str]:
    sent = {"Vary": "HX-Request, HX-Request-Type, Cookie", **(headers or {})}
    return Response(body, status_code=status, media_type="text/html", headers=sent)
