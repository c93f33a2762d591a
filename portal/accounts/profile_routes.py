"""The settings a person has of their own, and the shop's name and time zone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from litestar import Response, get, post
from litestar.params import FromPath

from portal import i18n
from portal.accounts import forms, profile, queries
from portal.accounts.entry_routes import mail_is_read_here
from portal.accounts.throttle import Throttled
from portal.accounts.visits import actor, fields, form_page, post_of, signed_in_at, visit
from portal.errors import FormInvalid
from portal.i18n import LANGUAGES, _
from portal.models.accounts import LinkPurpose, Merchant, Role, User
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, Visitor, done, id_from, local_path, page, redirect, runtime, visitor


@get("/settings")
async def settings(request: PortalRequest) -> Response[Any]:
    visitor(request)
    return redirect("/settings/profile")


@get("/settings/profile")
async def show(request: PortalRequest) -> Response[str]:
    return await _profile_page(request, visitor(request))


@post("/settings/profile")
async def save(request: PortalRequest) -> Response[Any]:
    who = visitor(request)
    typed = await fields(request)
    try:
        form = forms.Profile.read(typed)
    except FormInvalid as error:
        return await _profile_page(request, who, error, name=forms.text(typed, "name"))
    async with runtime(request).sessions.write(SYSTEM) as session:
        await profile.save(session, form, who.user_id, who.merchant_id)
    i18n.use(form.language, who.time_zone)
    return await done(request, to="/settings/profile", text=_("Profile saved"))


@post("/settings/theme")
async def save_theme(request: PortalRequest) -> Response[Any]:
    who = visitor(request)
    theme = forms.text(await fields(request), "theme")
    if theme not in forms.THEMES:
        raise FormInvalid({"theme": _("Choose how the pages look.")})
    async with runtime(request).sessions.write(SYSTEM) as session:
        await profile.save_theme(session, theme, who.user_id)
    return redirect(local_path(urlsplit(request.headers.get("referer", "")).path or "/"))


@post("/settings/profile/password")
async def change_password(request: PortalRequest) -> Response[Any]:
    who = visitor(request)
    typed = await fields(request)
    try:
        entered = await profile.change_password(
            runtime(request).sessions,
            post_of(request),
            current=forms.text(typed, "current"),
            new=forms.text(typed, "new"),
            actor=actor(request, who),
        )
    except (FormInvalid, Throttled) as error:
        return await _profile_page(request, who, error, at="password")
    return signed_in_at(request, entered, "/settings/profile")


@post("/settings/profile/email")
async def change_email(request: PortalRequest) -> Response[Any]:
    who = visitor(request)
    typed = await fields(request)
    sessions, current = runtime(request).sessions, forms.text(typed, "current")
    try:
        email = forms.address(typed, "email")
        await profile.ask_for_address(
            sessions, post_of(request), email=email, current=current, actor=actor(request, who)
        )
    except (FormInvalid, Throttled) as error:
        return await _profile_page(request, who, error, at="email", email=forms.text(typed, "email"))
    return await done(request, to="/settings/profile", text=_("Confirmation sent"))


@get("/verify-email/{token:str}")
async def confirm_form(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    return await _address_page(request, LinkPurpose.VERIFY_EMAIL, token)


@post("/verify-email/{token:str}")
async def confirm(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    return await _address_is(request, LinkPurpose.VERIFY_EMAIL, token)


@get("/restore-email/{token:str}")
async def restore_form(request: PortalRequest, token: FromPath[str]) -> Response[str]:
    return await _address_page(request, LinkPurpose.RESTORE_EMAIL, token)


@post("/restore-email/{token:str}")
async def restore(request: PortalRequest, token: FromPath[str]) -> Response[Any]:
    return await _address_is(request, LinkPurpose.RESTORE_EMAIL, token)


@get("/settings/shop")
async def shop(request: PortalRequest) -> Response[str]:
    return await _shop_page(request, visitor(request))


@post("/settings/shop")
async def save_shop(request: PortalRequest) -> Response[Any]:
    who = visitor(request, Role.MANAGER)
    typed = await fields(request)
    try:
        form = forms.Shop.read(typed)
    except FormInvalid as error:
        return await _shop_page(request, who, error, typed)
    async with runtime(request).sessions.write(who.merchant_id) as session:
        await profile.save_shop(session, form, actor(request, who))
    return await done(request, to="/settings/shop", text=_("Shop saved"))


@post("/settings/shops/{merchant_id:str}/entry")
async def change_shop(request: PortalRequest, merchant_id: FromPath[str]) -> Response[Any]:
    who = visitor(request)
    async with runtime(request).sessions.write(SYSTEM) as session:
        entered = await profile.change_shop(session, id_from(merchant_id), actor(request, who))
    return signed_in_at(request, entered, "/")


async def _address_page(request: PortalRequest, purpose: LinkPurpose, token: str) -> Response[str]:
    email = await profile.address_of(runtime(request).sessions, purpose, token, runtime(request).clock())
    return await page(request, "accounts/verify.html", email=email, action=request.url.path)


async def _address_is(request: PortalRequest, purpose: LinkPurpose, token: str) -> Response[Any]:
    sessions = runtime(request).sessions
    email = await profile.confirm_address(sessions, post_of(request), purpose, token, visit(request))
    return await page(request, "accounts/verified.html", email=email)


async def _profile_page(
    request: PortalRequest,
    who: Visitor,
    error: FormInvalid | Throttled | None = None,
    *,
    at: str = "profile",
    name: str | None = None,
    email: str = "",
) -> Response[str]:
    """`at` is the form of the page that the error belongs to."""
    async with runtime(request).sessions.read(SYSTEM) as session:
        person = await session.get_one(User, who.user_id)
        waiting = await profile.address_waiting(session, who.user_id, runtime(request).clock())
        shops = await queries.shops_of(session, who.user_id)
        letters = await profile.gets_order_letters(session, who.user_id, who.merchant_id)
    return await form_page(
        request,
        "accounts/profile.html",
        error,
        at=at,
        person=person,
        name=person.name if name is None else name,
        email=email,
        order_letters=letters,
        waiting=waiting,
        languages=LANGUAGES,
        mail_here=mail_is_read_here(request),
        shops=[shop for shop in shops if shop.id != who.merchant_id],
    )


async def _shop_page(
    request: PortalRequest, who: Visitor, error: FormInvalid | None = None, typed: dict[str, Any] | None = None
) -> Response[str]:
    async with runtime(request).sessions.read(who.merchant_id) as session:
        kept = await session.get_one(Merchant, who.merchant_id)
    values = {name: forms.text(typed, name) for name in ("name", "time_zone")} if typed else None
    return await form_page(
        request,
        "accounts/shop.html",
        error,
        values=values or {"name": kept.name, "time_zone": kept.time_zone},
        currency=kept.currency,
        zones=[(zone, zone.replace("_", " ")) for zone in sorted({"UTC", *available_timezones()})],
        may_change=who.may(Role.MANAGER),
    )


ROUTES = [
    settings,
    show,
    save,
    save_theme,
    change_password,
    change_email,
    confirm_form,
    confirm,
    restore_form,
    restore,
    shop,
    save_shop,
    change_shop,
]
