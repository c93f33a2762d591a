"""Publishing writes one listing and one promise a pair, and can be taken back until something has left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.records import Observed
from portal.errors import Conflict, NotFound
from portal.listings import publishing, service
from portal.models.accounts import Merchant
from portal.models.connections import ConnectionState
from portal.models.listings import Intent, LastAttempt, Listing
from portal.models.tasks import Task, TaskState
from tests.listings.site import DATA_PROBLEM, Site


async def publish(
    site: Site, merchant: Merchant, *pairs: tuple[object, object], seconds: int = 0
) -> list[publishing.Armed]:
    ids = [(product.id, connection.id) for product, connection in pairs]  # type: ignore[attr-defined]  # rows
    later = site.now + timedelta(seconds=seconds)
    async with site.sessions.write(merchant.id) as session:
        return await publishing.publish(session, merchant_id=merchant.id, pairs=ids, now=site.now, not_before=later)


async def test_a_pair_becomes_one_listing_with_one_promise_however_often_it_is_asked(
    site: Site, merchant: Merchant
) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    first = await publish(site, merchant, (mug, demo), (mug, demo))
    for _ in range(9):
        assert await publish(site, merchant, (mug, demo)) == []
    (listing,) = await site.rows(merchant, Listing)
    assert [one.listing_id for one in first] == [listing.id]
    assert (listing.intent, listing.attempt) == (Intent.PUBLISH, LastAttempt.QUEUED)
    assert await site.waiting(merchant) == [("publish", str(listing.id))]


async def test_it_goes_out_no_sooner_than_asked(site: Site, merchant: Merchant) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    await publish(site, merchant, (mug, demo), seconds=10)
    (task,) = await site.rows(merchant, Task)
    assert task.not_before == site.now + timedelta(seconds=10)


async def test_taken_back_in_time_it_was_never_there(site: Site, merchant: Merchant) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    armed = await publish(site, merchant, (mug, demo), seconds=10)
    async with site.sessions.write(merchant.id) as session:
        assert await publishing.disarm(session, armed, now=site.now) == []
    assert await site.rows(merchant, Listing) == []
    assert [task.state for task in await site.rows(merchant, Task)] == [TaskState.CANCELLED]


async def test_taken_back_a_listing_is_what_it_was(site: Site, merchant: Merchant) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    refused = {"attempt": LastAttempt.REJECTED, "problem": DATA_PROBLEM, "problem_count": 2}
    await site.listing(merchant, mug, demo, **refused)
    armed = await publish(site, merchant, (mug, demo), seconds=10)
    (listing,) = await site.rows(merchant, Listing)
    assert (listing.attempt, listing.problem_count) == (LastAttempt.QUEUED, 0)
    async with site.sessions.write(merchant.id) as session:
        await publishing.disarm(session, armed, now=site.now)
    (listing,) = await site.rows(merchant, Listing)
    assert (listing.attempt, listing.problem_count) == (LastAttempt.REJECTED, 2)
    assert await site.waiting(merchant) == []


async def test_what_has_left_is_not_taken_back_and_is_named(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    mug, cup = await site.product(merchant, "Mug"), await site.product(merchant, "Cup")
    armed = await publish(site, merchant, (mug, demo), (cup, demo))
    gone = armed[0]
    async with site.sessions.write(merchant.id) as session:
        listing = await service.get(session, gone.listing_id)
        listing.attempt = LastAttempt.SENDING
    tasks = await site.rows(merchant, Task, subject=str(gone.listing_id))
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Task, tasks[0].id)).state = TaskState.RUNNING
    async with site.sessions.write(merchant.id) as session:
        assert await publishing.disarm(session, armed, now=site.now) == [gone]
    assert [row.id for row in await site.rows(merchant, Listing)] == [gone.listing_id]


async def test_a_listing_that_is_up_to_date_is_left_alone(site: Site, merchant: Merchant) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    done = {"attempt": LastAttempt.ACCEPTED, "observed": Observed.LIVE, "sent_version": 1, "channel_id": "gid://1"}
    await site.listing(merchant, mug, demo, **done)
    assert await publish(site, merchant, (mug, demo)) == []
    assert await site.waiting(merchant) == []


async def test_an_ended_listing_is_published_again_and_its_ending_forgotten(site: Site, merchant: Merchant) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    live = {"attempt": LastAttempt.ACCEPTED, "observed": Observed.LIVE, "sent_version": 1, "channel_id": "gid://1"}
    listing = await site.listing(merchant, mug, demo, **live)
    async with site.sessions.write(merchant.id) as session:
        await service.end(session, await service.get(session, listing.id), now=site.now)
    assert await site.waiting(merchant) == [("end", str(listing.id))]
    await publish(site, merchant, (mug, demo))
    assert await site.waiting(merchant) == [("publish", str(listing.id))]
    (row,) = await site.rows(merchant, Listing)
    assert (row.intent, row.observed) == (Intent.PUBLISH, Observed.UNKNOWN)


async def test_undoing_a_publish_lets_an_ending_go_on(site: Site, merchant: Merchant) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    live = {"attempt": LastAttempt.ACCEPTED, "observed": Observed.LIVE, "sent_version": 1, "channel_id": "gid://1"}
    listing = await site.listing(merchant, mug, demo, **live)
    async with site.sessions.write(merchant.id) as session:
        await service.end(session, await service.get(session, listing.id), now=site.now)
    armed = await publish(site, merchant, (mug, demo), seconds=10)
    async with site.sessions.write(merchant.id) as session:
        await publishing.disarm(session, armed, now=site.now)
    assert await site.waiting(merchant) == [("end", str(listing.id))]


async def test_another_merchants_connection_is_not_there(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    mug, theirs = await site.product(merchant, "Mug"), await site.connection(other_merchant, "Other")
    with pytest.raises(NotFound):
        await publish(site, merchant, (mug, theirs))


@pytest.mark.parametrize("state", [ConnectionState.DISCONNECTED, ConnectionState.SETUP])
async def test_a_channel_that_cannot_sell_is_refused(site: Site, merchant: Merchant, state: ConnectionState) -> None:
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant, state=state)
    with pytest.raises(Conflict):
        await publish(site, merchant, (mug, demo))
    assert await site.rows(merchant, Listing) == []
