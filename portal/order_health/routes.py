"""Order Health: one page that accounts for every order, and sends many on their way at once."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select

from portal.connections import service as connections
from portal.i18n import _, ngettext
from portal.models.accounts import Role
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, StoreStep
from portal.order_health import fragments
from portal.order_health.queries import PERIODS
from portal.orders import feeds, store, unread
from portal.web import PortalRequest, done, id_from, page, runtime, visitor

MOST_AT_ONCE = 500


@get("/orders/health")
async def show(request: PortalRequest, period: FromQuery[str] = "24h") -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    chosen = _period(period)
    async with current.sessions.read(asking.merchant_id) as session:
        parts = [
            await fragments.statement_part(session, current, chosen),
            await fragments.unread_part(session, asking),
            await fragments.causes_part(session, asking),
            await fragments.problems_part(session),
        ]
    context = {name: value for part in parts for name, value in part.context.items()}
    return await page(request, "order_health/show.html", **context)


def _period(asked: str) -> str:
    return asked if asked in PERIODS else next(iter(PERIODS))


@post("/orders/health/creations")
async def create_all(request: PortalRequest) -> Response[Any]:
    """Every order that is not in the store for one cause is tried again."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    code = str((await request.form()).get("cause", ""))
    count = 0
    async with current.sessions.write(asking.merchant_id) as session:
        query = select(Order).where(Order.store_step == StoreStep.PROBLEM).order_by(Order.id).with_for_update()
        for order in await session.scalars(query.limit(MOST_AT_ONCE)):
            source = await session.get_one(Connection, order.connection_id)
            shop = await store.store_of(session, source)
            if shop is not None and (order.problem or {}).get("code", "") == code:
                await store.ask(session, [order], shop, now=current.clock())
                count += 1
    async with current.sessions.read(asking.merchant_id) as session:
        parts = [await fragments.causes_part(session, asking), await fragments.problems_part(session)]
    text = ngettext("Trying %(num)s order again", "Trying %(num)s orders again", count) % {"num": count}
    return await done(request, to="/orders/health", text=text, parts=parts)


@post("/orders/health/unread/{unread_id:str}/readings")
async def read(request: PortalRequest, unread_id: FromPath[str]) -> Response[Any]:
    """The channel is asked now for an order that could not be read."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        await unread.again(session, id_from(unread_id), now=current.clock())
    async with current.sessions.read(asking.merchant_id) as session:
        parts = [await fragments.unread_part(session, asking)]
    return await done(request, to="/orders/health", text=_("Asking the channel for this order"), parts=parts)


@post("/orders/health/comparisons")
async def compare(request: PortalRequest) -> Response[Any]:
    """Every channel is asked now what it counts."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    period = _period(str((await request.form()).get("period", "")))
    count = 0
    async with current.sessions.write(asking.merchant_id) as session:
        for one in await connections.everyone(session):
            if one.state is ConnectionState.ACTIVE and current.connectors[one.channel].orders:
                await feeds.compare(session, one, now=current.clock())
                count += 1
    async with current.sessions.read(asking.merchant_id) as session:
        parts = [await fragments.statement_part(session, current, period)]
    text = ngettext("Comparing %(num)s channel", "Comparing %(num)s channels", count) % {"num": count}
    return await done(request, to=f"/orders/health?period={period}", text=text, parts=parts)


ROUTES = [show, create_all, read, compare]
