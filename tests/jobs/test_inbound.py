"""What webhooks lead to, from the shop's own back office to our rows; each of it once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from connectors.records import InboundEvent, Observed
from portal.config import Settings
from portal.listings import publishing
from portal.listings import service as listings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection, ConnectionState
from portal.models.stock import Movement
from portal.models.tasks import TaskState
from portal.models.webhooks import Delivery
from portal.tasks import kinds
from portal.tenancy import SYSTEM
from portal.webhooks import service as webhooks
from tests.connections.premises import Premises, served_premises
from tests.jobs.test_shopify_path import available, mug, publish, sell, settle
from tests.settable_clock import SettableClock
from tests.stage import SHOP


@pytest.fixture
async def premises(settings: Settings, clock: SettableClock) -> AsyncIterator[Premises]:
    async with served_premises(settings, clock) as opened:
        yield opened


@pytest.fixture
async def connection(premises: Premises, merchant: Merchant, clock: SettableClock) -> Connection:
    await premises.stage.connect(merchant)
    await premises.stage.work()
    return await premises.connection(merchant)


@pytest.fixture
async def listed(premises: Premises, merchant: Merchant, connection: Connection, clock: SettableClock) -> Any:
    """A mug for sale in the shop, every webhook about its arrival handled."""
    [saved] = await premises.stage.add(merchant, mug(quantity=5))
    await publish(premises.stage, merchant, connection, saved.id)
    await settle(premises.stage, clock)
    await everything_heard(premises, clock)
    return saved


async def everything_heard(premises: Premises, clock: SettableClock) -> None:
    """The shop has sent what it had to say, and our workers have done what follows."""
    for _ in range(3):
        while (await premises.stage.shop().do("deliver"))["tried"]:
            pass
        await settle(premises.stage, clock)


async def deliveries(premises: Premises) -> list[Delivery]:
    async with premises.stage.sessions.read(SYSTEM) as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


async def stock_of(premises: Premises, merchant: Merchant, variant_id: Any) -> tuple[int, int]:
    """On hand, and the sum of the movements."""
    async with premises.stage.sessions.read(merchant.id) as session:
        variant = await session.get_one(Variant, variant_id)
        total = await session.scalar(select(func.sum(Movement.quantity)).where(Movement.variant_id == variant_id))
    return variant.on_hand, int(total or 0)


async def store(
    premises: Premises, connection: Connection, topic: str, body: bytes, number: str = "1", at: datetime | None = None
) -> None:
    event = InboundEvent(
        topic=topic, account_domain=SHOP, delivery_id=number, event_id=number, body=body, triggered_at=at
    )
    vault = premises.stage.process.runtime.vault
    await webhooks.receive(
        premises.stage.sessions, vault, event, channel="shopify", practice=True, now=premises.stage.now
    )


async def test_a_removed_app_destroys_the_tokens_and_asks_to_reconnect(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    await premises.stage.shop().do("uninstall")
    await everything_heard(premises, clock)

    row = await premises.connection(merchant)
    assert row.state is ConnectionState.NEEDS_REAUTH
    assert (row.secrets, row.previous_secrets, row.access_ends_at) == (None, None, None)
    assert row.problem is not None
    assert row.problem["code"] == "app_uninstalled"
    await premises.stage.connect(merchant, again=row)
    await everything_heard(premises, clock)
    assert (await premises.connection(merchant)).state is ConnectionState.ACTIVE


@pytest.mark.parametrize(("minutes", "state"), [(-5, ConnectionState.ACTIVE), (5, ConnectionState.NEEDS_REAUTH)])
async def test_word_of_a_removal_that_comes_after_the_merchant_is_back_ends_no_new_access(
    premises: Premises, connection: Connection, merchant: Merchant, minutes: int, state: ConnectionState
) -> None:
    assert connection.connected_at is not None
    removed_at = connection.connected_at + timedelta(minutes=minutes)

    await store(premises, connection, "app/uninstalled", b"{}", at=removed_at)
    await premises.stage.work()

    row = await premises.connection(merchant)
    assert (row.state, row.secrets is not None) == (state, state is ConnectionState.ACTIVE)


async def test_an_app_removed_while_a_renewed_pair_is_on_trial_asks_all_the_same(
    premises: Premises, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    async with premises.stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Connection, connection.id)
        row.previous_secrets = row.secrets

    await premises.stage.shop().do("uninstall")
    await everything_heard(premises, clock)

    assert (await premises.connection(merchant)).state is ConnectionState.NEEDS_REAUTH


async def test_a_product_deleted_there_is_shown_as_ended(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    await premises.stage.shop().do("delete", handle="mug")
    await everything_heard(premises, clock)

    assert (await premises.stage.listing(merchant, listed.id)).observed is Observed.ENDED


async def test_a_product_taken_off_sale_there_is_read_again(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    assert (await premises.stage.listing(merchant, listed.id)).observed is Observed.LIVE

    await premises.stage.shop().do("change", handle="mug", status="DRAFT")
    await everything_heard(premises, clock)

    assert (await premises.stage.listing(merchant, listed.id)).observed is not Observed.LIVE


async def test_several_events_of_one_product_are_one_look(
    premises: Premises, merchant: Merchant, connection: Connection, listed: Any, clock: SettableClock
) -> None:
    listing = await premises.stage.listing(merchant, listed.id)
    body = json.dumps({"admin_graphql_api_id": listing.channel_id}).encode()
    before = len(await premises.stage.tasks(kind=kinds.READ.name))
    for number in range(3):
        await store(premises, connection, "products/update", body, f"event-{number}")
        await premises.stage.work()
    waiting = [task for task in await premises.stage.tasks(kind=kinds.READ.name) if not task.ended_at]
    assert [task.subject for task in waiting] == [str(listing.id)]

    await settle(premises.stage, clock)

    assert len(await premises.stage.tasks(kind=kinds.READ.name)) == before + 1
    assert not any(task.ended_at is None for task in await premises.stage.tasks(kind=kinds.READ.name))


async def test_stock_changed_there_by_another_hand_is_followed_here(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    await premises.stage.shop().do("change", sku="mug-blu", stock=3)
    await everything_heard(premises, clock)

    assert await stock_of(premises, merchant, listed.variants[0].id) == (3, 3)
    async with premises.stage.sessions.read(merchant.id) as session:
        moved = list(await session.scalars(select(Movement).where(Movement.cause == "changed_at_channel")))
    assert [movement.quantity for movement in moved] == [-2]
    [there] = await premises.stage.shop().products()
    assert available(there["variants"][0]) == 3


async def test_the_echo_of_our_own_push_causes_nothing(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    pushed = len(await premises.stage.shop().ledger("inventorySetQuantities"))
    tasks = len(await premises.stage.tasks(kind=kinds.STOCK.name))
    heard = len(await deliveries(premises))

    await sell(premises.stage, merchant, listed.variants[0].id, 1, "order-1")
    await settle(premises.stage, clock)
    await everything_heard(premises, clock)

    echoes = [row for row in (await deliveries(premises))[heard:] if row.topic == "inventory_levels/update"]
    assert echoes, "the shop said nothing of our push"
    assert len(await premises.stage.shop().ledger("inventorySetQuantities")) == pushed + 1
    assert len(await premises.stage.tasks(kind=kinds.STOCK.name)) == tasks + 1
    assert await stock_of(premises, merchant, listed.variants[0].id) == (4, 4)


async def test_an_event_that_comes_twice_moves_stock_once(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    await premises.stage.shop().fault("duplicate", topic="inventory_levels/update")

    await premises.stage.shop().do("change", sku="mug-blu", stock=2)
    await everything_heard(premises, clock)

    assert await stock_of(premises, merchant, listed.variants[0].id) == (2, 2)


async def test_fewer_permissions_are_noticed(
    premises: Premises, merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    granted = [scope for scope in connection.scopes if not scope.endswith("_inventory")]

    await premises.stage.shop().do("scopes", scopes=",".join(granted))
    await everything_heard(premises, clock)

    assert "write_inventory" in connection.scopes
    assert "write_inventory" not in (await premises.connection(merchant)).scopes


async def test_bodies_are_emptied_once_handled(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    rows = await deliveries(premises)

    assert rows
    assert {(row.body, row.handled_at is not None) for row in rows} == {(b"", True)}
    assert {task.state for task in await premises.stage.tasks(kind=kinds.WEBHOOK.name)} == {TaskState.DONE}


@pytest.mark.once
@pytest.mark.parametrize("body", [b"not json", b"[]", b'"x"', b"{}", b'{"id": null}', b"\xff"])
@pytest.mark.parametrize("topic", ["products/delete", "products/update", "inventory_levels/update", "app/unknown"])
async def test_a_body_that_says_nothing_holds_no_other_back(
    premises: Premises, merchant: Merchant, connection: Connection, clock: SettableClock, topic: str, body: bytes
) -> None:
    await store(premises, connection, topic, body, "strange")
    await store(premises, connection, "app/uninstalled", b"{}", "real")

    await settle(premises.stage, clock)

    assert (await premises.connection(merchant)).state is ConnectionState.NEEDS_REAUTH
    assert {row.body for row in await deliveries(premises)} == {b""}
    assert all(task.ended_at for task in await premises.stage.tasks(kind=kinds.WEBHOOK.name))


async def test_stock_at_a_place_we_do_not_sell_from_is_none_of_ours(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    [item] = [
        row
        for row in await premises.stage.items(merchant, await premises.stage.listing(merchant, listed.id))
        if row.variant_id == listed.variants[0].id
    ]
    number = item.stock_id.rsplit("/", 1)[-1]
    before = len(await premises.stage.tasks(kind=kinds.STOCK.name))

    body = json.dumps({"inventory_item_id": int(number), "location_id": 1, "available": 1}).encode()
    await store(premises, await premises.connection(merchant), "inventory_levels/update", body)
    await settle(premises.stage, clock)

    assert len(await premises.stage.tasks(kind=kinds.STOCK.name)) == before


async def test_a_webhook_comes_in_while_the_channel_is_held(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    """A paused channel is not written to, and still heard: what ended there must not look live here."""
    async with premises.stage.sessions.write(merchant.id) as session:
        (await session.get_one(Connection, (await premises.connection(merchant)).id)).state = ConnectionState.PAUSED

    await premises.stage.shop().do("delete", handle="mug")
    await everything_heard(premises, clock)

    assert (await premises.stage.listing(merchant, listed.id)).observed is Observed.ENDED


async def test_publishing_again_after_a_deletion_there_makes_the_product_anew(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    await premises.stage.shop().do("delete", handle="mug")
    await everything_heard(premises, clock)
    connection = await premises.connection(merchant)

    async with premises.stage.sessions.write(merchant.id) as session:
        pairs = [(listed.id, connection.id)]
        await publishing.publish(session, merchant_id=merchant.id, pairs=pairs, now=premises.stage.now)
    await everything_heard(premises, clock)

    assert [there["handle"] for there in await premises.stage.shop().products()] == ["mug"]
    assert (await premises.stage.listing(merchant, listed.id)).observed is Observed.LIVE


async def test_an_edit_does_not_bring_back_what_was_deleted_there(
    premises: Premises, merchant: Merchant, listed: Any, clock: SettableClock
) -> None:
    await premises.stage.shop().do("delete", handle="mug")
    await everything_heard(premises, clock)

    async with premises.stage.sessions.write(merchant.id) as session:
        product = await session.get_one(Product, listed.id)
        product.title, product.version = "Edited", product.version + 1
        await session.flush()
        await listings.product_changed(session, merchant.id, [listed.id], premises.stage.now)
    await everything_heard(premises, clock)

    assert await premises.stage.shop().products() == []
