"""Rules on an order's whole way: what the practice store got, what the marketplace was told, and what was not."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.orders import OrderState
from portal.clock import new_id
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order, OrderEvent, OrderLine, Parcel, StoreStep
from portal.models.tasks import Task
from portal.rules import service as rules
from portal.rules.deciding import Act, Attribute, Condition, Operator, Outcome
from portal.rules.service import Draft
from portal.tasks import kinds
from tests.channels.conftest import alice, premises, seller, web
from tests.jobs.test_shopify_path import settle
from tests.listings.site import Browser
from tests.orders.test_path import Trade, trade

pytestmark = pytest.mark.once

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
    assert there["shipping"] == ["Cool box"]
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


async def a_twin(trade: Trade, number: str) -> Connection:
    """Another marketplace, paused for now, that has an order of the same number."""
    now, merchant = trade.runtime.clock(), trade.seller.id
    other = Connection(
        id=new_id(),
        merchant_id=merchant,
        channel="rakuten",
        practice=True,
        state=ConnectionState.PAUSED,
        external_id="other",
        external_name="Other",
    )
    line = OrderLine(
        merchant_id=merchant, position=0, channel_id="1", sku="MUG-1", quantity=1, taken=0, returned=0, lowered=0
    )
    twin = Order(
        merchant_id=merchant,
        connection_id=other.id,
        channel_id=number,
        number=number,
        placed_at=now,
        changed_at=now,
        state=OrderState.OPEN,
        currency="JPY",
        lines=[line],
    )
    async with trade.runtime.sessions.write(merchant) as session:
        session.add(other)
        await session.flush()
        session.add(twin)
    return other


async def only_back(trade: Trade, *, only: bool) -> None:
    async with trade.runtime.sessions.write(trade.seller.id) as session:
        await rules.switch(session, trade.seller.id, to_source_only=only)


@pytest.mark.parametrize("only", [True, False])
async def test_a_rule_tells_another_channel_that_has_the_order_only_where_the_switch_is_off(
    trade: Trade, only: bool
) -> None:
    """U83: it is on unless it was turned off."""
    number = await trade.buy()
    await trade.poll()
    other = await a_twin(trade, number)
    await rule(trade, Outcome(Act.TELL, str(other.id)))
    if not only:
        await only_back(trade, only=False)
    await ship(trade)
    [sold] = await trade.at_amazon()
    assert [one["number"] for one in sold["parcels"]] == ["1234-5678"], "where it was sold hears of it in any case"
    told = [one for one in await trade.rows(Task) if one.kind == kinds.SHIPPED.name and one.connection_id == other.id]
    parcels = [one for one in await trade.rows(Parcel) if one.told_at is None]
    assert (len(told), [one.number for one in parcels]) == ((0, []) if only else (1, ["1234-5678"]))
    if not only:
        [line] = [one for one in await trade.rows(OrderLine) if one.order_id == parcels[0].order_id]
        assert parcels[0].lines in ([], [[str(line.id), 1]])
        assert told[0].subject == str(parcels[0].id)


async def test_a_cancellation_in_the_store_stays_there_where_a_rule_says_so(trade: Trade) -> None:
    amazon = await connection(trade, "amazon")
    await rule(trade, Outcome(Act.HUSH, str(amazon.id)))
    await trade.buy()
    await trade.poll()
    [there] = await trade.at_the_shop()
    await trade.shop.do("cancel", order=there["order_id"])
    for _ in range(2):
        await settle(trade.premises.stage, trade.clock)
        trade.clock.advance(150)
    [sold] = await trade.at_amazon()
    assert sold["state"].upper() not in {"CANCELLED", "CANCELED"}
    order = await trade.order()
    assert (order.state, order.cancelling) == (OrderState.OPEN, None)
    assert await happened(trade, "hushed") == [{"rule": "Mine"}]
