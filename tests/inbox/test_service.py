"""Products arrive once, come back for a reason, and decisions are one effect that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.errors import NotFound
from portal.inbox import service, undoing
from portal.models.accounts import ListingMode, Merchant
from portal.models.catalog import Product, ProductStatus
from portal.models.connections import Connection
from portal.models.inbox import Decision, InboxItem, InboxState
from portal.models.listings import Intent, LastAttempt, Listing
from portal.models.tasks import Task, TaskState
from tests.listings.site import Site
from tests.people import a_member


async def arrive(site: Site, merchant: Merchant, *products: Product) -> list[InboxItem]:
    async with site.sessions.write(merchant.id) as session:
        await service.arrive(session, merchant.id, [product.id for product in products], site.now)
    return await site.rows(merchant, InboxItem)


async def decide(site: Site, merchant: Merchant, verb: str, items: Sequence[InboxItem]) -> service.Outcome:
    alice = await site.rows(merchant, Decision)
    made_by = alice[0].made_by if alice else await a_person(site, merchant)
    return await service.decide_many(
        site.sessions,
        verb,
        merchant_id=merchant.id,
        item_ids=[item.id for item in items],
        made_by=made_by,
        now=site.now,
    )


async def a_person(site: Site, merchant: Merchant) -> Any:
    return (await a_member(site.sessions, merchant, f"alice-{merchant.id}")).id


async def undo(site: Site, merchant: Merchant, decision_id: UUID | None) -> undoing.Undone:
    assert decision_id is not None
    async with site.sessions.write(merchant.id) as session:
        return await undoing.undo(session, decision_id, now=site.now)


async def edit(site: Site, merchant: Merchant, product: Product, **columns: Any) -> None:
    async with site.sessions.write(merchant.id) as session:
        row = await session.get_one(Product, product.id)
        for name, value in columns.items():
            setattr(row, name, value)


# ---- arriving


async def test_a_product_arrives_once_however_often_it_is_said(site: Site, merchant: Merchant) -> None:
    mug = await site.product(merchant, "Mug")
    for _ in range(3):
        await arrive(site, merchant, mug, mug)
    items: list[InboxItem] = await site.rows(merchant, InboxItem)
    assert [(item.product_id, item.state) for item in items] == [(mug.id, InboxState.NEW)]


async def test_an_archived_product_does_not_arrive(site: Site, merchant: Merchant) -> None:
    mug = await site.product(merchant, "Mug")
    await edit(site, merchant, mug, status=ProductStatus.ARCHIVED)
    assert await arrive(site, merchant, mug) == []


async def test_a_done_product_comes_back_with_the_name_of_the_field_that_changed(
    site: Site, merchant: Merchant
) -> None:
    await site.connection(merchant)
    mug = await site.product(merchant, "Mug")
    await decide(site, merchant, service.FINISH, await arrive(site, merchant, mug))
    (item,) = await arrive(site, merchant, mug)
    assert item.state is InboxState.DONE
    await edit(site, merchant, mug, title="Blue mug", vendor="Acme")
    (item,) = await arrive(site, merchant, mug)
    assert (item.state, item.changed_fields) == (InboxState.CHANGED, ["title"])


async def test_a_product_sold_everywhere_does_not_come_back(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    mug = await site.product(merchant, "Mug")
    await decide(site, merchant, service.APPROVE, await arrive(site, merchant, mug))
    await edit(site, merchant, mug, title="Blue mug")
    (item,) = await arrive(site, merchant, mug)
    assert item.state is InboxState.DONE


# ---- approving


async def test_approving_publishes_to_every_ready_channel_after_the_time_to_undo(
    site: Site, merchant: Merchant
) -> None:
    demo, second = await site.connection(merchant), await site.connection(merchant, "Second")
    outcome = await decide(
        site, merchant, service.APPROVE, await arrive(site, merchant, await site.product(merchant, "Mug"))
    )
    listings = await site.rows(merchant, Listing)
    assert {listing.connection_id for listing in listings} == {demo.id, second.id}
    tasks = await site.rows(merchant, Task)
    assert {task.not_before for task in tasks} == {site.now + timedelta(seconds=10)}
    (decision,) = await site.rows(merchant, Decision)
    assert decision.id == outcome.decision_id
    assert decision.undo_until == site.now + timedelta(seconds=10)


async def test_a_box_that_was_cleared_is_not_published(site: Site, merchant: Merchant) -> None:
    demo, second = await site.connection(merchant), await site.connection(merchant, "Second")
    items = await arrive(site, merchant, await site.product(merchant, "Mug"))
    async with site.sessions.write(merchant.id) as session:
        await service.choose(session, items[0].id, {str(second.id): False})
    await decide(site, merchant, service.APPROVE, items)
    assert [listing.connection_id for listing in await site.rows(merchant, Listing)] == [demo.id]


async def test_what_is_not_ready_stays_even_when_its_box_is_forced(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    good, bad = await site.product(merchant, "Mug"), await site.product(merchant, "Free", price_minor=0)
    items = await arrive(site, merchant, good, bad)
    async with site.sessions.write(merchant.id) as session:
        for item in items:
            await service.choose(session, item.id, {str(demo.id): True})
    outcome = await decide(site, merchant, service.APPROVE, items)
    assert (len(outcome.decided), len(outcome.kept)) == (1, 1)
    assert {item.product_id: item.state for item in await site.rows(merchant, InboxItem)} == {
        good.id: InboxState.DONE,
        bad.id: InboxState.NEW,
    }


async def test_ten_approvals_are_one(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    items = await arrive(site, merchant, await site.product(merchant, "Mug"))
    for _ in range(10):
        await decide(site, merchant, service.APPROVE, items)
    assert len(await site.rows(merchant, Decision)) == 1
    assert len(await site.rows(merchant, Listing)) == 1
    assert len(await site.rows(merchant, Task)) == 1


async def test_a_decision_over_more_than_one_transaction_is_one_decision(
    site: Site, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK", 2)
    await site.connection(merchant)
    products = [await site.product(merchant, f"Mug {number}") for number in range(5)]
    items = await arrive(site, merchant, *products)
    outcome = await decide(site, merchant, service.APPROVE, items)
    assert len(outcome.decided) == 5
    assert len(await site.rows(merchant, Decision)) == 1
    undone = await undo(site, merchant, outcome.decision_id)
    assert len(undone.restored) == 5
    assert await site.rows(merchant, Listing) == []


# ---- taking back


async def test_undone_in_time_nothing_was_ever_published(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    items = await arrive(site, merchant, await site.product(merchant, "Mug"))
    outcome = await decide(site, merchant, service.APPROVE, items)
    undone = await undo(site, merchant, outcome.decision_id)
    assert undone.restored == [items[0].id]
    (item,) = await site.rows(merchant, InboxItem)
    assert (item.state, item.decision_id) == (InboxState.NEW, None)
    assert await site.rows(merchant, Listing) == []
    assert [task.state for task in await site.rows(merchant, Task)] == [TaskState.CANCELLED]
    assert (await undo(site, merchant, outcome.decision_id)).restored == []


async def test_undo_after_it_left_leaves_it_and_unpublish_ends_it(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    items = await arrive(site, merchant, await site.product(merchant, "Mug"))
    outcome = await decide(site, merchant, service.APPROVE, items)
    (task,) = await site.rows(merchant, Task)
    (listing,) = await site.rows(merchant, Listing)
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Task, task.id)).state = TaskState.DONE
        row = await session.get_one(Listing, listing.id)
        row.attempt, row.channel_id = LastAttempt.ACCEPTED, "gid://1"
    undone = await undo(site, merchant, outcome.decision_id)
    assert (undone.restored, undone.left) == ([], [items[0].id])
    async with site.sessions.write(merchant.id) as session:
        assert await undoing.unpublish(session, items[0].id, now=site.now) == 1
    (listing,) = await site.rows(merchant, Listing)
    assert listing.intent is Intent.WITHDRAW
    assert await site.waiting(merchant) == [("end", str(listing.id))]


async def test_undoing_an_older_decision_does_not_touch_a_newer_one(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    items = await arrive(site, merchant, await site.product(merchant, "Mug"))
    older = await decide(site, merchant, service.FINISH, items)
    async with site.sessions.write(merchant.id) as session:
        await undoing.restore(session, items[0].id)
    await decide(site, merchant, service.APPROVE, items)
    await undo(site, merchant, older.decision_id)
    (item,) = await site.rows(merchant, InboxItem)
    assert item.state is InboxState.DONE
    assert len(await site.waiting(merchant)) == 1


async def test_nobody_decides_for_another_merchant(site: Site, merchant: Merchant, other_merchant: Merchant) -> None:
    await site.connection(merchant)
    items = await arrive(site, merchant, await site.product(merchant, "Mug"))
    outcome = await decide(site, merchant, service.APPROVE, items)
    with pytest.raises(NotFound):
        await undo(site, other_merchant, outcome.decision_id)
    with pytest.raises(NotFound):
        await decide(site, other_merchant, service.FINISH, items)


# ---- Auto-Sync


async def auto_sync(site: Site, merchant: Merchant) -> int:
    return await service.set_mode(site.sessions, merchant_id=merchant.id, mode=ListingMode.AUTO_SYNC, now=site.now)


async def test_auto_sync_publishes_what_is_ready_and_leaves_the_rest_in_the_inbox(
    site: Site, merchant: Merchant
) -> None:
    await site.connection(merchant)
    assert await auto_sync(site, merchant) == 0
    good, bad = await site.product(merchant, "Mug"), await site.product(merchant, "Free", price_minor=0)
    items = await arrive(site, merchant, good, bad)
    assert {item.product_id: item.state for item in items} == {good.id: InboxState.DONE, bad.id: InboxState.NEW}
    assert [listing.product_id for listing in await site.rows(merchant, Listing)] == [good.id]


async def test_switching_it_on_publishes_what_waits_but_not_what_was_done_without_publishing(
    site: Site, merchant: Merchant
) -> None:
    await site.connection(merchant)
    waiting, finished = await site.product(merchant, "Mug"), await site.product(merchant, "Cup")
    items = await arrive(site, merchant, waiting, finished)
    await decide(site, merchant, service.FINISH, [item for item in items if item.product_id == finished.id])
    assert await auto_sync(site, merchant) == 1
    assert await auto_sync(site, merchant) == 0
    assert [listing.product_id for listing in await site.rows(merchant, Listing)] == [waiting.id]


async def test_without_a_channel_auto_sync_keeps_products_in_the_inbox(site: Site, merchant: Merchant) -> None:
    await auto_sync(site, merchant)
    (item,) = await arrive(site, merchant, await site.product(merchant, "Mug"))
    assert item.state is InboxState.NEW
    assert await site.rows(merchant, Connection) == []
