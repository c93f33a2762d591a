"""A whole installation started as `make run` starts it, and a browser in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.faults import whole
from tests.faults.processes import Forked, of_every_process
from tests.servers import free_port

START_SECONDS = 90
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class Installation:
    url: str
    practice_url: str
    first_link: str
    log: Path
    data: Path

    def practice(self, path: str, data: Any = None) -> Any:
        """Asks the practice server's control API; with `data` it does something there."""
        url, headers = f"{self.practice_url}/practice/api/{path}", {"Origin": self.practice_url}
        with httpx.Client(trust_env=False) as client:
            answer = client.get(url) if data is None else client.post(url, json=data, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def shop(self) -> str:
        """The domain of the one practice shop."""
        [shop] = self.practice("shops")
        return str(shop["domain"])


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """The one process on an empty data folder, started like `make run` starts it but for reading the code anew."""
    # The practice channels listen on the next one.
    port, log, data = free_port(in_a_row=2), tmp_path / "log", tmp_path / "data"
    environment = of_every_process() | {"PORT": str(port), "DATA_DIR": str(data), "OPEN_IMAGES": "false"}
    process = Forked(whole.run, log, environment, log)
    try:
        link = _wait_for_link(process)
        yield Installation(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", link, log, data)
    finally:
        process.end()
        assert process.is_gone_within(30), log.read_text()


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    yield from a_context(browser, java_script_enabled=True)


@pytest.fixture
def plain_window(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with JavaScript switched off."""
    yield from a_context(browser, java_script_enabled=False)


def a_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Every policy violation and script error fails the test; pictures from outside are answered here."""
    # A spinner is painted sixty times a second, and without a graphics card that is most of what a page costs.
    context = browser.new_context(viewport={"width": 1366, "height": 900}, reduced_motion="reduce", **options)
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    context.route(re.compile(r"^https://"), lambda route: route.fulfill(body=PIXEL, content_type="image/png"))
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)

    context.on("page", watch)
    yield context
    context.close()
    assert [text for text in wrong if "Failed to load resource" not in text] == []


def _wait_for_link(process: Forked) -> str:
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        found = re.search(r"\(works once\): (\S+)", process.log.read_text() if process.log.exists() else "")
        if found:
            _wait_until_it_answers(found[1])
            return found[1]
        assert not process.died, process.log.read_text()
        sleep(0.1)
    raise AssertionError(process.log.read_text())


def _wait_until_it_answers(url: str) -> None:
    deadline = monotonic() + 30
    while True:
        try:
            httpx.get(url, trust_env=False)
            return
        except httpx.TransportError:
            assert monotonic() < deadline
            sleep(0.1)
