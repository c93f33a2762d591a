"""Memory of the whole one process with its queue, against an interpreter that only imports what it stands on."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks import imports
from benchmarks.figures import Figure
from tests.servers import free_port

BARE = "import litestar, sqlalchemy.ext.asyncio, uvicorn; print('ready', flush=True); input()"
OWNER = {"shop": "Benchmark", "identifier": "bench", "password": "three words in a row", "currency": "USD"}
PAGES = 50
# Used pages beside the process's own; pages shared with others are divided among them.
KINDS = {"RSS": re.compile(r"^Rss: +(\d+) kB$", re.MULTILINE), "PSS": re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)}


async def measure(show: Callable[[Figure], None]) -> None:
    if sys.platform != "linux":
        print("memory: left out, this system does not tell it under /proc", file=sys.stderr)
        return
    bare = await _bare()
    with TemporaryDirectory(prefix="crossdock-bench-") as folder:
        async with _running(folder) as (process, link):
            await asyncio.sleep(1)
            started = _megabytes(process.pid)
            async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                await _use(http, httpx.URL(link), Path(folder) / "catalog.csv")
            used = _megabytes(process.pid)
    for when, held in (("after start", started), ("after an import", used)):
        for kind in KINDS:
            show(Figure(f"memory {when}, {kind}", held[kind], bare[kind], "MB", "MB bare imports"))


async def _bare() -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BARE, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    held = _megabytes(process.pid)
    await process.communicate(b"\n")
    return held


def _megabytes(pid: int) -> dict[str, float]:
    """What a process and all its children hold."""
    told = [Path(f"/proc/{one}/smaps_rollup").read_text() for one in _family(pid)]
    return {kind: sum(int(line.findall(text)[0]) for text in told) / 1024 for kind, line in KINDS.items()}


def _family(pid: int) -> list[int]:
    children = [
        int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
    ]
    return [pid, *(one for child in children for one in _family(child))]


@asynccontextmanager
async def _running(folder: str) -> AsyncIterator[tuple[Process, str]]:
    """The process as `make run` starts it, and its link for the first owner."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    environment |= {"PORT": str(free_port()), "DATA_DIR": folder, "LOG_LEVEL": "WARNING"}
    command = (sys.executable, "-m", "jobs.standalone")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE)
    assert process.stdout is not None
    try:
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"\(works once\): (\S+)", line):
                yield process, found[1]
                break
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


async def _use(http: httpx.AsyncClient, link: httpx.URL, file: Path) -> None:
    """A first owner brings a large file, waits until it is in, and looks at the list of products."""
    imports.write(file)
    await _send(http, link, link.path, data=OWNER)
    with file.open("rb") as content:
        made = await _send(http, link.join("/imports"), "/imports", files={"file": content})
    place = link.join(made.headers["location"])
    await _send(http, place, f"{place.path}/commit")
    while "Everything arrived" not in (await http.get(place)).text:  # noqa: ASYNC110 - the page is asked, as by a person
        await asyncio.sleep(0.5)
    for _ in range(PAGES):
        assert (await http.get(link.join("/products"))).status_code == httpx.codes.OK


async def _send(http: httpx.AsyncClient, page: httpx.URL, action: str, **form: Any) -> httpx.Response:
    """Sends a form of the page, with the token that the page carries."""
    found = re.search(r'name="_csrf_token" value="([^"]+)"', (await http.get(page)).text)
    assert found
    form["data"] = form.get("data", {}) | {"_csrf_token": found[1]}
    answer = await http.post(page.join(action), **form)
    assert answer.is_redirect, answer.text
    return answer
