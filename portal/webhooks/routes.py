"""Where channels knock. The answer says only whether the knock was theirs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from portal.replies import reply
from portal.web import PortalRequest, runtime
from portal.webhooks import service

BODY_BYTES = 1024 * 1024


@post("/webhooks/{channel:str}", status_code=HTTPStatus.OK, request_max_body_size=BODY_BYTES)
async def receive(request: PortalRequest, channel: FromPath[str]) -> Response[Any]:
    """200 once the event is in the database; 401 when neither our real nor our practice secret signed the body."""
    current = runtime(request)
    connector = current.connectors.get(channel)
    if connector is None:
        return reply(request, HTTPStatus.NOT_FOUND, "Unknown channel", "")
    body = await request.body()
    for consents, practice in ((current.consents, False), (current.practice_consents, True)):
        consent = consents.get(channel)
        if consent is None:
            continue
        event = connector.parse_webhook(dict(request.headers), body, secrets=consent.webhook_secrets)
        if event is not None:
            async with current.knocks:
                await service.receive(
                    current.sessions, current.vault, event, channel=channel, practice=practice, now=current.clock()
                )
            return Response({"received": True})
    return reply(request, HTTPStatus.UNAUTHORIZED, "The signature does not match", "")


ROUTES = [receive]
