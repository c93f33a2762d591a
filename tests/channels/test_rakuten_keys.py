"""A licence key is renewed at practice Rakuten while work is under way: no update is lost, and nobody has to wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jobs import lanes
from jobs.registry import HANDLERS
from portal.connections import secrets
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import TaskState
from portal.stock import service as stock
from portal.stock.service import Count
from portal.tasks import kinds
from tests.channels.test_rakuten_path import Office, offered, paste
from tests.connections.premises import CHANNELS, Premises, card_of, target, words
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

LATER = {"works_after_seconds": 900, "old_works_for_seconds": 5_400}


@pytest.fixture
def office(premises: Premises) -> Office:
    return Office(premises)


@pytest.fixture
async def connection(premises: Premises, seller: Merchant, alice: Browser, office: Office) -> Connection:
    assert target(await paste(alice, await office.keys())) == CHANNELS
    await premises.stage.work()
    return await premises.connection(seller)


@pytest.fixture
async def variant(premises: Premises, seller: Merchant, connection: Connection, clock: SettableClock) -> Any:
    """The one variant of a product that is live at Rakuten with five units."""
    saved = await offered(premises, seller)
    await publish(premises.stage, seller, connection, saved.id)
    await settle(premises.stage, clock)
    return saved.variants[0].id


async def count(premises: Premises, seller: Merchant, variant: Any, quantity: int) -> None:
    step = Count(variant_id=variant, quantity=quantity, cause="count", cause_id=f"count-{quantity}")
    async with premises.stage.sessions.write(seller.id) as session:
        await stock.move(session, merchant_id=seller.id, moves=[step], made_by="test", now=premises.stage.now)


async def renew(alice: Browser, connection: Connection, key: str) -> str:
    """The merchant pastes the licence key alone; the service secret is not asked for again."""
    form = await alice.get(f"/connect/rakuten?connection={connection.id}")
    assert form.select_one("#field-service_secret") is None
    return target(await paste(alice, {"license_key": key}, connection=str(connection.id)))


async def at_rakuten(office: Office) -> int:
    [item] = await office.items()
    return int(item["stock"]["MUG-1"])


def key_in_use(premises: Premises, connection: Connection) -> str:
    assert connection.secrets is not None
    return secrets.open_sealed(premises.stage.process.runtime.vault, connection, connection.secrets).access_token


async def test_a_key_that_does_not_work_yet_is_kept_beside_the_old_one_and_used_once_it_does(  # noqa: PLR0917 - fixtures
    premises: Premises,
    seller: Merchant,
    connection: Connection,
    alice: Browser,
    office: Office,
    clock: SettableClock,
    variant: Any,
) -> None:
    new = (await office.do("renew", **LATER))["license_key"]

    assert await renew(alice, connection, new) == CHANNELS

    await premises.stage.work()
    await count(premises, seller, variant, 7)
    await premises.stage.work()
    assert await at_rakuten(office) == 7
    waiting = await premises.connection(seller)
    assert (waiting.state, waiting.next_secrets is None) == (ConnectionState.ACTIVE, False)
    assert key_in_use(premises, waiting) != new
    assert "new keys don't work yet" in words(card_of(await alice.get("/channels"), connection.id))

    for _ in range(20):
        clock.advance(60)
        await premises.stage.work()

    after = await premises.connection(seller)
    assert (after.state, after.next_secrets, after.next_secrets_until) == (ConnectionState.ACTIVE, None, None)
    assert key_in_use(premises, after) == new
    assert after.access_ends_at is not None
    assert after.access_ends_at - premises.stage.now > timedelta(days=89)
    clock.advance(5_400)
    await count(premises, seller, variant, 3)
    await premises.stage.work()
    assert await at_rakuten(office) == 3


async def test_work_held_because_the_old_key_ended_first_goes_out_once_the_new_one_works(  # noqa: PLR0917 - fixtures
    premises: Premises,
    seller: Merchant,
    connection: Connection,
    alice: Browser,
    office: Office,
    clock: SettableClock,
    variant: Any,
) -> None:
    new = (await office.do("renew", works_after_seconds=900))["license_key"]
    await count(premises, seller, variant, 8)
    await premises.stage.work()
    assert (await premises.connection(seller)).state is ConnectionState.NEEDS_REAUTH

    await renew(alice, connection, new)
    for _ in range(18):
        clock.advance(60)
        await premises.stage.work()

    assert (await premises.connection(seller)).state is ConnectionState.ACTIVE
    assert await at_rakuten(office) == 8


async def test_a_key_that_never_works_is_given_up_and_the_page_says_so(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, clock: SettableClock
) -> None:
    before = (await premises.connection(seller)).secrets
    await renew(alice, connection, "SL000000_mistyped")

    for _ in range(62):
        clock.advance(60)
        await premises.stage.work()

    after = await premises.connection(seller)
    assert (after.state, after.secrets, after.next_secrets) == (ConnectionState.ACTIVE, before, None)
    assert await premises.stage.tasks(kind=kinds.NEW_KEYS.name, state=TaskState.WAITING) == []
    assert "new keys never worked" in words(card_of(await alice.get("/channels"), connection.id))


class PastedMeanwhile:
    """Pushes stock with a key that has ended; between the call and its record the new one comes into use."""

    def __init__(self, premises: Premises, seller: Merchant, new: bytes) -> None:
        self._stock = HANDLERS[kinds.STOCK.name]
        self._premises, self._seller, self._new = premises, seller, new
        self.prepare, self.record, self.give_up = self._stock.prepare, self._stock.record, self._stock.give_up

    async def call(self, runtime: Any, batch: Any, prepared: Any) -> Any:
        try:
            return await self._stock.call(runtime, batch, prepared)
        finally:
            async with self._premises.stage.sessions.write(self._seller.id) as session:
                (await session.get_one(Connection, batch.connection.id)).secrets = self._new


async def test_an_old_key_refused_after_the_new_one_came_into_use_stops_nothing(
    premises: Premises,
    seller: Merchant,
    connection: Connection,
    office: Office,
    clock: SettableClock,
    variant: Any,
) -> None:
    key = (await office.do("renew"))["license_key"]
    row = await premises.connection(seller)
    assert row.secrets is not None
    vault = premises.stage.process.runtime.vault
    held = secrets.open_sealed(vault, row, row.secrets)
    new = secrets.seal(vault, row, type(held)(access_token=key, others=held.others))
    await count(premises, seller, variant, 6)
    runtime = premises.stage.process.runtime
    meanwhile = lanes.Worker(
        runtime, "meanwhile", {**HANDLERS, kinds.STOCK.name: PastedMeanwhile(premises, seller, new)}
    )
    [task] = await premises.stage.tasks(kind=kinds.STOCK.name, state=TaskState.WAITING)

    await lanes.work_lane(meanwhile, task.lane_id)
    await settle(premises.stage, clock)

    assert (await premises.connection(seller)).state is ConnectionState.ACTIVE
    assert await at_rakuten(office) == 6
