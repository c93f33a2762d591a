"""The inbox: review, decide one or many, take it back, and the switch between Inbox and Auto-Sync."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from portal.errors import Conflict, FormInvalid
from portal.i18n import _, ngettext
from portal.inbox import filling, fragments, queries, service, undoing
from portal.inbox.queries import Filters
from portal.inbox.service import APPROVE, FINISH, Outcome
from portal.listings.paging import PAGE
from portal.models.accounts import ListingMode, Role
from portal.web import (
    PortalRequest,
    Visitor,
    done,
    id_from,
    is_htmx,
    local_path,
    page,
    page_left,
    redirect,
    runtime,
    visitor,
)
from portal.web import fragments as send

NOTHING = UUID(int=0)


@get("/inbox")
async def index(
    request: PortalRequest,
    *,
    view: Annotated[str, QueryParameter(name="state")] = "",
    q: FromQuery[str] = "",
    before: FromQuery[str] = "",
    after: FromQuery[str] = "",
    selected: FromQuery[str] = "",
) -> Response[Any]:
    """`selected` are the ids a bulk decision left behind: their boxes stay ticked."""
    asking, now = visitor(request), runtime(request).clock()
    filters = Filters(state=view if view in queries.VIEWS else "", q=q)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        shown = await queries.page(
            session,
            asking.merchant_id,
            filters,
            now=now,
            before=id_from(before) if before else None,
            after=id_from(after) if after else None,
        )
        context: dict[str, Any] = {
            "filters": filters,
            "listing": shown,
            "counts": await queries.counts(session),
            "newest": await queries.newest(session) or NOTHING,
            "mode": await queries.mode(session, asking.merchant_id),
            "any_channel": await queries.any_channel(session),
            "published_today": await queries.published_since(session, now.replace(hour=0, minute=0, second=0)),
            "may_edit": asking.may(Role.MANAGER),
            "selected": selected.split(",") if selected else (),
            "typed": None,
            "error": "",
        }
    return await page(request, "inbox/index.html", **context)


# ---- one item ----


@post("/inbox/{item_id:str}/choices")
async def choose(request: PortalRequest, item_id: FromPath[str]) -> Response[Any]:
    """A box was ticked or cleared; the row's button says what it would do now."""
    asking, key = visitor(request, Role.MANAGER), id_from(item_id)
    form = await request.form()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await service.choose(session, key, _choices(form))
    if not is_htmx(request):
        return redirect("/inbox")
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        parts = await fragments.row_parts(session, asking, [key], runtime(request).clock())
    return send(request, parts)


@post("/inbox/{item_id:str}/approval")
async def approve(request: PortalRequest, item_id: FromPath[str]) -> Response[Any]:
    """Published to the ticked channels, unless it is taken back in time."""
    asking, key, now = visitor(request, Role.MANAGER), id_from(item_id), runtime(request).clock()
    form = await request.form()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        item = await service.choose(session, key, _choices(form))
        already = item.decision_id
        outcome = await service.approve(
            session, merchant_id=asking.merchant_id, item_ids=[key], made_by=asking.user_id, now=now
        )
    if outcome.kept:
        raise Conflict(_("Nothing to publish"), _("Choose a channel this product is ready for, or press Done."))
    return await _answer(request, asking, [key], text=_("Approved"), decision_id=outcome.decision_id or already)


@post("/inbox/{item_id:str}/done")
async def finish(request: PortalRequest, item_id: FromPath[str]) -> Response[Any]:
    asking, key, now = visitor(request, Role.MANAGER), id_from(item_id), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        outcome = await service.finish(
            session, merchant_id=asking.merchant_id, item_ids=[key], made_by=asking.user_id, now=now
        )
    return await _answer(request, asking, [key], text=_("Done"), decision_id=outcome.decision_id)


@post("/inbox/{item_id:str}/restore")
async def restore(request: PortalRequest, item_id: FromPath[str]) -> Response[Any]:
    asking, key = visitor(request, Role.MANAGER), id_from(item_id)
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await undoing.restore(session, key)
    return await _answer(request, asking, [key], text=_("Back in the inbox"))


@post("/inbox/{item_id:str}/unpublish")
async def unpublish(request: PortalRequest, item_id: FromPath[str]) -> Response[Any]:
    """For when undo came too late: off sale again wherever this decision put it."""
    asking, key, now = visitor(request, Role.MANAGER), id_from(item_id), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        ended = await undoing.unpublish(session, key, now=now)
    text = ngettext("Ending %(num)s listing", "Ending %(num)s listings", ended) % {"num": ended}
    return await _answer(request, asking, [key], text=text)


@post("/inbox/decisions/{decision_id:str}/undo")
async def undo(request: PortalRequest, decision_id: FromPath[str]) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        undone = await undoing.undo(session, id_from(decision_id), now=now)
    text, tone = _("Undone"), "success"
    if undone.left:
        left = len(undone.left)
        text = ngettext(
            "%(num)s product has left already: unpublish it in Done",
            "%(num)s products have left already: unpublish them in Done",
            left,
        ) % {"num": left}
        tone = "warning"
    keys = [*undone.restored, *undone.left]
    if len(keys) > 1:
        # The page that followed a decision on many no longer shows them: all of it is fetched anew.
        return await done(request, to=local_path(page_left(request), "/inbox"), text=text, tone=tone)
    return await _answer(request, asking, keys, text=text, tone=tone)


@post("/inbox/{item_id:str}/field")
async def fill(request: PortalRequest, item_id: FromPath[str]) -> Response[Any]:
    """The one thing that was missing is there; the row says what it is ready for now."""
    asking, key, now = visitor(request, Role.MANAGER), id_from(item_id), runtime(request).clock()
    form = await request.form()
    control, text = str(form.get("control", "")), str(form.get("text", ""))
    try:
        async with runtime(request).sessions.write(asking.merchant_id) as session:
            await filling.fill(
                session,
                key,
                control,
                text,
                seen=str(form.get("seen", "")),
                currency=asking.currency,
                made_by=asking.name,
                now=now,
            )
    except FormInvalid as error:
        if not is_htmx(request):
            raise
        async with runtime(request).sessions.read(asking.merchant_id) as session:
            rows = await queries.rows(session, asking.merchant_id, [key], now=now)
        parts = [fragments.row_part(row, asking, typed=text, error=error.errors["text"]) for row in rows]
        return send(request, parts, status=error.status)
    return await _answer(request, asking, [key], text=_("Saved"))


# ---- many items ----


@post("/inbox/approvals")
async def approve_many(request: PortalRequest) -> Response[Any]:
    return await _decide_many(request, APPROVE)


@post("/inbox/dones")
async def finish_many(request: PortalRequest) -> Response[Any]:
    return await _decide_many(request, FINISH)


async def _decide_many(request: PortalRequest, verb: str) -> Response[Any]:
    """The ticked rows, or, said twice, everything that matches the view."""
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    form = await request.form()
    filters = Filters(state=form.get("state", ""), q=form.get("q", ""))
    everything = bool(form.get("all"))
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        chosen = (
            await queries.ids(session, filters) if everything else [id_from(one) for one in form.getall("item", [])]
        )
        if everything and not form.get("sure"):
            return await _ask(request, session, asking, verb, filters, chosen)
    if not chosen:
        raise Conflict(_("Nothing is selected"), _("Tick the products first."))
    outcome = await service.decide_many(
        runtime(request).sessions,
        verb,
        merchant_id=asking.merchant_id,
        item_ids=chosen,
        made_by=asking.user_id,
        now=now,
    )
    text = _result(verb, outcome)
    kept = ",".join(str(one) for one in outcome.kept[:PAGE])
    to = filters.query(selected=kept)
    if everything or len(chosen) > PAGE:
        undo_path = f"/inbox/decisions/{outcome.decision_id}/undo" if outcome.decision_id else ""
        return await done(request, to=to, text=text, undo=undo_path)
    return await _answer(request, asking, chosen, text=text, decision_id=outcome.decision_id, to=to)


async def _ask(
    request: PortalRequest, session: AsyncSession, asking: Visitor, verb: str, filters: Filters, chosen: Sequence[UUID]
) -> Response[Any]:
    """How many products this means, on which channels, before it is done."""
    forecast = await queries.forecast(session, asking.merchant_id, chosen)
    return await page(request, "inbox/confirm.html", verb=verb, filters=filters, forecast=forecast, total=len(chosen))


def _result(verb: str, outcome: Outcome) -> str:
    said = {"num": len(outcome.decided), "kept": len(outcome.kept)}
    if verb == FINISH:
        return ngettext("%(num)s done", "%(num)s done", said["num"]) % said
    text = ngettext("%(num)s approved", "%(num)s approved", said["num"]) % said
    if outcome.kept:
        text += ", " + ngettext("%(kept)s needs info", "%(kept)s need info", said["kept"]) % said
    return text


# ---- Inbox or Auto-Sync ----


@get("/inbox/mode")
async def show_mode(request: PortalRequest) -> Response[Any]:
    """What switching would mean, in numbers, before it is done."""
    asking = visitor(request)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        waiting = await queries.ids(session, Filters())
        forecast = await queries.forecast(session, asking.merchant_id, waiting)
        mode = await queries.mode(session, asking.merchant_id)
    return await page(request, "inbox/mode.html", mode=mode, forecast=forecast, may_edit=asking.may(Role.MANAGER))


@post("/inbox/mode")
async def set_mode(request: PortalRequest) -> Response[Any]:
    asking, now = visitor(request, Role.MANAGER), runtime(request).clock()
    wanted = (await request.form()).get("mode", "")
    if wanted not in set(ListingMode):
        return redirect("/inbox/mode")
    mode = ListingMode(wanted)
    sent = await service.set_mode(runtime(request).sessions, merchant_id=asking.merchant_id, mode=mode, now=now)
    if mode is ListingMode.INBOX:
        return await done(request, to="/inbox", text=_("Inbox on"))
    text = ngettext("Auto-Sync on, %(num)s product sent", "Auto-Sync on, %(num)s products sent", sent) % {"num": sent}
    return await done(request, to="/inbox", text=text)


# ---- shared ----


async def _answer(
    request: PortalRequest,
    asking: Visitor,
    keys: Sequence[UUID],
    *,
    text: str,
    decision_id: UUID | None = None,
    to: str = "/inbox",
    tone: str = "success",
) -> Response[Any]:
    """The rows as they are now, in the place they were in: the list does not jump."""
    now: datetime = runtime(request).clock()
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        parts = await fragments.row_parts(session, asking, keys, now) if len(keys) <= PAGE else []
    undo_path = f"/inbox/decisions/{decision_id}/undo" if decision_id else ""
    return await done(request, to=to, text=text, parts=parts, undo=undo_path, tone=tone)


def _choices(form: FormMultiDict) -> dict[str, bool]:
    """Every box the form showed, ticked or not: a cleared box sends nothing itself."""
    ticked = set(form.getall("channel", []))
    return {str(id_from(shown)): shown in ticked for shown in form.getall("shown", [])}


ROUTES = [
    index,
    choose,
    approve,
    finish,
    restore,
    unpublish,
    undo,
    fill,
    approve_many,
    finish_many,
    show_mode,
    set_mode,
]
