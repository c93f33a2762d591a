"""Errors as people and machines read them: a page, a toast, or problem+json, always with the request id."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from litestar import MediaType, Response
from litestar.exceptions import HTTPException

from portal import i18n
from portal.errors import FormInvalid, PortalError, SignInNeeded, TooMany
from portal.i18n import _
from portal.templating import render
from portal.web import PortalRequest, is_htmx, local_path, page_left

log = structlog.get_logger()


def on_portal_error(request: PortalRequest, error: PortalError) -> Response[Any]:
    """A business refusal, said in its own words."""
    if isinstance(error, SignInNeeded) and not wants_json(request):
        return _to_sign_in(request)
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = error.until.strftime("%a, %d %b %Y %H:%M:%S GMT")
    fields = error.errors if isinstance(error, FormInvalid) else {}
    return reply(request, error.status, error.title, error.detail, headers=headers, fields=fields, way_on=error.way_on)


def on_http_error(request: PortalRequest, error: HTTPException) -> Response[Any]:
    """What the framework refused: unknown path, wrong method, too large, bad token."""
    if "user" not in request.scope:
        # An address that leads nowhere gets here before anybody has looked who asks.
        i18n.use(i18n.preferred(request.headers.get("accept-language", "")), "UTC")
    title, detail = {
        404: (_("This page isn't here"), _("It may have been removed, or the link may be wrong.")),
        403: (_("This form is no longer valid"), _("Go back, reload the page and send it again.")),
        405: (_("This can't be done here"), _("This address takes something else. Start again from the page.")),
        413: (_("That is too large"), _("Send a smaller file.")),
    }.get(error.status_code, (_("We couldn't read this request"), _("Go back, reload the page and try again.")))
    return reply(request, error.status_code, title, detail, headers=dict(error.headers or {}))


def on_any_error(request: PortalRequest, error: Exception) -> Response[Any]:
    """Our own mistake: logged whole, said without a trace."""
    log.error("request_failed", path=request.url.path, exc_info=error)
    detail = _("It isn't anything you did. Try again; if it stays, tell us the number below.")
    return reply(request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong on our side"), detail)


def reply(
    request: PortalRequest,
    status: int,
    title: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    fields: dict[str, str] | None = None,
    way_on: tuple[str, str] | None = None,
) -> Response[Any]:
    """An error in the form the caller can use. A htmx request gets a toast: no error page inside a row."""
    request_id = request.scope["state"].get("request_id", "")
    sent = {**(headers or {}), "Vary": "HX-Request, Accept, Cookie"}
    if wants_json(request):
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        body |= {"instance": request.url.path, "request_id": request_id}
        if fields:
            body["errors"] = [{"pointer": f"/{name}", "detail": text} for name, text in fields.items()]
        return Response(body, status_code=status, media_type="application/problem+json", headers=sent)
    if is_htmx(request):
        text = f"{title}. {detail}" if detail else title
        toast = {"toast": {"text": text, "tone": "critical"}}
        return Response(
            "",
            status_code=status,
            media_type=MediaType.HTML,
            headers={**sent, "HX-Reswap": "none", "HX-Trigger": json.dumps(toast)},
        )
    context: dict[str, Any] = {"status": int(status), "title": title, "message": detail, "request_id": request_id}
    if way_on := way_on or _back(request):
        context["forward_url"], context["forward_label"] = way_on
    page = render(request, "errors/error.html", context)
    return Response(page, status_code=status, media_type="text/html", headers=sent)


def _back(request: PortalRequest) -> tuple[str, str] | None:
    """To the page whose form was sent: the address it was sent to may not be one to open."""
    left = local_path(page_left(request), "") if request.method != "GET" else ""
    return (left, _("Back to the page")) if left else None


def wants_json(request: PortalRequest) -> bool:
    if request.url.path.startswith(("/api/", "/webhooks/")):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def _to_sign_in(request: PortalRequest) -> Response[Any]:
    """Sign-in, and back to the page that was wanted (for a form, the page it stood on)."""
    path = wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if is_htmx(request) or request.method != "GET":
        wanted = page_left(request) or "/"
    # A browser that holds the token of a session is not new here: its session has ended.
    where = f"/sign-in?next={quote(wanted, safe='')}" + ("&ended" if request.auth else "")
    status, headers = HTTPStatus.SEE_OTHER, {"Location": where}
    if is_htmx(request):
        status, headers = HTTPStatus.UNAUTHORIZED, {"HX-Redirect": where}
    elif request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        # The browser sends the same form to sign-in, which keeps what was typed. A file would be too much for that.
        status, headers = HTTPStatus.TEMPORARY_REDIRECT, {"Location": f"{where}&form={quote(path, safe='')}"}
    return Response("", status_code=status, headers=headers, media_type=MediaType.HTML)
