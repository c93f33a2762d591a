"""A task given up by our own fault is seen by the merchant, whatever kind it is of, and never looks like work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from connectors.errors import Problem
from connectors.records import Observed
from jobs import lanes as engine
from jobs.handlers import Batch, Prepared
from jobs.lanes import LEASE, Worker, work_lane
from jobs.registry import HANDLERS
from jobs.results import Result
from portal.catalog.records import NewProduct, NewVariant
from portal.clock import new_id
from portal.connections import queries as hub
from portal.listings.badges import badges_of
from portal.models.accounts import Merchant
from portal.models.catalog import ProductImage, Variant
from portal.models.connections import Connection, ConnectionState, KindRules
from portal.models.images import ImageCheck, ImageState, digest
from portal.models.imports import Import, ImportState
from portal.models.listings import Intent, LastAttempt, Listing, ListingItem
from portal.models.reports import ChannelReport, ReportState
from portal.models.tasks import Task, TaskState
from portal.models.webhooks import Delivery
from portal.proof import queries as proof
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from tests.jobs import given_up_orders as about
from tests.settable_clock import SettableClock
from tests.stage import Stage

OUR_FAULT = ("stopped", "Our fault, not yours. Nothing was charged.")


class Setting:
    """A connected merchant with one listing of one product."""

    def __init__(self, stage: Stage, merchant: Merchant, connection: Connection, product_id: UUID) -> None:
        self.stage, self.merchant, self.connection, self.product_id = stage, merchant, connection, product_id

    async def listing(self, **columns: Any) -> str:
        usual = {"attempt": LastAttempt.QUEUED, "observed": Observed.UNKNOWN, "sent_version": 0}
        async with self.stage.sessions.write(self.merchant.id) as session:
            listing = Listing(
                merchant_id=self.merchant.id,
                connection_id=self.connection.id,
                product_id=self.product_id,
                **usual | columns,
            )
            session.add(listing)
        return str(listing.id)

    async def badge(self) -> tuple[str, str]:
        async with self.stage.sessions.read(self.merchant.id) as session:
            listing = (await session.scalars(select(Listing))).one()
            shown = (await badges_of(session, [listing], now=self.stage.now))[listing.id]
        return shown.state, shown.line

    async def row(self, kind: type[Any]) -> Any:
        async with self.stage.sessions.read(self.merchant.id) as session:
            return (await session.scalars(select(kind))).one()

    async def add(self, row: Any) -> str:
        async with self.stage.sessions.write(self.merchant.id) as session:
            session.add(row)
        return str(row.id)


@pytest.fixture
async def setting(stage: Stage, merchant: Merchant) -> Setting:
    connection = await stage.connect(merchant)
    variant = NewVariant(sku="MUG", price_minor=1000, quantity=3)
    (saved,) = await stage.add(merchant, NewProduct(handle="mug", title="Mug", variants=(variant,)))
    await stage.work()
    return Setting(stage, merchant, connection, saved.id)


async def _listed(setting: Setting) -> str:
    return await setting.listing()


async def _withdrawn(setting: Setting) -> str:
    return await setting.listing(intent=Intent.WITHDRAW, channel_id="gid://shopify/Product/1", observed=Observed.LIVE)


async def _read(setting: Setting) -> str:
    return await setting.listing(attempt=LastAttempt.ACCEPTED, channel_id="gid://shopify/Product/1")


async def _changed(setting: Setting) -> str:
    await setting.listing(attempt=LastAttempt.ACCEPTED, observed=Observed.LIVE, channel_id="gid://shopify/Product/1")
    return str(setting.product_id)


async def _item(setting: Setting) -> str:
    listing_id = await setting.listing(attempt=LastAttempt.ACCEPTED, observed=Observed.LIVE, channel_id="gid://p")
    variant = await setting.row(Variant)
    return await setting.add(
        ListingItem(
            merchant_id=setting.merchant.id,
            listing_id=UUID(listing_id),
            connection_id=setting.connection.id,
            variant_id=variant.id,
            channel_id="gid://v",
            stock_id="gid://shopify/InventoryItem/1",
        )
    )


async def _import(setting: Setting) -> str:
    return await setting.add(
        Import(
            merchant_id=setting.merchant.id,
            state=ImportState.RUNNING,
            filename="a.csv",
            stored_as="gone",
            size=1,
            format="shopify",
        )
    )


async def _connection(setting: Setting) -> str:
    return str(setting.connection.id)


async def _with_new_keys(setting: Setting) -> str:
    async with setting.stage.sessions.write(setting.merchant.id) as session:
        connection = await session.get_one(Connection, setting.connection.id)
        connection.next_secrets = connection.secrets
        connection.next_secrets_until = setting.stage.now + timedelta(days=1)
    return str(setting.connection.id)


async def _disconnected(setting: Setting) -> str:
    async with setting.stage.sessions.write(setting.merchant.id) as session:
        (await session.get_one(Connection, setting.connection.id)).state = ConnectionState.DISCONNECTED
    return str(setting.connection.id)


async def _kind(setting: Setting) -> str:
    return await setting.add(
        KindRules(merchant_id=setting.merchant.id, connection_id=setting.connection.id, name="MUG")
    )


async def _report(setting: Setting) -> str:
    owner = {"merchant_id": setting.merchant.id, "connection_id": setting.connection.id}
    return await setting.add(ChannelReport(id=new_id(), asked_at=setting.stage.now, **owner))


async def _sees_failed_report(setting: Setting) -> None:
    report = await setting.row(ChannelReport)
    assert report.state is ReportState.FAILED
    assert report.problem["problem_class"] == "ours"


async def _delivery(setting: Setting) -> str:
    return await setting.add(
        Delivery(
            id=new_id(),
            merchant_id=setting.merchant.id,
            connection_id=setting.connection.id,
            topic="products/update",
            delivery_id="d",
            body=b"x",
        )
    )


async def _image(setting: Setting) -> str:
    url = "https://pictures.example/mug.jpg"
    owner = setting.merchant.id
    await setting.add(ProductImage(merchant_id=owner, product_id=setting.product_id, position=1, url=url))
    return await setting.add(ImageCheck(id=new_id(), merchant_id=owner, url=url, url_digest=digest(url)))


async def _sees_unreadable_image(setting: Setting) -> None:
    assert (await setting.row(ImageCheck)).state is ImageState.UNREADABLE


async def _to_check(setting: Setting) -> str:
    await _item(setting)
    return str(setting.connection.id)


async def _sees_that_it_was_not_checked(setting: Setting) -> None:
    async with setting.stage.sessions.read(setting.merchant.id) as session:
        listing = (await session.scalars(select(Listing))).one()
        numbers = await proof.numbers(session, [listing.id])
    assert numbers[listing.id].unchecked == 1


async def _sees_stopped(setting: Setting) -> None:
    assert await setting.badge() == OUR_FAULT


async def _sees_stock_problem(setting: Setting) -> None:
    item = await setting.row(ListingItem)
    assert item.stock_problem["problem_class"] == "ours"


async def _sees_failed_import(setting: Setting) -> None:
    row = await setting.row(Import)
    assert (row.state, row.failure) == (ImportState.FAILED, "Something went wrong on our side")


async def _sees_failed_test(setting: Setting) -> None:
    async with setting.stage.sessions.read(setting.merchant.id) as session:
        connection = await session.get_one(Connection, setting.connection.id)
        card = await hub.card(session, setting.stage.process.runtime, connection)
    assert not card.checking
    assert connection.problem is not None
    assert connection.problem["problem_class"] == "ours"


async def _reads_that_new_keys_never_worked(setting: Setting) -> None:
    async with setting.stage.sessions.read(setting.merchant.id) as session:
        connection = await session.get_one(Connection, setting.connection.id)
        card = await hub.card(session, setting.stage.process.runtime, connection)
    assert card.new_keys_never_worked
    assert connection.state is ConnectionState.ACTIVE


async def _tests_the_connection(setting: Setting) -> None:
    waiting = [task for task in await setting.stage.tasks(kind="check") if task.state is TaskState.WAITING]
    assert len(waiting) == 1


async def _is_still_unread(setting: Setting) -> None:
    """Nothing is claimed of the kind, so that a publish reads its rules itself."""
    row = await setting.row(KindRules)
    assert (row.read_at, row.document, row.problem) == (None, None, None)


async def _holds_no_credentials(setting: Setting) -> None:
    assert (await setting.row(Connection)).secrets is None


Make, See = Callable[[Setting], Awaitable[str]], Callable[[Setting], Awaitable[None]]
# For each kind: what it is about, and what the merchant sees when it is given up.
EVERY_KIND: Mapping[str, tuple[Make, See]] = {
    "publish": (_listed, _sees_stopped),
    "image_check": (_image, _sees_unreadable_image),
    "update": (_listed, _sees_stopped),
    "price": (_listed, _sees_stopped),
    "end": (_withdrawn, _sees_stopped),
    "read": (_read, _sees_stopped),
    "product_changed": (_changed, _sees_stopped),
    "stock": (_item, _sees_stock_problem),
    "import": (_import, _sees_failed_import),
    "check": (_connection, _sees_failed_test),
    "new_keys": (_with_new_keys, _reads_that_new_keys_never_worked),
    "webhook": (_delivery, _tests_the_connection),
    "revoke": (_disconnected, _holds_no_credentials),
    "rules": (_kind, _is_still_unread),
    "report": (_report, _sees_failed_report),
    "check_numbers": (_to_check, _sees_that_it_was_not_checked),
    "order": (about.named, about.reads_all_instead),
    "orders": (_connection, about.sees_unread_feed),
    "compare_orders": (_connection, about.sees_no_statement),
    "accept_order": (about.pending, about.sees_problem),
    "cancel_order": (about.to_cancel, about.sees_problem),
    "store_order": (about.to_create, about.sees_it_not_in_the_store),
    "shipped": (about.left, about.sees_parcel_not_told),
}


def test_no_kind_is_left_out() -> None:
    assert set(EVERY_KIND) == set(kinds.KINDS) == set(HANDLERS)


async def ask(setting: Setting, kind: str, subject: str) -> Task:
    about_channel = kind not in {"import", "product_changed", "image_check"}
    async with setting.stage.sessions.write(setting.merchant.id) as session:
        await tasks.enqueue(
            session,
            kinds.KINDS[kind],
            [subject],
            merchant_id=setting.merchant.id,
            connection_id=setting.connection.id if about_channel else None,
            now=setting.stage.now,
        )
    (task,) = [one for one in await setting.stage.tasks(kind=kind) if one.state is TaskState.WAITING]
    return task


class Broken:
    """The real handler, but for a mistake of ours in the middle."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self.record = handler.record
        self.give_up = handler.give_up

    async def prepare(self, session: AsyncSession, batch: Batch, now: datetime) -> Prepared:
        if batch.tasks[0].kind == kinds.PRODUCT_CHANGED.name:
            # Its work is all in its preparation.
            return Prepared(work={task.id: None for task in batch.tasks})
        prepared: Prepared = await self._handler.prepare(session, batch, now)
        assert prepared.work
        return prepared

    async def call(self, runtime: Runtime, batch: Batch, prepared: Prepared) -> Mapping[UUID, Result]:
        raise KeyError("our mistake")


@pytest.mark.parametrize("kind", sorted(EVERY_KIND))
async def test_what_killed_three_workers_is_set_aside_in_sight(
    setting: Setting, clock: SettableClock, kind: str
) -> None:
    make, see = EVERY_KIND[kind]
    task = await ask(setting, kind, await make(setting))
    handlers = {**HANDLERS, kind: Broken(HANDLERS[kind])}
    doomed = Worker(setting.stage.process.runtime, "doomed", handlers)
    for _ in range(3):
        assert await engine._claim(doomed, task.lane_id, task.merchant_id) is not None
        clock.advance(LEASE.total_seconds() + 1)

    with capture_logs() as logs:
        await work_lane(Worker(setting.stage.process.runtime, "next", handlers), task.lane_id)

    (row,) = [one for one in await setting.stage.tasks(kind=kind) if one.id == task.id]
    assert (row.state, row.outcome_code) == (TaskState.QUARANTINED, "quarantined")
    assert [(one["log_level"], one["kind"]) for one in logs if one["event"] == "task_given_up"] == [("error", kind)]
    await see(setting)


@pytest.mark.once  # what is written is what the test above has written
@pytest.mark.parametrize("kind", sorted(EVERY_KIND))
async def test_what_failed_three_times_by_our_fault_is_given_up_in_sight(
    setting: Setting, clock: SettableClock, kind: str
) -> None:
    make, see = EVERY_KIND[kind]
    task = await ask(setting, kind, await make(setting))
    worker = Worker(setting.stage.process.runtime, "worker", {**HANDLERS, kind: Broken(HANDLERS[kind])})
    for _ in range(3):
        await work_lane(worker, task.lane_id)
        clock.advance(3600)

    (row,) = [one for one in await setting.stage.tasks(kind=kind) if one.id == task.id]
    assert row.state is TaskState.FAILED
    await see(setting)


async def test_a_look_the_channel_refuses_does_not_leave_the_listing_checking(setting: Setting) -> None:
    await setting.stage.shop().do("state", state="frozen")
    await ask(setting, "read", await setting.listing(attempt=LastAttempt.ACCEPTED, channel_id="gid://p"))
    await setting.stage.work()
    assert await setting.badge() == ("blocked", "This shop is frozen at Shopify")


async def test_a_handler_that_cannot_even_give_up_takes_no_lane_with_it(setting: Setting, clock: SettableClock) -> None:
    class Hopeless(Broken):
        def __init__(self, handler: Any) -> None:
            super().__init__(handler)
            self.give_up = self._fails

        async def _fails(self, session: AsyncSession, batch: Batch, problem: Problem, now: datetime) -> None:
            raise RuntimeError("again")

    task = await ask(setting, "publish", await setting.listing())
    handlers = {**HANDLERS, "publish": Hopeless(HANDLERS["publish"])}
    worker = Worker(setting.stage.process.runtime, "worker", handlers)
    for _ in range(3):
        await work_lane(worker, task.lane_id)
        clock.advance(3600)

    (row,) = [one for one in await setting.stage.tasks(kind="publish") if one.id == task.id]
    assert row.state is TaskState.FAILED
