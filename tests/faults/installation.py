"""A whole installation of real processes, shops that sell through it, and what must be true of them after a fault."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from signal import SIGKILL, Signals
from time import monotonic
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as DatabaseConnection
from sqlalchemy import func, select

from connectors.shopify.mapping import MARK_KEY
from portal.catalog.records import NewProduct, NewVariant
from portal.invariants import violations
from portal.listings import publishing
from portal.migrations import run as migrations
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.tasks import OPEN, Attempt, Task, TaskState
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from portal.tenancy import SYSTEM
from tests.faults import moments, processes
from tests.faults.moments import Moment
from tests.faults.processes import Queue, Web, Whole, Worker
from tests.people import a_merchant
from tests.servers import free_port
from tests.stage import PracticeShop, Stage

TRIALS = int(os.environ.get("FAULT_TRIALS", "1"))
# What is promised of the product as it is shipped.
RECOVERY_SECONDS = 60
START = 10
_numbers = count(1)


@dataclass
class Installation:
    """Database, queue and practice shop of a test, and the workers it has started."""

    stage: Stage
    queue: Queue
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    webs: list[Web] = field(default_factory=list)
    wholes: list[Whole] = field(default_factory=list)

    @property
    def on_sqlite(self) -> bool:
        return self.stage.process.runtime.settings.database_url.startswith("sqlite")

    def worker(self, *, hurried: bool = True, altered: Mapping[str, Any] = MappingProxyType({})) -> Worker:
        settings = self.stage.process.runtime.settings
        started = Worker(settings, self.folder, hurried=hurried, altered=altered)
        self.workers.append(started)
        return started

    async def web(self, port: int | None = None) -> Web:
        """One more web process, which answers already."""
        started = Web(self.stage.process.runtime.settings, self.folder, port or free_port())
        self.webs.append(started)
        await self.eventually(partial(self._answers, started), RECOVERY_SECONDS)
        return started

    async def whole(self) -> Whole:
        """The one process, which answers already."""
        await self.stamp()
        settings = self.stage.process.runtime.settings
        started = Whole(settings, self.folder, free_port())
        self.wholes.append(started)
        await self.eventually(partial(self._answers, started), RECOVERY_SECONDS)
        return started

    async def stamp(self) -> None:
        """The database says that it has every step: a test's is not made by them."""
        await migrations.in_one_transaction(self.stage.process.runtime.settings.database_url, _stamp)

    async def _answers(self, web: Web | Whole) -> bool:
        try:
            return (await self.stage.http.get(f"{web.url}/healthz")).is_success
        except httpx.TransportError:
            return False

    def ask(self, moment: Moment, kind: str = "", how: Signals = SIGKILL) -> None:
        """The worker that comes first to this moment of a batch of the kind dies there, or stops."""
        moments.ask(self._order, moment, kind, how)

    async def stopped(self, seconds: float = 30) -> Worker:
        """The worker that has stopped as it was asked to."""

        def found() -> list[Worker]:
            return [worker for worker in self.workers if moments.obeyed(self._order, worker.pid)]

        await processes.until(lambda: bool(found()), seconds, f"a worker should have stopped; see {self.folder}")
        return found()[-1]

    async def trader(self, name: str = "shop", *, currency: str = "USD") -> Trader:
        """A merchant newly connected to a practice shop of their own. A worker must be running."""
        domain = f"{name}-{next(_numbers)}.myshopify.com"
        merchant = await a_merchant(self.stage.sessions, domain, currency=currency)
        await self.stage.shop(domain).opens(currency)
        trader = Trader(self.stage, merchant, await self.stage.connect(merchant, shop=domain), domain)
        # Nobody here listens to webhooks: the shop would try to send each of them again and again.
        await trader.shop.fault("lose")
        await self.idle()
        return trader

    async def idle(self, seconds: float = RECOVERY_SECONDS) -> None:
        """No promise is open any more."""
        await self.eventually(self._nothing_open, seconds)

    async def eventually(self, true: Callable[[], Awaitable[bool]], seconds: float) -> None:
        deadline = monotonic() + seconds
        while not await true():
            assert monotonic() < deadline, f"after {seconds} s: {await self.counts()}; see {self.folder}"
            await asyncio.sleep(0.05)

    async def counts(self) -> dict[str, int]:
        """How many tasks there are, by kind and state."""
        async with self.stage.sessions.read(SYSTEM) as session:
            rows = await session.execute(select(Task.kind, Task.state, func.count()).group_by(Task.kind, Task.state))
            return {f"{kind} {state}": number for kind, state, number in rows}

    async def tasks(self, kind: str, state: TaskState) -> list[Task]:
        return await self.stage.tasks(kind=kind, state=state)

    @property
    def _order(self) -> Path:
        return self.folder / "order"

    async def sound(self) -> None:
        """Every invariant holds."""
        assert await violations(self.stage.sessions) == []

    async def _nothing_open(self) -> bool:
        async with self.stage.sessions.read(SYSTEM) as session:
            return not await session.scalar(select(func.count()).where(Task.state.in_(OPEN)))


@dataclass
class Trader:
    """One merchant with one practice shop. `expected` is what each SKU must have in the end."""

    stage: Stage
    merchant: Merchant
    connection: Connection
    domain: str
    products: list[UUID] = field(default_factory=list)
    variants: dict[str, UUID] = field(default_factory=dict)
    expected: dict[str, int] = field(default_factory=dict)

    @property
    def shop(self) -> PracticeShop:
        return self.stage.shop(self.domain)

    async def stocks(self, names: Sequence[str], *, variants: int = 2) -> None:
        """The catalog has these products, ten of each variant."""
        saved = await self.stage.add(self.merchant, *(_product(name, variants) for name in names))
        self.products += [product.id for product in saved]
        for name, product in zip(names, saved, strict=True):
            made = {_sku(name, size): variant.id for size, variant in enumerate(product.variants)}
            self.variants |= made
            self.expected |= dict.fromkeys(made, START)

    async def publishes(self, *connections: Connection, only: Sequence[UUID] = ()) -> None:
        """All products, or only these, go to these connections, or to the shop."""
        products = only or self.products
        async with self.stage.sessions.write(self.merchant.id) as session:
            pairs = [(product, one.id) for one in connections or [self.connection] for product in products]
            await publishing.publish(session, merchant_id=self.merchant.id, pairs=pairs, now=self.stage.now)

    async def moves(self, quantity: int, skus: Sequence[str] | None = None) -> None:
        """So many more of each SKU (all of them by default) are on hand, or fewer."""
        chosen = list(self.variants if skus is None else skus)
        cause_id = str(next(_numbers))
        moves = [Move(variant_id=self.variants[s], quantity=quantity, cause="sale", cause_id=cause_id) for s in chosen]
        async with self.stage.sessions.write(self.merchant.id) as session:
            await stock.move(session, merchant_id=self.merchant.id, moves=moves, made_by="test", now=self.stage.now)
        for sku in chosen:
            self.expected[sku] += quantity

    async def was_recorded(self, kind: str) -> bool:
        """Whether a batch of the kind has been called and recorded."""
        async with self.stage.sessions.read(self.merchant.id) as session:
            query = select(func.count()).where(Attempt.kind == kind, Attempt.ended_at.is_not(None))
            return bool(await session.scalar(query))

    async def kill(self, worker: Worker, operation: str, when: str) -> None:
        """The shop kills the worker at its next call of the operation, before or after accepting it."""
        await self.shop.fault("kill", count=1, operation=operation, when=when, pid=worker.pid)

    async def on_hand(self) -> dict[str, int]:
        async with self.stage.sessions.read(self.merchant.id) as session:
            rows = await session.execute(select(Variant.sku, Variant.on_hand))
            return {row.sku: row.on_hand for row in rows}

    async def offered(self) -> dict[str, int]:
        """What buyers can order in the shop, by SKU."""
        return {
            variant["sku"]: sum(variant["available"].values())
            for product in await self.shop.products()
            for variant in product["variants"]
        }

    async def sells_each_product_once(self) -> None:
        """The shop has made one product for each of ours, ever, shows it, and offers what there is."""
        there = await self.shop.products()
        marks = [value for product in there for name, value in product["metafields"].items() if name.endswith(MARK_KEY)]
        assert sorted(marks) == sorted(str(product) for product in self.products)
        assert {product["status"] for product in there} == {"ACTIVE"}
        assert all(product["publishedOn"] for product in there)
        assert await self.on_hand() == self.expected, "stock was invented or lost"
        assert await self.offered() == self.expected

    async def has_kept_every_promise(self, *, set_aside: Collection[str] = ()) -> None:
        """Every promise is kept, but for what the clock has just asked for. Of some kinds one may be `set_aside`."""
        lost = [
            (task.kind, task.state, task.outcome_code)
            for task in await self.stage.tasks(merchant_id=self.merchant.id)
            if task.state not in KEPT
            and not (task.kind in BY_THE_CLOCK and task.state in OPEN)
            and not (task.kind in set_aside and task.state is TaskState.QUARANTINED)
        ]
        assert not lost, lost


def _stamp(connection: DatabaseConnection) -> None:
    """Its tables are those of the latest step, and now it says so."""
    script = ScriptDirectory(str(migrations.FOLDER))
    MigrationContext.configure(connection).stamp(script, "head")


# What the schedule asks for, whatever the trial is at.
BY_THE_CLOCK = {kinds.CHECK_NUMBERS.name, kinds.ORDERS.name, kinds.COMPARE_ORDERS.name}
KEPT = {TaskState.DONE, TaskState.MERGED, TaskState.CANCELLED}


def _product(name: str, variants: int) -> NewProduct:
    return NewProduct(
        handle=name,
        title=name.title(),
        option_names=("Size",),
        variants=tuple(
            NewVariant(option_values=(str(size),), sku=_sku(name, size), price_minor=1000 + size, quantity=START)
            for size in range(variants)
        ),
    )


def _sku(name: str, size: int) -> str:
    return f"{name}-{size}"
