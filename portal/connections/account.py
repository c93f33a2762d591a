"""A connection as its connector sees it: credentials renewed once for all, paid slots, kept exchanges."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.addresses import FetchRefused, Kind
from connectors.errors import Busy, PermissionLost
from connectors.fetching import SWITCHED_OFF
from connectors.limits import Bucket, Rate, after_waiting, seconds_until, take
from connectors.pictures import Limits
from connectors.records import BucketReading, Credentials, Exchange, Uploaded
from portal import db
from portal.connections import pictures, secrets
from portal.models.connections import Connection, ExchangeEntry, RateBucket
from portal.runtime import Runtime

RENEW_BEFORE = timedelta(minutes=5)
REFRESH_LEASE = timedelta(seconds=20)
POLL_SECONDS = 0.25
POLLS = 80
# A call that can be paid for within this waits where it is: asking again later would cost another claim.
LONGEST_WAIT_SECONDS = 10.0
SHORTEST_WAIT_SECONDS = 0.02


class ConnectionAccount:
    """Implements `connectors.protocol.Account` over a row. `connection` is a copy; secrets are read afresh."""

    def __init__(self, runtime: Runtime, connection: Connection) -> None:
        self._runtime = runtime
        self._connection = connection
        self._owner = connection.merchant_id

    @property
    def domain(self) -> str:
        return self._connection.domain

    @property
    def base_url(self) -> str:
        row = self._connection
        return self._runtime.base_url(row.channel, row.domain, practice=row.practice)

    @property
    def settings(self) -> Mapping[str, Any]:
        return self._connection.settings

    @property
    def currency(self) -> str:
        return self._connection.currency

    async def credentials(self) -> Credentials:
        for _ in range(POLLS):
            current, _sealed = await self._read()
            if not self._ends_soon(current):
                return current
            if await self._take_refresh_lease():
                return await self._renew()
            # Another worker is renewing: its pair will be in the row, or its lease will end.
            await asyncio.sleep(POLL_SECONDS)
        raise Busy("renewal_under_way", retry_after_seconds=5.0)

    async def take_slot(self, bucket: str, cost: float, *, published: Rate | None = None) -> None:
        waited = 0.0
        while seconds := await self._pay(bucket, cost, published):
            if waited + seconds > LONGEST_WAIT_SECONDS:
                raise Busy("rate_limit", retry_after_seconds=seconds)
            waited += seconds
            await self._runtime.pause(seconds)

    async def _pay(self, bucket: str, cost: float, published: Rate | None) -> float:
        """The cost is paid (0), or how many seconds until it can be."""
        async with self._runtime.sessions.write(self._owner) as session:
            key = (self._connection.id, bucket)
            row = await session.get(RateBucket, key, with_for_update=True)
            if row is None and published is not None:
                await self._begin_full(session, bucket, published)
                row = await session.get(RateBucket, key, with_for_update=True)
            if row is None:
                return 0.0
            # Asked once the row is ours: what was waited for it would bring the next call so much closer to this one.
            now = self._runtime.clock()
            known = _bucket(row)
            paid = take(known, cost, now)
            if paid is None:
                return max(seconds_until(known, cost, now), SHORTEST_WAIT_SECONDS)
            row.available, row.at = paid.available, paid.at
        return 0.0

    async def _begin_full(self, session: AsyncSession, bucket: str, published: Rate) -> None:
        row = {
            "merchant_id": self._owner,
            "connection_id": self._connection.id,
            "name": bucket,
            "available": published.maximum,
            "maximum": published.maximum,
            "restore_per_second": published.restore_per_second,
            "at": self._runtime.clock(),
        }
        await session.execute(db.insert(session, RateBucket).on_conflict_do_nothing(), [row])

    async def keep_exchange(self, exchange: Exchange) -> None:
        fields = asdict(exchange)
        made, _ = fields.pop("started_at"), fields.pop("reading")
        async with self._runtime.sessions.write(self._owner) as session:
            session.add(
                ExchangeEntry(merchant_id=self._owner, connection_id=self._connection.id, created_at=made, **fields)
            )
            if exchange.reading is not None:
                await self._correct(session, exchange.reading)

    async def picture(self, url: str, limits: Limits) -> bytes:
        return await pictures.picture(self._runtime, self._connection, url, limits)

    async def uploaded(self, places: Sequence[str]) -> Mapping[str, Uploaded]:
        return await pictures.uploaded(self._runtime, self._connection, places)

    async def keep_uploaded(self, place: str, url: str) -> None:
        await pictures.keep_uploaded(self._runtime, self._connection, place, url)

    async def _correct(self, session: AsyncSession, reading: BucketReading) -> None:
        """Never above what we count ourselves: the answer does not know of calls that are on their way there."""
        now, available = self._runtime.clock(), reading.available
        row = await session.get(RateBucket, (self._connection.id, reading.bucket), with_for_update=True)
        if row is None:
            row = RateBucket(merchant_id=self._owner, connection_id=self._connection.id, name=reading.bucket)
            session.add(row)
        elif row.maximum == reading.maximum:
            available = min(available, after_waiting(_bucket(row), now).available + reading.unused)
        row.available, row.maximum, row.at = available, reading.maximum, now
        row.restore_per_second = reading.restore_per_second

    def _ends_soon(self, credentials: Credentials) -> bool:
        ends = credentials.expires_at
        return ends is not None and ends - RENEW_BEFORE <= self._runtime.clock()

    async def _read(self) -> tuple[Credentials, bytes]:
        """The credentials, and as they lie in the row. Raises PermissionLost when there are none."""
        async with self._runtime.sessions.read(self._owner) as session:
            row = await session.get_one(Connection, self._connection.id)
        if row.secrets is None:
            raise PermissionLost("no_credentials")
        return secrets.open_sealed(self._runtime.vault, row, row.secrets), row.secrets

    async def _take_refresh_lease(self) -> bool:
        now = self._runtime.clock()
        async with self._runtime.sessions.write(self._owner) as session:
            taken = await session.execute(
                update(Connection)
                .where(
                    Connection.id == self._connection.id,
                    or_(Connection.refresh_lease_until.is_(None), Connection.refresh_lease_until < now),
                )
                .values(refresh_lease_until=now + REFRESH_LEASE)
                .returning(Connection.id)
                .execution_options(synchronize_session=False)
            )
            return taken.scalar_one_or_none() is not None

    async def _renew(self) -> Credentials:
        """We hold the lease. Whoever held it before may have stored a new pair since we read, so read again first."""
        try:
            current, sealed = await self._read()
            if not self._ends_soon(current):
                return current
            row = self._connection
            consent = self._runtime.consent(row.channel, practice=row.practice)
            renewed = await consent.renew(self.base_url, current, now=self._runtime.clock(), keep=self.keep_exchange)
            await self._store(renewed, instead_of=sealed)
            return (await self._read())[0]
        finally:
            await self._free_refresh_lease()

    async def _store(self, renewed: Credentials, *, instead_of: bytes) -> None:
        """Access that ended, or was given anew, while we renewed stays as it is."""
        async with self._runtime.sessions.write(self._owner) as session:
            row = await session.get_one(Connection, self._connection.id, with_for_update=True)
            if row.secrets != instead_of:
                return
            row.previous_secrets = row.secrets
            row.secrets = secrets.seal(self._runtime.vault, row, renewed)

    async def _free_refresh_lease(self) -> None:
        async with self._runtime.sessions.write(self._owner) as session:
            row = (await session.execute(select(Connection).where(Connection.id == self._connection.id))).scalar_one()
            row.refresh_lease_until = None


class TrialAccount(ConnectionAccount):
    """The connection's account under keys that are not in use yet; its calls are paid and kept like all others."""

    def __init__(self, runtime: Runtime, connection: Connection, credentials: Credentials) -> None:
        super().__init__(runtime, connection)
        self._on_trial = credentials

    async def credentials(self) -> Credentials:
        return self._on_trial


class NewcomerAccount:
    """An account that has no connection yet: who is it, before anything is stored."""

    def __init__(self, domain: str, base_url: str, credentials: Credentials) -> None:
        self.domain = domain
        self.base_url = base_url
        self.settings: Mapping[str, Any] = {}
        self.currency = ""
        self._credentials = credentials

    async def credentials(self) -> Credentials:
        return self._credentials

    async def take_slot(self, bucket: str, cost: float, *, published: Rate | None = None) -> None:
        """A first call finds a full bucket."""

    async def keep_exchange(self, exchange: Exchange) -> None:
        """Nothing is kept of an account that was not connected."""

    async def picture(self, url: str, limits: Limits) -> bytes:
        """Nothing is listed before there is a connection."""
        raise FetchRefused(Kind.UNSTABLE, SWITCHED_OFF)

    async def uploaded(self, places: Sequence[str]) -> Mapping[str, Uploaded]:
        return {}

    async def keep_uploaded(self, place: str, url: str) -> None:
        """Nothing is uploaded before there is a connection."""


def _bucket(row: RateBucket) -> Bucket:
    return Bucket(available=row.available, maximum=row.maximum, restore_per_second=row.restore_per_second, at=row.at)
