"""The pages of orders and Order Health: found, opened, revealed, mended, and every number that of its list."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from connectors.orders import OrderState
from portal.clock import new_id
from portal.models.accounts import AuditEntry, Merchant, Role
from portal.models.orders import Order, OrderEvent, OrderFeed, StoreStep
from portal.orders import drafts
from portal.tasks import kinds
from tests.listings.site import Browser, Site
from tests.orders.sales import Shop, a_shop, sale, with_line


@pytest.fixture
async def shop(site: Site, merchant: Merchant) -> Shop:
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    return shop


def text(page: BeautifulSoup, selector: str = "main") -> str:
    found = page.select_one(selector)
    assert found is not None, selector
    return " ".join(found.get_text(" ").split())


async def stuck(shop: Shop, code: str = drafts.UNKNOWN_SKU) -> None:
    """The one order could not be created in the store."""
    async with shop.sessions.write(shop.merchant.id) as session:
        order = (await session.scalars(select(Order))).one()
        order.store_step, order.problem_since = StoreStep.PROBLEM, shop.now
        order.problem = {"problem_class": "data", "code": code, "original": ""}


async def test_without_orders_the_list_says_where_they_will_come_from(shop: Shop, alice: Browser) -> None:
    assert "No orders yet" in text(await alice.get("/orders"))


async def test_an_order_is_found_by_number_sku_and_title_under_whatever_tab(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale("250-7"), sale("250-8", state=OrderState.CANCELLED))
    for words in ("250-7", "mug", "MUG", "２５０-7"):
        assert "250-7" in text(await alice.get(f"/orders?q={quote(words)}"))
    assert "250-7" in text(await alice.get("/orders"))
    elsewhere = text(await alice.get("/orders?tab=shipped&q=250-8"))
    assert "found under another tab" in elsewhere
    assert "All (1)" in elsewhere
    nowhere = await alice.get("/orders?q=999-9")
    link = nowhere.select_one('a[href="/orders/search?number=999-9"]')
    assert link is not None


async def test_the_buyer_is_masked_until_shown_and_that_it_was_shown_is_written_down(
    shop: Shop, alice: Browser
) -> None:
    await shop.hear(sale())
    order = await shop.order()
    page = await alice.get(f"/orders/{order.id}")
    assert "Planted" not in str(page)
    assert "Ginza" not in str(page)
    shown = await alice.press(page, 'form[action$="/buyer"]')
    assert shown.status_code == 200
    assert "Planted Taro" in shown.text
    assert "1-2-3 Ginza" in shown.text
    async with shop.sessions.read(shop.merchant.id) as session:
        acts = list(await session.scalars(select(AuditEntry.act)))
        kinds_ = list(await session.scalars(select(OrderEvent.kind)))
    assert "buyer.revealed" in acts
    assert "revealed" in kinds_
    assert "Planted" not in str(await alice.get(f"/orders/{order.id}"))


async def test_a_viewer_is_shown_no_buyer(site: Site, shop: Shop, merchant: Merchant) -> None:
    await shop.hear(sale())
    order = await shop.order()
    viewer = await site.sign_in(merchant, "vera", Role.VIEWER)
    async with viewer.http:
        assert (await viewer.get(f"/orders/{order.id}")).select('form[action$="/buyer"]') == []
        assert (await viewer.post(f"/orders/{order.id}/buyer")).status_code == 403
        assert (await viewer.post(f"/orders/{order.id}/create")).status_code == 403


async def test_an_unknown_sku_is_said_once_and_helps_every_order_with_it(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale("1", sku="CUP"), sale("2", sku="CUP"), sale("3"))
    first, *_rest = await shop.orders()
    async with shop.sessions.write(shop.merchant.id) as session:
        for order in await session.scalars(select(Order).where(Order.number.in_(["1", "2"]))):
            order.store_step = StoreStep.PROBLEM
            order.problem = {"problem_class": "data", "code": drafts.UNKNOWN_SKU, "original": ""}

    refused = await alice.post(f"/orders/{first.id}/lines/{first.lines[0].id}/product", {"sku": "NOPE"})
    assert refused.status_code == 422
    assert 'value="NOPE"' in refused.text
    assert "No product has the SKU NOPE" in refused.text

    done = await alice.post(f"/orders/{first.id}/lines/{first.lines[0].id}/product", {"sku": "MUG"})
    assert done.status_code == 303
    assert [order.store_step for order in await shop.orders()] == [StoreStep.WAITING] * 3
    assert await shop.on_hand() == 2
    await shop.hear(sale("4", sku="CUP"))
    assert await shop.on_hand() == 1, "the next order with that SKU needs nothing"


async def test_more_action_creates_the_order_in_three_clicks_and_again_shows_the_same(
    shop: Shop, alice: Browser
) -> None:
    await shop.hear(sale())
    await stuck(shop, "INVALID")
    order = await shop.order()
    page = await alice.get(f"/orders/{order.id}")
    [link] = page.select(f'.menu a[href="/orders/{order.id}/create"]')
    assert link.get_text(strip=True) == "Create order on store"
    preflight = await alice.get(str(link["href"]))
    assert "Stock stays as it is" in text(preflight)
    answer = await alice.press(preflight, f'form[action="/orders/{order.id}/create"]')
    assert answer.status_code == 303
    assert (await shop.order()).store_step is StoreStep.WAITING
    await alice.press(preflight, f'form[action="/orders/{order.id}/create"]')
    assert len([task for task in await shop.tasks(kinds.STORE_ORDER.name) if task.state == "waiting"]) == 1


async def test_cancelling_says_what_happens_and_the_stock_is_decided_line_by_line(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale(units=2))
    order = await shop.order()
    page = await alice.get(f"/orders/{order.id}/cancel")
    assert "3 in stock now, 5 afterwards" in text(page)
    await alice.post(f"/orders/{order.id}/cancel", {"reason": "out_of_stock"})
    assert await shop.on_hand() == 3
    [task] = await shop.tasks(kinds.CANCEL_ORDER.name)
    assert task.connection_id == shop.market.id
    await shop.hear(sale(units=2, minutes=1, state=OrderState.CANCELLED))
    assert await shop.on_hand() == 3, "nothing was ticked: the mugs are not there"
    assert not (await shop.order()).lines[0].check_stock


async def test_what_has_left_is_not_cancelled(shop: Shop, alice: Browser) -> None:
    await shop.hear(with_line(sale(units=2, state=OrderState.SHIPPED), shipped=2))
    order = await shop.order()
    assert "can't be cancelled any more" in text(await alice.get(f"/orders/{order.id}/cancel"))
    assert (await alice.post(f"/orders/{order.id}/cancel", {"reason": "other"})).status_code == 409


async def test_order_health_accounts_for_every_order_and_groups_what_is_stuck(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale("1", placed_at=shop.now), sale("2", placed_at=shop.now, state=OrderState.CANCELLED))
    await shop.hear(sale("#1001", placed_at=shop.now), of=shop.store)
    async with shop.sessions.write(shop.merchant.id) as session:
        order = (await session.scalars(select(Order).where(Order.number == "1"))).one()
        order.store_step, order.problem_since = StoreStep.PROBLEM, shop.now
        order.problem = {"problem_class": "data", "code": drafts.NO_PRICE, "original": ""}
    page = await alice.get("/orders/health?period=7d")
    words = text(page, "#statement")
    assert "1 is in your store. 1 is not." in words
    assert "1 order is not in the store" in text(page)
    assert "Not known for" in text(page), "nothing was ever read from these channels"
    answer = await alice.press(page, 'form[action="/orders/health/creations"]')
    assert answer.status_code == 303
    [task] = [task for task in await shop.tasks(kinds.STORE_ORDER.name) if task.state == "waiting"]
    assert task.connection_id == shop.store.id


async def test_order_health_says_of_each_channel_how_fresh_it_is(shop: Shop, alice: Browser) -> None:
    at = {"merchant_id": shop.merchant.id, "since": shop.now, "read_at": shop.now}
    async with shop.sessions.write(shop.merchant.id) as session:
        session.add(OrderFeed(connection_id=shop.store.id, **at))
        session.add(OrderFeed(connection_id=shop.market.id, compared_at=shop.now, compared=None, **at))
    page = await alice.get("/orders/health")
    rows = [" ".join(row.get_text("").split()) for row in page.select("#order-health-24h tbody tr")]
    store, market = sorted(rows, key=lambda row: "compared" in row.partition("last read")[2])
    assert re.search(r"last read .+, each sale is told at once$", store)
    assert re.search(r"last read .+, compared .+", market)
    assert "at once" not in market
    async with shop.sessions.write(shop.merchant.id) as session:
        for feed in await session.scalars(select(OrderFeed)):
            feed.problem = {"problem_class": "busy", "code": "no_answer"}
    assert text(await alice.get("/orders/health"), "#order-health-24h tbody").count("could not be read") == 2


async def test_the_menu_counts_the_orders_that_the_problems_tab_lists(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale())
    await stuck(shop)
    page = await alice.get("/orders?tab=problems")
    [count] = page.select("#nav-count-orders span[aria-hidden]")
    assert count.get_text(strip=True) == "1"
    assert len(page.select("#order-rows tr")) == 1


async def test_a_tab_is_counted_to_a_thousand_and_what_needs_somebody_to_its_end(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale("1"))
    await stuck(shop)
    first = await shop.order()
    values = {column.key: getattr(first, column.key) for column in Order.__table__.columns}
    fine = {"store_step": StoreStep.WAITING, "problem": None}
    async with shop.sessions.write(shop.merchant.id) as session:
        for step in (fine, {}):
            for number in range(1001):
                name = f"{len(step)}-{number}"
                same = {"channel_id": name, "search_text": name}
                session.add(Order(**values | step | {"id": new_id(), "number": name, **same}))

    page = await alice.get("/orders")

    counts = {str(link.contents[0]).strip(): link.select("span")[0].get_text() for link in page.select("nav.tabs a")}
    assert counts == {"New": "1,000+", "In store": "0", "Shipped": "0", "Problems": "1,002", "All": "1,000+"}
    assert "Showing 50 of more than 1,000 orders" in text(page)
    found = await alice.get("/orders?q=2-100")
    assert "Showing 2 of 2 orders" in text(found), "2-100 and 2-1000"


async def test_a_packing_slip_bears_the_address_and_is_written_down(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale(units=2))
    order = await shop.order()
    slip = await alice.press(await alice.get(f"/orders/{order.id}"), 'form[action$="/slip"]')
    assert "1-2-3 Ginza" in slip.text
    async with shop.sessions.read(shop.merchant.id) as session:
        assert "buyer.printed" in list(await session.scalars(select(AuditEntry.act)))
