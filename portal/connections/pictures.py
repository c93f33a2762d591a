"""A product's pictures on their way into the library of a connection, and what already lies there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from connectors.addresses import FetchRefused, Kind
from connectors.fetching import NO_SUCH_HOST, SWITCHED_OFF
from connectors.pictures import Limits, PictureRefused, as_rgb_jpeg
from connectors.records import Uploaded
from portal import db
from portal.models.connections import Connection
from portal.models.images import KeptPicture, UploadedPicture
from portal.runtime import Runtime


async def picture(runtime: Runtime, connection: Connection, url: str, limits: Limits) -> bytes:
    """The picture at the address as an RGB JPEG within the limits, one we keep without a call. Raises FetchRefused."""
    ours = f"{runtime.settings.public_url}/pictures/"
    if url.startswith(ours):
        content = await _kept(runtime, connection, url.removeprefix(ours).removesuffix(".jpg"))
    else:
        content = await _fetched(runtime, connection, url)
    try:
        return await asyncio.to_thread(as_rgb_jpeg, content, limits)
    except PictureRefused as refused:
        raise FetchRefused(refused.kind, refused.code) from refused


async def _fetched(runtime: Runtime, connection: Connection, url: str) -> bytes:
    try:
        return (await runtime.fetch(url)).content
    except FetchRefused as refused:
        if connection.practice and refused.code == NO_SUCH_HOST:
            # On a machine without a way out no site has a name; a practice shop goes without the picture there.
            raise FetchRefused(refused.kind, SWITCHED_OFF) from refused
        raise


async def _kept(runtime: Runtime, connection: Connection, token: str) -> bytes:
    async with runtime.sessions.read(connection.merchant_id) as session:
        content: bytes | None = await session.scalar(select(KeptPicture.content).where(KeptPicture.token == token))
    if content is None:
        raise FetchRefused(Kind.LOST, "not_kept")
    return content


async def uploaded(runtime: Runtime, connection: Connection, places: Sequence[str]) -> Mapping[str, Uploaded]:
    now = runtime.clock()
    async with runtime.sessions.read(connection.merchant_id) as session:
        rows = await session.scalars(
            select(UploadedPicture).where(
                UploadedPicture.connection_id == connection.id, UploadedPicture.place.in_(places)
            )
        )
        return {row.place: Uploaded(url=row.url, seconds_ago=(now - row.uploaded_at).total_seconds()) for row in rows}


async def keep_uploaded(runtime: Runtime, connection: Connection, place: str, url: str) -> None:
    key = {"merchant_id": connection.merchant_id, "connection_id": connection.id, "place": place}
    news = {"url": url, "uploaded_at": runtime.clock()}
    async with runtime.sessions.write(connection.merchant_id) as session:
        row = db.insert(session, UploadedPicture)
        await session.execute(
            row.on_conflict_do_update(index_elements=["connection_id", "place"], set_=news), [key | news]
        )
