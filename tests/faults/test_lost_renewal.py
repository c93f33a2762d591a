"""R22, K10: the channel has given new credentials and the worker dies before it has kept them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.connections import secrets
from portal.models.connections import Connection, ConnectionState
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.proxy import proxy

pytestmark = pytest.mark.faults


async def test_credentials_renewed_there_and_not_kept_here_are_renewed_again(installation: Installation) -> None:
    settings = installation.stage.process.runtime.settings
    async with proxy(settings.practice_url) as between:
        settings.practice_url = between.url
        worker = installation.worker()
        for _ in range(TRIALS):
            trader = await installation.trader()
            await trader.stocks(["mug"])
            await _soon_over(trader)
            renewals: list[str] = []

            async def die(path: str, _body: bytes, worker=worker, renewals=renewals) -> None:  # type: ignore[no-untyped-def]  # bound now
                if path.endswith("/access_token"):
                    renewals.append(path)
                    if len(renewals) == 1:
                        worker.kill()

            between.after = die
            await trader.publishes()
            await worker.death()
            worker = installation.worker()
            await installation.idle()
            assert len(renewals) == 2
            await trader.sells_each_product_once()
            await trader.has_kept_every_promise()
            assert (await _row(trader)).state is ConnectionState.ACTIVE
            await installation.sound()


async def _soon_over(trader: Trader) -> None:
    """The access token has a minute left, which is too little to begin work with."""
    vault = trader.stage.process.runtime.vault
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        row = await session.get_one(Connection, trader.connection.id)
        assert row.secrets is not None
        credentials = secrets.open_sealed(vault, row, row.secrets)
        ends = trader.stage.now + timedelta(minutes=1)
        row.secrets = secrets.seal(vault, row, replace(credentials, expires_at=ends))


async def _row(trader: Trader) -> Connection:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        row: Connection = await session.get_one(Connection, trader.connection.id)
        return row
