"""What every test may ask for: a fresh database, a queue, settings that use them, a clock, two merchants.

CROSSDOCK_TEST_PAIR chooses the servers: `sqlite` (with the embedded queue, the default) or
`postgres` (with a real Redis). Each run starts its own and stops them.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest
import redis as redis_client
import structlog
from graphql import GraphQLSchema, build_schema
from playwright.sync_api import Browser, sync_playwright

from portal.config import Settings, new_vault_key
from portal.db import Sessions
from portal.models.accounts import Merchant
from tests import servers
from tests.material import SHOPIFY_SPECS
from tests.people import a_merchant
from tests.schema import make_schema
from tests.settable_clock import SettableClock

HERE = Path(__file__).parent
PAIR = os.environ.get("CROSSDOCK_TEST_PAIR", "sqlite")
# The same for both pairs of a run of everything.
TURN = os.environ.get("CROSSDOCK_TEST_TURN", "")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
# The fixtures by which a test asks for a server of the pair.
SERVERS = frozenset({"postgres", "database_url", "empty_database_url", "redis_url"})
# What is shown here is a channel's side of what `jobs`, `listings`, `orders` and `reports` show on both pairs.
ON_ONE_PAIR = HERE / "channels"
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    if PAIR not in {"sqlite", "postgres"}:
        raise pytest.UsageError(f"CROSSDOCK_TEST_PAIR is {PAIR!r}; it must be sqlite or postgres")
    if PAIR == "postgres" and (lacking := servers.missing_for_postgres()):
        raise pytest.UsageError("the PostgreSQL pair cannot run here; missing: " + ", ".join(lacking))
    # How long an example takes says how busy the machine is.
    hypothesis.settings.register_profile("any machine", deadline=None)
    hypothesis.settings.load_profile("any machine")
    # An exception in a plain traceback: structlog's own way, with every local in colours, takes longer than most tests.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


def pytest_collection_finish() -> None:
    """What is loaded by now stays, and is not to be looked through for garbage again and again: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_report_header() -> str:
    return "servers: " + ("SQLite, embedded queue" if PAIR == "sqlite" else "PostgreSQL, Redis")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What trials measured, wherever they ran."""
    for report in terminalreporter.getreports("passed"):
        for name, figure in report.user_properties:
            terminalreporter.write_line(f"{name}: {figure}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks for no server, or is of the same outcome on any (`once`), runs on the SQLite pair only.

    Where CROSSDOCK_TEST_TURN is given, every fourth of the others runs on PostgreSQL alone and the rest on SQLite
    alone. Which, is chosen anew for each turn. What is about the servers themselves (`each`) always runs on both.

    Browser tests run once, too, on that pair and last; without a browser they are skipped aloud.

    Last, because Playwright's plain interface keeps an event loop running in this thread as long as
    its browser is open: a test with an `async def` could not start its own any more.
    """
    chosen = [item for item in items if _is_for_this_pair(item)]
    config.hook.pytest_deselected(items=list(set(items).difference(chosen)))
    items[:] = chosen
    items.sort(key=lambda item: (_drives_a_browser(item), _drives_a_browser(item) and not _is_async(item)))
    try:
        servers.chromium()
        reason = "browser tests run on the SQLite pair only" if PAIR == "postgres" else ""
    except servers.Missing as error:
        reason = f"NOT RUN, missing: {error}"
    for item in items:
        if reason and _drives_a_browser(item):
            item.add_marker(pytest.mark.skip(reason=reason))


def _is_for_this_pair(item: pytest.Item) -> bool:
    if not _differs_by_server(item):
        return PAIR == "sqlite"
    if not TURN or item.get_closest_marker("faults") or item.get_closest_marker("each"):
        return True
    on_postgres = crc32(f"{TURN} {item.nodeid}".encode()) % 4 == 0
    return on_postgres == (PAIR == "postgres")


def _differs_by_server(item: pytest.Item) -> bool:
    asks = SERVERS.intersection(getattr(item, "fixturenames", ()))
    once = item.get_closest_marker("once") or item.path.is_relative_to(ON_ONE_PAIR)
    return bool(asks) and not once


def _drives_a_browser(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None


def _is_async(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function)


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """The run's own PostgreSQL cluster."""
    with servers.postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def _template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Every table is made once: in the SQLite file to be copied, or in PostgreSQL's database named `test`."""
    if PAIR == "postgres":
        cluster: servers.Postgres = request.getfixturevalue("postgres")
        asyncio.run(make_schema(cluster.create("test")))
        return None
    path = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(make_schema(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, _template: Path | None) -> Iterator[str]:
    """A database with every table and no row.

    It is where that of the test before was: what was compiled for that is not compiled again.
    """
    if _template is None:
        cluster: servers.Postgres = request.getfixturevalue("postgres")
        yield cluster.url("test")
        cluster.empty("test")
        return
    path = _template.with_name("crossdock.db")
    shutil.copy(_template, path)
    yield f"sqlite+aiosqlite:///{path}"
    for beside in ("", "-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test's own without any table."""
    if PAIR == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: servers.Postgres = request.getfixturevalue("postgres")
    name = f"empty_{next(_numbers)}"
    yield cluster.create(name)
    cluster.drop(name)


@pytest.fixture(scope="session")
def shopify_schema() -> GraphQLSchema:
    """Shopify's own description of its API, for holding ours against; tests that need it are skipped without it."""
    description = SHOPIFY_SPECS / "admin-2026-07.hub.graphql"
    if not description.exists():
        pytest.skip(f"Shopify's schema is not here: {description.name}")
    return build_schema(description.read_text("utf-8"))


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[str]:
    with servers.valkey() if PAIR == "sqlite" else servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one Chromium of the run: a second Playwright would find the first one's event loop running."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=servers.chromium(), args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """A queue server with nothing in it."""
    with redis_client.Redis.from_url(_redis_server) as client:
        client.flushall()
    return _redis_server


@pytest.fixture(scope="session")
def secret_key() -> str:
    """The installation's secret, the same in every test of a run."""
    return "0" * 64


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, secret_key: str) -> Settings:
    """Plain http on loopback, this test's database and queue, a data folder of its own."""
    return Settings(
        public_url="http://127.0.0.1:8000",
        data_dir=tmp_path / "data",
        database_url=database_url,
        redis_url=redis_url,
        vault_keys=new_vault_key(),
        secret_key=secret_key,
        smtp_url="",
        practice=True,
        open_images=False,
    )


@pytest.fixture
async def sessions(database_url: str) -> AsyncIterator[Sessions]:
    opened = Sessions(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def merchant(sessions: Sessions) -> Merchant:
    """The merchant a test is about."""
    return await a_merchant(sessions, "Alice and Bob")


@pytest.fixture
async def other_merchant(sessions: Sessions) -> Merchant:
    """Another merchant of the same installation, who must never see or be seen."""
    return await a_merchant(sessions, "Charlie")
