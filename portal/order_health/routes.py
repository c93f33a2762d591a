"""Order Health: one page that accounts for every order, and sends many on their way at once."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select

from portal.connections import service as connections
from portal.i18n import ngettext
from portal.models.accounts import Role
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, StoreStep
from portal.order_health import queries
from portal.order_health.queries import PERIODS
from portal.orders import feeds, store, wording
from portal.web import PortalRequest, done, page, runtime, visitor

MOST_AT_ONCE = 500


@get("/orders/health")
async def show(request: PortalRequest, period: FromQuery[str] = "24h") -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    at_once = {
        name: connector.capabilities.webhooks for name, connector in current.connectors.items() if connector.orders
    }
    async with current.sessions.read(asking.merchant_id) as session:
        found = await queries.health(
            session, period=period if period in PERIODS else "24h", told_at_once=at_once, now=current.clock()
        )
    return await page(request, "order_health/show.html", health=found, words=wording, may_act=asking.may(Role.PACKER))


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
    text = ngettext("Trying %(num)s order again", "Trying %(num)s orders again", count) % {"num": count}
    return await done(request, to="/orders/health", text=text)


@post("/orders/health/comparisons")
async def compare(request: PortalRequest) -> Response[Any]:
    """Every channel is asked now what it counts."""
    asking, current = visitor(request, Role.PACKER), runtime(request)
    count = 0
    async with current.sessions.write(asking.merchant_id) as session:
        for one in await connections.everyone(session):
            if one.state is ConnectionState.ACTIVE and current.connectors[one.channel].orders:
                await feeds.compare(session, one, now=current.clock())
                count += 1
    text = ngettext("Comparing %(num)s channel", "Comparing %(num)s channels", count) % {"num": count}
    return await done(request, to="/orders/health", text=text)


ROUTES = [show, create_all, compare]
