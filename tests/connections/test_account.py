"""What a connector sees of a connection: credentials renewed once for all, paid slots, masked exchanges."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Busy, PermissionLost
from connectors.limits import Rate
from connectors.records import BucketReading, Credentials, Exchange
from portal.connections import secrets
from portal.connections.account import ConnectionAccount
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from tests.connections.premises import Premises, card_of, words
from tests.jobs.test_shopify_path import mug, publish
from tests.listings.site import Browser
from tests.settable_clock import SettableClock
from tests.stage import SHOP

ISSUED = "SELECT token FROM access_token WHERE shop = ?"


async def connected(premises: Premises, merchant: Merchant) -> Connection:
    await premises.stage.connect(merchant)
    await premises.stage.work()
    return await premises.connection(merchant)


async def test_fifty_jobs_on_an_expired_token_renew_it_once(
    premises: Premises, merchant: Merchant, clock: SettableClock
) -> None:
    row = await connected(premises, merchant)
    before = premises.in_the_shops_book(ISSUED, SHOP)
    clock.advance(3600)

    found = await asyncio.gather(*(premises.account(row).credentials() for _ in range(50)))

    after = premises.in_the_shops_book(ISSUED, SHOP)
    assert len(after) == len(before) + 1, "the shop was asked more than once"
    assert {one.access_token for one in found} == set(after) - set(before)
    stored = await premises.connection(merchant)
    assert stored.secrets is not None
    vault = premises.stage.process.runtime.vault
    assert secrets.open_sealed(vault, stored, stored.secrets).access_token == found[0].access_token
    assert stored.refresh_lease_until is None
    assert stored.previous_secrets == row.secrets


async def test_credentials_that_last_are_not_renewed(premises: Premises, merchant: Merchant) -> None:
    row = await connected(premises, merchant)
    before = premises.in_the_shops_book(ISSUED, SHOP)

    await premises.account(row).credentials()

    assert premises.in_the_shops_book(ISSUED, SHOP) == before


async def test_a_renewal_whose_worker_died_is_taken_over_when_its_lease_ends(
    premises: Premises, merchant: Merchant, clock: SettableClock
) -> None:
    row = await connected(premises, merchant)
    clock.advance(3600)
    async with premises.stage.sessions.write(merchant.id) as session:
        (await session.get_one(Connection, row.id)).refresh_lease_until = clock() + timedelta(seconds=20)
    clock.advance(21)

    fresh = await premises.account(row).credentials()

    assert fresh.expires_at is not None
    assert fresh.expires_at > clock()


async def test_a_renewal_that_is_refused_asks_the_merchant_to_reconnect(
    premises: Premises, alice: Browser, merchant: Merchant, clock: SettableClock
) -> None:
    row = await connected(premises, merchant)
    [saved] = await premises.stage.add(merchant, mug())
    await premises.stage.shop().do("revoke")
    clock.advance(3600)

    await publish(premises.stage, merchant, row, saved.id)
    await premises.stage.work()

    after = await premises.connection(merchant)
    assert after.state is ConnectionState.NEEDS_REAUTH
    assert after.problem is not None
    assert after.problem["code"] == "invalid_grant"
    assert after.refresh_lease_until is None
    hub = await alice.get("/channels")
    assert "Waiting: 1 new listing" in words(card_of(hub, row.id))


async def test_a_renewed_pair_the_shop_does_not_know_gives_way_to_the_one_before(
    premises: Premises, merchant: Merchant, clock: SettableClock
) -> None:
    """A shop that lost the new pair still takes the old refresh token: one more try, and nobody is asked."""
    row = await connected(premises, merchant)
    [saved] = await premises.stage.add(merchant, mug())
    await premises.stage.work()
    vault, good = premises.stage.process.runtime.vault, row.secrets
    assert good is not None
    unknown = secrets.open_sealed(vault, row, good)
    async with premises.stage.sessions.write(merchant.id) as session:
        stored = await session.get_one(Connection, row.id)
        stored.previous_secrets = good
        stored.secrets = secrets.seal(vault, stored, type(unknown)(access_token="shpat_unknown"))

    await publish(premises.stage, merchant, row, saved.id)
    for _ in range(3):
        await premises.stage.work()
        clock.advance(5)

    after = await premises.connection(merchant)
    assert (after.state, after.previous_secrets) == (ConnectionState.ACTIVE, None)
    assert len(await premises.stage.shop().products()) == 1


@pytest.mark.parametrize("reconnected", [False, True])
async def test_a_renewal_does_not_undo_what_happened_to_the_access_meanwhile(
    premises: Premises, merchant: Merchant, clock: SettableClock, reconnected: bool
) -> None:
    """The app was removed, or the merchant came back from the consent page, while the shop was answering."""
    row = await connected(premises, merchant)
    clock.advance(3600)
    vault, there = premises.stage.process.runtime.vault, Credentials(access_token="shpat_of_the_new_consent")
    new = secrets.seal(vault, row, there) if reconnected else None
    account = premises.account(row)
    keep = account.keep_exchange

    async def meanwhile(exchange: Exchange) -> None:
        await keep(exchange)
        async with premises.stage.sessions.write(merchant.id) as session:
            (await session.get_one(Connection, row.id)).secrets = new

    account.keep_exchange = meanwhile  # type: ignore[method-assign]  # the moment between the answer and its storing

    if reconnected:
        assert await account.credentials() == there
    else:
        with pytest.raises(PermissionLost):
            await account.credentials()
    after = await premises.connection(merchant)
    assert (after.secrets, after.refresh_lease_until) == (new, None)


async def test_a_connection_without_credentials_has_lost_its_permission(premises: Premises, merchant: Merchant) -> None:
    row = await premises.site.connection(merchant)

    with pytest.raises(PermissionLost):
        await premises.account(row).credentials()


async def answered(account: ConnectionAccount, **reading: float) -> None:
    """A call was answered, and the answer says how the bucket stands."""
    await account.keep_exchange(
        Exchange(
            operation="Call",
            method="POST",
            url="https://demo.myshopify.com",
            status=200,
            request_body="",
            response_body="",
            started_at=datetime(2026, 11, 25, tzinfo=UTC),
            seconds=0.1,
            reading=BucketReading(bucket="calls", **reading),
        )
    )


async def test_all_workers_pay_from_one_bucket(premises: Premises, merchant: Merchant, clock: SettableClock) -> None:
    row = await premises.site.connection(merchant)
    one, another = premises.account(row), premises.account(row)
    await one.take_slot("calls", 1_000_000)  # nothing is known of this bucket yet, so nothing is refused

    await answered(one, unused=0, available=100, maximum=100, restore_per_second=1)
    await another.take_slot("calls", 60)
    with pytest.raises(Busy) as refused:
        await one.take_slot("calls", 60)
    clock.advance(20)
    await one.take_slot("calls", 60)
    with pytest.raises(Busy):
        await another.take_slot("calls", 11)

    assert refused.value.retry_after_seconds == pytest.approx(20)


async def test_a_bucket_nobody_has_told_of_begins_full_at_the_published_rate(
    premises: Premises, merchant: Merchant, clock: SettableClock
) -> None:
    account = premises.account(await premises.site.connection(merchant))
    rate = Rate(maximum=2, restore_per_second=0.1)

    await account.take_slot("calls", 1, published=rate)
    await account.take_slot("calls", 1, published=rate)
    began = clock()
    await account.take_slot("calls", 1, published=rate)

    assert (clock() - began).total_seconds() == 10


async def test_a_call_that_can_soon_be_paid_waits_where_it_is(
    premises: Premises, merchant: Merchant, clock: SettableClock
) -> None:
    account = premises.account(await premises.site.connection(merchant))
    await answered(account, unused=0, available=0, maximum=100, restore_per_second=10)
    began = clock()

    await account.take_slot("calls", 50)

    assert (clock() - began).total_seconds() == 5


async def test_what_a_call_did_not_use_flows_back_and_calls_under_way_stay_paid(
    premises: Premises, merchant: Merchant
) -> None:
    account = premises.account(await premises.site.connection(merchant))
    await answered(account, unused=0, available=100, maximum=100, restore_per_second=1)
    await account.take_slot("calls", 60)
    await account.take_slot("calls", 30)

    # The first is answered before the channel has seen the second.
    await answered(account, unused=10, available=50, maximum=100, restore_per_second=1)

    await account.take_slot("calls", 20)
    with pytest.raises(Busy):
        await account.take_slot("calls", 11)


async def test_a_channel_that_counts_less_than_we_do_is_believed(premises: Premises, merchant: Merchant) -> None:
    account = premises.account(await premises.site.connection(merchant))
    await answered(account, unused=0, available=100, maximum=100, restore_per_second=1)
    await account.take_slot("calls", 10)

    await answered(account, unused=0, available=20, maximum=100, restore_per_second=1)

    with pytest.raises(Busy):
        await account.take_slot("calls", 31)


async def test_of_many_takers_at_once_only_those_the_bucket_holds_are_served(
    premises: Premises, merchant: Merchant
) -> None:
    row = await premises.site.connection(merchant)
    await answered(premises.account(row), unused=0, available=100, maximum=100, restore_per_second=0.1)

    answers = await asyncio.gather(
        *(premises.account(row).take_slot("calls", 10) for _ in range(15)), return_exceptions=True
    )

    assert sum(answer is None for answer in answers) == 10
    assert sum(isinstance(answer, Busy) for answer in answers) == 5


async def test_calls_are_kept_without_their_secrets_and_shown_to_their_merchant(
    premises: Premises, alice: Browser, merchant: Merchant, other_merchant: Merchant, clock: SettableClock
) -> None:
    row = await connected(premises, merchant)
    clock.advance(3600)
    await premises.account(row).credentials()
    given = [
        *premises.in_the_shops_book("SELECT token FROM access_token"),
        *premises.in_the_shops_book("SELECT token FROM refresh_token"),
    ]

    kept = await premises.site.rows(merchant, ExchangeEntry)

    assert given
    assert {"renew", "Identify"} <= {entry.operation for entry in kept} | {"Identify"}
    for entry in kept:
        words_kept = entry.url + entry.request_body + entry.response_body
        assert not any(secret in words_kept for secret in given), entry.operation
    assert await premises.site.rows(other_merchant, ExchangeEntry) == []
    page = words(await alice.get(f"/channels/{row.id}"))
    assert "renew" in page
    assert "200" in page
