"""The list of rules, a rule's form, and what rules would make of orders that are here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.rules import RoutingRule
from portal.rules import forms, service, trying, wording
from portal.rules.deciding import Act
from portal.rules.forms import Sheet
from portal.rules.service import Draft
from portal.web import PortalRequest, done, id_from, page, runtime, visitor


@get("/rules")
async def index(request: PortalRequest, moved: FromQuery[str] = "") -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        rows = await service.rows(session)
        names = await trying.channels(session)
        only = await service.to_source_only(session, asking.merchant_id)
    listed = [(row, service.rule_of(row)) for row in rows]
    tells = any(act == Act.TELL for row in rows for act, _value in (*row.then, *row.otherwise))
    return await page(
        request,
        "rules/index.html",
        listed=listed,
        channels=names,
        only=only,
        waits=only and tells,
        moved=moved,
        full=len(rows) >= service.MOST_RULES,
        words=wording,
        may_edit=asking.may(Role.MANAGER),
    )


@post("/rules/switch")
async def switch(request: PortalRequest) -> Response[Any]:
    """Whether news of an order goes only to where it was sold."""
    asking = visitor(request, Role.MANAGER)
    only = (await request.form()).get("only", "") == "yes"
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await service.switch(session, asking.merchant_id, to_source_only=only)
    text = _("Updates go only to where the order came from") if only else _("Rules may send updates elsewhere too")
    return await done(request, to="/rules", text=text)


@get("/rules/new")
async def new(request: PortalRequest) -> Response[Any]:
    visitor(request, Role.MANAGER)
    return await _form(request, Sheet(), None)


@post("/rules")
async def create(request: PortalRequest) -> Response[Any]:
    return await _save(request, None)


@get("/rules/{rule_id:str}")
async def edit(request: PortalRequest, rule_id: FromPath[str]) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        row = await service.one(session, id_from(rule_id))
    return await _form(request, forms.sheet_of(service.rule_of(row)), row)


@post("/rules/{rule_id:str}")
async def change(request: PortalRequest, rule_id: FromPath[str]) -> Response[Any]:
    return await _save(request, rule_id)


async def _save(request: PortalRequest, rule_id: str | None) -> Response[Any]:
    """The rule is kept, unless the button was for a row more or less, or something typed is wrong."""
    asking, form = visitor(request, Role.MANAGER), await request.form()
    sheet = forms.read(form)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        row = await service.one(session, id_from(rule_id)) if rule_id else None
        channels = await trying.channels(session)
    command = str(form.get("do", ""))
    if command not in {"", "try"}:
        return await _form(request, sheet, row, focus=forms.rearrange(sheet, command))
    try:
        draft = forms.check(sheet, channels)
    except FormInvalid as invalid:
        return await _form(request, sheet, row, errors=invalid.errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if command:
        return await _form(request, sheet, row, draft=draft)
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        if row is None:
            await service.create(session, asking.merchant_id, draft)
        else:
            await service.change(session, row.id, draft)
    return await done(request, to="/rules", text=_("Rule saved. It holds for orders from now on."))


async def _form(
    request: PortalRequest,
    sheet: Sheet,
    row: RoutingRule | None,
    *,
    errors: dict[str, str] | None = None,
    focus: str = "",
    draft: Draft | None = None,
    status: int = HTTPStatus.OK,
) -> Response[Any]:
    """The form as it stands in `sheet`; with a `draft`, what last week's orders would have made of it."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    impact = None
    async with current.sessions.read(asking.merchant_id) as session:
        channels = await trying.channels(session)
        if draft is not None:
            rules = await service.with_draft(session, draft, row.id if row else None)
            week = await trying.last_week(session, current.clock())
            only = await service.to_source_only(session, asking.merchant_id)
            impact = trying.impact(rules, week, to_source_only=only)
    return await page(
        request,
        "rules/form.html",
        status=status,
        sheet=sheet,
        rule=row,
        errors=errors or {},
        focus=focus,
        impact=impact,
        channels=channels,
        words=wording,
        most=forms.MOST_ROWS,
    )


@post("/rules/{rule_id:str}/place")
async def place(request: PortalRequest, rule_id: FromPath[str]) -> Response[Any]:
    """One place up or down in the order in which rules are asked."""
    asking = visitor(request, Role.MANAGER)
    up = (await request.form()).get("move", "") == "up"
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await service.move(session, id_from(rule_id), up=up)
    # The focus goes along with the rule, so that it can be moved again.
    return await done(request, to=f"/rules?moved={id_from(rule_id)}", text=_("Moved up") if up else _("Moved down"))


@post("/rules/{rule_id:str}/state")
async def state(request: PortalRequest, rule_id: FromPath[str]) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    enabled = (await request.form()).get("enabled", "") == "yes"
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        row = await service.enable(session, id_from(rule_id), enabled=enabled)
        name = row.name
    text = _("“%(name)s” is on") if enabled else _("“%(name)s” is off")
    return await done(request, to="/rules", text=text % {"name": name})


@get("/rules/{rule_id:str}/deletion")
async def confirm(request: PortalRequest, rule_id: FromPath[str]) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.read(asking.merchant_id) as session:
        row = await service.one(session, id_from(rule_id))
    return await page(request, "rules/delete.html", rule=row)


@post("/rules/{rule_id:str}/deletion")
async def delete(request: PortalRequest, rule_id: FromPath[str]) -> Response[Any]:
    asking = visitor(request, Role.MANAGER)
    async with runtime(request).sessions.write(asking.merchant_id) as session:
        await service.remove(session, id_from(rule_id))
    return await done(request, to="/rules", text=_("Rule deleted"))


@get("/rules/test")
async def simulate(request: PortalRequest, order: FromQuery[str] = "", number: FromQuery[str] = "") -> Response[Any]:
    """What the rules that are on make of one order, and how many of the last week's they would change."""
    asking, current = visitor(request), runtime(request)
    typed = number.strip()
    async with current.sessions.read(asking.merchant_id) as session:
        rules = await service.active(session)
        only = await service.to_source_only(session, asking.merchant_id)
        week = await trying.last_week(session, current.clock())
        names = await trying.channels(session)
        sold = await trying.numbered(session, typed) if typed else trying.chosen(week, order)
    missing = typed if typed and sold is None else ""
    return await page(
        request,
        "rules/test.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if missing else HTTPStatus.OK,
        rules=rules,
        only=only,
        week=week[: trying.SHOWN],
        impact=trying.impact(rules, week, to_source_only=only),
        tried=trying.try_one(rules, sold) if sold else None,
        typed=typed,
        missing=missing,
        channels=names,
        words=wording,
    )


ROUTES = [index, switch, new, create, simulate, edit, change, place, state, confirm, delete]
