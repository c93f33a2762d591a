"""Amazon's own report beside what was uploaded: asked for, made, compared, and what is said where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.reports import ChannelReport, ChannelReportRow, ReportState
from tests.channels.test_amazon_path import amazon, connection, offered
from tests.connections.premises import Premises, words
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

__all__ = ["amazon", "connection"]

A_WHILE = 3600.0


@pytest.fixture
async def listed(premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock) -> Any:
    """The mug is live at Amazon, for longer than Amazon needs to show it."""
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    clock.advance(A_WHILE)
    return saved


async def fetch(premises: Premises, alice: Browser, connection: Connection, clock: SettableClock) -> None:
    """The button is pressed, and Amazon has the time it needs."""
    answer = await alice.post(f"/channels/{connection.id}/report")
    assert answer.status_code == 303, answer.text
    await premises.stage.work()
    clock.advance(60)
    await premises.stage.work()


async def show(alice: Browser, connection: Connection, query: str = "") -> str:
    return words(await alice.get(f"/channels/{connection.id}/report{query}"))


async def rows(premises: Premises, seller: Merchant) -> dict[str, ChannelReportRow]:
    """What the newest report's comparison holds, by SKU."""
    report = (await premises.site.rows(seller, ChannelReport, state=ReportState.READY))[-1]
    return {row.sku: row for row in await premises.site.rows(seller, ChannelReportRow, report_id=report.id)}


async def test_a_report_is_asked_for_made_and_compared(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, listed: Any, clock: SettableClock
) -> None:
    assert "No report yet" in await show(alice, connection)

    await alice.post(f"/channels/{connection.id}/report")
    await premises.stage.work()
    assert "Amazon is making the report" in await show(alice, connection)

    clock.advance(60)
    await premises.stage.work()

    page = await show(alice, connection)
    assert "1 SKU there" in page
    assert "No differences" in page
    same = await show(alice, connection, "?tab=same")
    assert "MUG-1 マグカップ" in same
    assert same.count("¥1,200, stock 5") == 2
