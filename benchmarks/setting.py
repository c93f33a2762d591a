"""The installation a benchmark measures: SQLite and the embedded queue in a new folder, one merchant signed in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from redis.asyncio import Redis

from jobs import queue
from jobs.boot import Process
from portal.accounts import sessions as signed_in
from portal.accounts.audit import Visit
from portal.accounts.cookies import session_cookie
from portal.app import create_app
from portal.catalog import service as catalog
from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.clock import utc_now
from portal.config import Settings, new_vault_key
from portal.live import Hub
from portal.migrations.run import upgrade
from portal.models.accounts import Member, Merchant, Role, User
from portal.tenancy import SYSTEM
from tests.servers import free_port

PIECE = 1000


@dataclass(frozen=True, slots=True)
class Bench:
    """`http` is the merchant's signed-in browser, `merchant` whose data is measured."""

    process: Process
    folder: Path
    merchant: Merchant
    http: httpx.AsyncClient

    @property
    def sessions(self) -> Any:
        return self.process.runtime.sessions

    @property
    def database(self) -> Path:
        return self.folder / "crossdock.db"

    async def save(self, records: list[NewProduct]) -> None:
        """The products are in the catalog, a thousand a transaction, as an import writes them."""
        for start in range(0, len(records), PIECE):
            async with self.sessions.write(self.merchant.id) as session:
                piece = records[start : start + PIECE]
                await catalog.save_imported(session, self.merchant.id, piece, source="benchmark", now=utc_now())


def products(number: int) -> list[NewProduct]:
    """Plain products, one variant and one image each."""
    return [
        NewProduct(
            handle=f"mug-{n}",
            title=f"Stoneware mug {n}",
            description_html="<p>Hand thrown, glazed inside and out.</p>",
            vendor=f"Pottery {n % 40}",
            product_type=f"Mugs {n % 12}",
            images=(NewImage(url=f"https://cdn.example.com/mug-{n}.jpg", alt="Mug"),),
            variants=(NewVariant(sku=f"MUG-{n}", price_minor=2400 + n % 900),),
        )
        for n in range(number)
    ]


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """A fresh installation whose portal is served on loopback; no worker runs in it."""
    with TemporaryDirectory(prefix="crossdock-bench-") as name:
        folder, port = Path(name), free_port()
        async with queue.embedded(folder) as redis_url:
            settings = Settings(
                public_url=f"http://127.0.0.1:{port}",
                port=port,
                data_dir=folder,
                database_url=f"sqlite+aiosqlite:///{folder / 'crossdock.db'}",
                redis_url=redis_url,
                vault_keys=new_vault_key(),
                secret_key="0" * 64,
                log_level="WARNING",
            )
            await upgrade(settings.database_url)
            process = Process.start(settings)
            try:
                async with _served(process):
                    merchant, token = await _merchant(process)
                    cookies = {session_cookie(settings): token}
                    async with httpx.AsyncClient(
                        base_url=settings.public_url, cookies=cookies, trust_env=False, timeout=60
                    ) as http:
                        yield Bench(process, folder, merchant, http)
            finally:
                await process.stop()


@asynccontextmanager
async def _served(process: Process) -> AsyncIterator[None]:
    settings = process.runtime.settings
    hub, redis = Hub(settings.redis_url), Redis.from_url(settings.redis_url)
    app = create_app(process.runtime, hub, redis)
    options = uvicorn.Config(app, port=settings.port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(options)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # Ctrl-C is the script's
    hub.start()
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells its start by a flag only
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await hub.close()
        await task
        await redis.aclose()


async def _merchant(process: Process) -> tuple[Merchant, str]:
    """A merchant, and the token of a browser its owner is signed in with."""
    async with process.runtime.sessions.write(SYSTEM) as session:
        merchant, user = Merchant(name="Benchmark", currency="USD"), User(username="bench", password_hash="!")
        session.add_all([merchant, user])
        await session.flush()
        session.add(Member(merchant_id=merchant.id, user_id=user.id, role=Role.OWNER))
        token = signed_in.begin(session, user_id=user.id, merchant_id=merchant.id, visit=Visit(now=utc_now()))
    return merchant, token
