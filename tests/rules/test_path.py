"""Rules on an order's whole way: what the practice store got, what the marketplace was told, and what was not."""

from __future__ import annotations

from typing import Any

from portal.models.connections import Connection
from portal.models.orders import OrderEvent, Parcel, StoreStep
from portal.rules import service as rules
from portal.rules.deciding import Act, Attribute, Condition, Operator, Outcome
from portal.rules.service import Draft
from tests.channels.conftest import alice, premises, seller, web
from tests.jobs.test_shopify_path import settle
from tests.listings.site import Browser
from tests.orders.test_path import Trade, trade

__all__ = ["alice", "premises", "seller", "trade", "web"]

AT_AMAZON = Condition(Attribute.SOURCE, Operator.IS, "Amazon")


async def rule(trade: Trade, *then: Outcome, name: str = "Mine", when: Condition = AT_AMAZON) -> None:
    async with trade.runtime.sessions.write(trade.seller.id) as session:
        await rules.create(session, trade.seller.id, Draft(name=name, conditions=[when], then=list(then), otherwise=[]))


async def connection(trade: Trade, channel: str) -> Connection:
    [found] = [one for one in await trade.rows(Connection) if one.channel == channel]
    assert isinstance(found, Connection)
    return found


async def happened(trade: Trade, kind: str) -> list[dict[str, Any]]:
    return [one.details for one in await trade.rows(OrderEvent) if one.kind == kind]


async def ship(trade: Trade, number: str = "1234-5678") -> None:
    [there] = await trade.at_the_shop()
    await trade.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number=number)
    await settle(trade.premises.stage, trade.clock)


async def test_a_rule_tags_the_stores_order_and_names_its_shipping(trade: Trade) -> None:
    await rule(trade, Outcome(Act.TAG, "From Amazon"), Outcome(Act.SHIPPING, "Cool box"))
    await trade.buy()
    await trade.poll()
    [there] = await trade.at_the_shop()
    assert "From Amazon" in there["tags"]
    assert "crossdock" in there["tags"]
    assert (await trade.order()).store_step is StoreStep.CREATED
    assert await happened(trade, "ruled") == [{"rule": "Mine"}]


async def test_what_a_rule_keeps_out_is_not_in_the_store_until_somebody_asks_for_it(
    trade: Trade, alice: Browser
) -> None:
    await rule(trade, Outcome(Act.SKIP))
    await trade.buy()
    await trade.poll()
    order = await trade.order()
    assert (order.store_step, await trade.at_the_shop()) == (StoreStep.KEPT_OUT, [])
    page = await alice.get(f"/orders/{order.id}")
    assert "A rule keeps this order out of your store" in page.get_text()
    assert "“Mine”" in page.get_text()
    health = (await alice.get("/orders/health")).get_text()
    assert "1 is kept out of it by your rules." in " ".join(health.split())
    assert "1 is not." not in health

    await alice.post(f"/orders/{order.id}/create")
    await settle(trade.premises.stage, trade.clock)
    assert (await trade.order()).store_step is StoreStep.CREATED
    assert len(await trade.at_the_shop()) == 1


async def test_a_rule_keeps_a_parcel_from_the_marketplace_and_the_page_says_so(trade: Trade, alice: Browser) -> None:
    amazon = await connection(trade, "amazon")
    await rule(trade, Outcome(Act.HUSH, str(amazon.id)))
    await trade.buy()
    await trade.poll()
    await ship(trade)
    [parcel] = await trade.rows(Parcel)
    assert parcel.told_at is None
    [sold] = await trade.at_amazon()
    assert sold["parcels"] == []
    assert await happened(trade, "hushed") == [{"rule": "Mine"}]
    page = await alice.get(f"/orders/{(await trade.order()).id}")
    assert "Not told: the rule “Mine” says so" in page.get_text()
