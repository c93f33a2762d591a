"""Checking a connection and ending our access, against the practice shop."""

from __future__ import annotations

from portal.connections import service as connections
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import TaskState
from portal.tasks import kinds
from tests.settable_clock import SettableClock
from tests.stage import Stage


async def the_connection(stage: Stage, connection: Connection) -> Connection:
    async with stage.sessions.read(connection.merchant_id) as session:
        row = await session.get_one(Connection, connection.id)
    assert isinstance(row, Connection)
    return row


async def check(stage: Stage, connection: Connection) -> None:
    async with stage.sessions.write(connection.merchant_id) as session:
        row = await session.get_one(Connection, connection.id)
        await connections.check(session, row, now=stage.now)
    await stage.work()


async def test_a_check_learns_the_accounts_name_place_and_permissions(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    async with stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Connection, connection.id)
        row.external_name, row.scopes, row.settings = "", [], {}

    await stage.work()

    after = await the_connection(stage, connection)
    assert after.external_name == "Demo"
    assert "write_products" in after.scopes
    assert after.settings["location_id"].startswith("gid://shopify/Location/")
    assert after.last_heard_at == stage.now


async def test_checking_twice_subscribes_once(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    await stage.work()
    before = [(s["topic"], s["uri"]) for s in await stage.shop().ask("subscriptions")]

    await check(stage, connection)

    after = [(s["topic"], s["uri"]) for s in await stage.shop().ask("subscriptions")]
    assert before == after
    assert {uri for _topic, uri in after} == {f"{stage.process.runtime.settings.public_url}/webhooks/shopify"}


async def test_a_channel_that_is_away_is_checked_again_later(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    await stage.shop().fault("maintenance", count=2)

    await stage.work()
    assert (await the_connection(stage, connection)).state is ConnectionState.ACTIVE
    assert [task.state for task in await stage.tasks(kind=kinds.CHECK.name)] == [TaskState.WAITING]
    for _ in range(3):
        clock.advance(60)
        await stage.work()

    assert [task.state for task in await stage.tasks(kind=kinds.CHECK.name)] == [TaskState.DONE]


async def test_a_topic_we_may_not_hear_does_not_hide_what_we_may_do(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    await stage.shop().do("scopes", scopes="write_products,read_publications,read_locations")

    await stage.work()

    after = await the_connection(stage, connection)
    assert "write_inventory" not in after.scopes
    assert [task.state for task in await stage.tasks(kind=kinds.CHECK.name)] == [TaskState.DONE]


async def test_lost_access_is_checked_once_and_not_again_by_itself(
    stage: Stage, merchant: Merchant, clock: SettableClock
) -> None:
    connection = await stage.connect(merchant)
    await stage.shop().do("revoke")

    await stage.work()
    asked = len(await stage.shop().ask("requests"))
    clock.advance(3600)
    await stage.work()

    assert (await the_connection(stage, connection)).state is ConnectionState.NEEDS_REAUTH
    assert [task.state for task in await stage.tasks(kind=kinds.CHECK.name)] == [TaskState.REFUSED]
    assert len(await stage.shop().ask("requests")) == asked


async def test_a_test_the_shop_refuses_is_said_until_one_works(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    await stage.shop().do("state", state="frozen")
    await stage.work()
    refused = await the_connection(stage, connection)
    assert refused.state is ConnectionState.ACTIVE
    assert refused.problem is not None
    assert (refused.problem["code"], refused.problem["problem_class"]) == ("http_402", "account")

    await stage.shop().do("state", state="open")
    async with stage.sessions.write(merchant.id) as session:
        await connections.check(session, await session.get_one(Connection, connection.id), now=stage.now)
    await stage.work()
    assert (await the_connection(stage, connection)).problem is None


async def test_access_that_ended_there_first_counts_as_ended(stage: Stage, merchant: Merchant) -> None:
    connection = await stage.connect(merchant)
    await stage.work()
    await stage.shop().do("uninstall")
    async with stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Connection, connection.id)
        await connections.disconnect(session, row, now=stage.now)

    await stage.work()

    assert (await the_connection(stage, connection)).secrets is None
    [revoked] = await stage.tasks(kind=kinds.REVOKE.name)
    assert revoked.ended_at is not None


async def test_coming_back_before_we_have_left_keeps_the_new_access(stage: Stage, merchant: Merchant) -> None:
    """Disconnect and connect again before a worker came to it: the revocation must not end the new access."""
    connection = await stage.connect(merchant)
    await stage.work()
    async with stage.sessions.write(merchant.id) as session:
        row = await session.get_one(Connection, connection.id)
        await connections.disconnect(session, row, now=stage.now)
    await stage.connect(merchant)

    await stage.work()

    after = await the_connection(stage, connection)
    assert after.state is ConnectionState.ACTIVE
    assert after.secrets is not None
    assert [task.state for task in await stage.tasks(kind=kinds.REVOKE.name)] == [TaskState.CANCELLED]
