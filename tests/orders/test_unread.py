"""An order that cannot be read stands under its number in Order Health, holds back no other, and is tried until it is.

Truth is what the practice channels recorded.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from connectors.errors import Problem, ProblemClass
from connectors.orders import NOT_UNDERSTOOD
from connectors.orders import UnreadOrder as Told
from jobs.orders import poll_orders
from jobs.statements import compare_all
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.orders import Order, OrderFeed, StoreStep, UnreadOrder
from portal.models.tasks import TaskState
from portal.orders import feeds, unread
from portal.orders.receiving import NOT_TAKEN, receive
from portal.tasks import kinds
from tests.channels.conftest import alice, premises, seller, web
from tests.channels.test_yahoo_orders import Counter, counter
from tests.channels.test_yahoo_path import connection, do
from tests.connections.premises import Premises
from tests.jobs.test_shopify_path import settle
from tests.listings.site import Browser, Site
from tests.orders.sales import Shop, a_shop, sale
from tests.orders.test_path import Trade, trade
from tests.settable_clock import SettableClock

__all__ = ["alice", "connection", "counter", "premises", "seller", "trade", "web"]

TEA = {"sku": "tea", "quantity": 1, "title": "煎茶", "price": 980}


class Amazon:
    """What is told wrong of orders at Amazon, and what became of it here."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade

    async def garbled(self) -> tuple[str, str]:
        """Two orders at Amazon, of which the first is told in a shape that nobody knows."""
        bad, good = await self.trade.buy(), await self.trade.buy()
        await self._faults("post", kind="garbled", order=bad)
        return bad, good

    async def mend(self) -> None:
        await self._faults("delete")

    async def _faults(self, method: str, **asked: Any) -> None:
        stage = self.trade.premises.stage
        more = {"json": asked} if asked else {}
        answer = await stage.http.request(method.upper(), f"{self.trade.amazon_url}/faults", **more)
        answer.raise_for_status()

    async def unread(self) -> list[UnreadOrder]:
        return list(await self.trade.rows(UnreadOrder))

    async def numbers(self) -> list[str]:
        return sorted(order.number for order in await self.trade.rows(Order))

    async def next_try(self) -> datetime:
        [task] = await self.trade.premises.stage.tasks(kind=kinds.ORDER.name, state=TaskState.WAITING)
        return task.not_before


@pytest.fixture
def amazon(trade: Trade) -> Amazon:
    return Amazon(trade)


def words(page: BeautifulSoup, selector: str = "main") -> str:
    found = page.select_one(selector)
    assert found is not None, selector
    return " ".join(found.get_text(" ").split())


async def test_one_order_nobody_understands_holds_back_no_other_and_is_read_later_by_itself(amazon: Amazon) -> None:
    bad, good = await amazon.garbled()
    before = await feed_of(amazon)

    await amazon.trade.poll()

    assert await amazon.numbers() == [good]
    [row] = await amazon.unread()
    assert (row.channel_id, row.number, row.problem["code"]) == (bad, bad, NOT_UNDERSTOOD)
    feed = await feed_of(amazon)
    assert feed.problem is None
    assert feed.since > before.since, "the reading has gone on"

    await amazon.mend()
    amazon.trade.clock.advance(120)
    await settle(amazon.trade.premises.stage, amazon.trade.clock)
    assert await amazon.numbers() == sorted([bad, good])
    assert await amazon.unread() == []
    assert {order.store_step for order in await amazon.trade.rows(Order)} == {StoreStep.CREATED}


async def feed_of(amazon: Amazon) -> OrderFeed:
    [connection] = [one for one in await amazon.trade.rows(Connection) if one.channel == "amazon"]
    async with amazon.trade.runtime.sessions.write(connection.merchant_id) as session:
        return await feeds.of(session, connection)


async def test_it_is_tried_again_later_and_later_and_the_merchant_need_not_wait(amazon: Amazon, alice: Browser) -> None:
    bad, good = await amazon.garbled()
    await amazon.trade.poll()
    stage, clock = amazon.trade.premises.stage, amazon.trade.clock
    waits = []
    for _ in range(6):
        clock.advance(max(0.0, ((await amazon.next_try()) - stage.now).total_seconds()))
        tried = stage.now
        await stage.work()
        waits.append((await amazon.next_try()) - tried)
    assert waits == [*unread.WAITS[1:], unread.WAITS[-1], unread.WAITS[-1]], "less often, and for ever"
    [row] = await amazon.unread()
    assert row.tried_at > row.created_at

    await amazon.mend()
    answer = await alice.press(await alice.get("/orders/health"), 'form[action$="/readings"]')
    assert answer.status_code == 303
    await stage.work()
    assert await amazon.numbers() == sorted([bad, good])
    assert await amazon.unread() == []


async def test_order_health_counts_it_as_its_own_and_not_as_missing(amazon: Amazon, alice: Browser) -> None:
    bad, good = await amazon.garbled()
    await amazon.trade.poll()
    trade = amazon.trade
    await compare_all({"worker": trade})
    await settle(trade.premises.stage, trade.clock)

    page = await alice.get("/orders/health")

    told = words(page, "#statement")
    assert "(amazon.co.jp)): 2 orders. 1 is in your store. 1 could not be read." in told
    assert "Everything matches" not in words(page)
    [row] = [row for row in page.select("#order-health-24h tbody tr") if "mazon" in row.get_text()]
    cells = {str(cell["data-label"]): cell.get_text(" ", strip=True) for cell in row.select("td")}
    assert (cells["The channel counts"], cells["Here"], cells["In store"], cells["Not read"]) == ("2", "1", "1", "1")
    card = words(page, "#unread")
    assert bad in card
    assert "in a way that we do not understand yet" in card
    assert good not in card
    assert "1 order could not be read" in words(await alice.get("/"))

    await amazon.mend()
    trade.clock.advance(120)
    await settle(trade.premises.stage, trade.clock)
    page = await alice.get("/orders/health")
    assert page.select("#unread") == []
    assert "2 are in your store. Everything matches." in words(page, "#statement")


async def test_what_concerns_every_order_still_stops_the_reading(amazon: Amazon) -> None:
    await amazon.trade.buy()
    await amazon._faults("post", kind="maintenance")
    before = await feed_of(amazon)
    await amazon.trade.poll()
    feed = await feed_of(amazon)
    assert feed.problem is not None
    assert feed.since == before.since
    assert await amazon.unread() == []


async def test_an_order_yahoo_answers_an_error_for_stands_there_with_yahoos_words(
    counter: Counter, premises: Premises, seller: Merchant, alice: Browser, clock: SettableClock
) -> None:
    bad, good = await counter.sell(TEA), await counter.sell(TEA)
    await do(premises, "faults", kind="broken", order=bad)
    clock.advance(601)
    await poll_orders({"worker": Worker(premises)})
    await settle(premises.stage, clock)

    assert [order.number for order in await premises.site.rows(seller, Order)] == [good]
    card = words(await alice.get("/orders/health"), "#unread")
    assert bad in card
    assert "システムエラーが発生しました。" in card
    assert "od91001" in card


class Worker:
    """Who polls."""

    def __init__(self, premises: Premises) -> None:
        self.runtime = premises.stage.process.runtime


async def test_an_order_that_the_channel_has_no_more_is_waited_for_no_more(amazon: Amazon) -> None:
    await amazon.trade.buy()
    await amazon.trade.poll()
    [order] = await amazon.trade.rows(Order)
    gone = "503-0000000-0000000"
    problem = Problem(problem_class=ProblemClass.DATA, code="x", original="No.")
    async with amazon.trade.runtime.sessions.write(order.merchant_id) as session:
        source = await session.get_one(Connection, order.connection_id)
        told = [Told(channel_id=gone, number=gone, problem=problem)]
        await unread.note(session, source, told, now=amazon.trade.clock())
    amazon.trade.clock.advance(61)
    await amazon.trade.premises.stage.work()
    assert await amazon.unread() == []


# ---- without a channel ----


@pytest.fixture
async def shop(site: Site, merchant: Merchant) -> Shop:
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    return shop


async def test_an_order_the_database_would_not_take_holds_back_no_other(site: Site, shop: Shop) -> None:
    [line] = sale("bad").lines
    bad = replace(sale("bad"), lines=(replace(line, quantity=2**70),))

    await receive(site.process.runtime, shop.market, [sale("1"), bad, sale("2")])

    assert sorted(order.number for order in await shop.orders()) == ["1", "2"]
    async with shop.sessions.read(shop.merchant.id) as session:
        [row] = await session.scalars(select(UnreadOrder))
    assert (row.number, row.problem["code"], row.problem["problem_class"]) == ("bad", NOT_TAKEN, "ours")


async def test_an_order_in_the_store_whose_news_cannot_be_read_counts_as_not_read(
    site: Site, shop: Shop, merchant: Merchant
) -> None:
    now = site.now
    await shop.hear(sale("1", placed_at=now), sale("2", placed_at=now))
    async with shop.sessions.write(shop.merchant.id) as session:
        for order in await session.scalars(select(Order)):
            order.store_step = StoreStep.CREATED
        problem = Problem(problem_class=ProblemClass.OURS, code=NOT_UNDERSTOOD)
        told = [Told(channel_id="1", number="1", problem=problem)]
        await unread.note(session, shop.market, told, now=now)
        await unread.note(session, shop.market, told, now=now + timedelta(minutes=10))
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:
        page = await browser.get("/orders/health")
        told_there = words(page, "#statement")
        assert "2 orders" in told_there
        assert "1 is in your store. 1 could not be read." in told_there
        assert len(page.select("#unread tbody tr")) == 1, "once, however often it is met"
        await shop.hear(sale("1", placed_at=now, minutes=5))
        assert (await browser.get("/orders/health")).select("#unread") == []


async def test_nobody_asks_for_an_order_of_another_merchant(site: Site, shop: Shop, merchant: Merchant) -> None:
    problem = Problem(problem_class=ProblemClass.DATA, code="x")
    async with shop.sessions.write(shop.merchant.id) as session:
        await unread.note(session, shop.market, [Told(channel_id="1", number="1", problem=problem)], now=site.now)
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:
        assert (await browser.post(f"/orders/health/unread/{shop.market.id}/readings")).status_code == 404
