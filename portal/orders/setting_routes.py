"""What a merchant decides about the orders of one channel."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from portal.accounts.visits import actor
from portal.connections import service as connections
from portal.errors import NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.orders import carrying
from portal.orders.fragments import updates_part
from portal.web import PortalRequest, done, id_from, runtime, visitor


@post("/channels/{connection_id:str}/updates")
async def carry(request: PortalRequest, connection_id: FromPath[str]) -> Response[Any]:
    """Which news of orders Crossdock carries to this channel; what is not ticked is handled outside."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    wanted = {str(kind) for kind in (await request.form()).getall("carry", [])}
    async with current.sessions.write(asking.merchant_id) as session:
        connection = await connections.one(session, id_from(connection_id))
        carrying.carry(session, connection, current.connectors[connection.channel], wanted)
        part = updates_part(current, asking, connection)
        if part is None:
            raise NotFound
        outside = ", ".join(connection.handled_outside)
        did = actor(request, asking).did
        did(session, "order_updates.changed", subject=str(connection.id), detail={"handled_outside": outside})
    return await done(request, to=f"/channels/{connection.id}", text=_("Order updates saved"), parts=[part])


ROUTES = [carry]
