"""From a commit to the changed number painted in Chromium, against the page fetching and painting it at once."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import time
from uuid import UUID

from playwright.async_api import Page, async_playwright
from sqlalchemy import select

from benchmarks.figures import Figure, middle, worst_of_twenty
from benchmarks.setting import Bench, bench, products
from portal.accounts.cookies import session_cookie
from portal.clock import new_id, utc_now
from portal.models.catalog import Variant
from portal.stock import service as stock
from portal.stock.service import Count
from tests.servers import Missing, chromium

TIMES = 40
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
# Times are the system's clock on both sides. A frame is on the screen when a task that was queued in it runs.
SCRIPT = """
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(Date.now()))));

// When the text stands in the element and has been painted.
window.shown = (id, text) => new Promise((done) => {
  const observer = new MutationObserver(() => {
    if (!document.getElementById(id).textContent.includes(text)) return;
    observer.disconnect();
    painted().then(done);
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
});

// How long fetching the element and painting it takes when nothing else is done.
window.fetched = async (id) => {
  const began = Date.now();
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial" };
  const answer = await fetch(`/live/fragments?id=${id}`, { headers, cache: "no-store" });
  document.getElementById("plain").innerHTML = await answer.text();
  return (await painted()) - began;
};
"""


async def measure(show: Callable[[Figure], None]) -> None:
    try:
        chromium()
    except Missing as missing:
        print(f"commit to changed pixel: left out, {missing} is not installed", file=sys.stderr)
        return
    async with bench() as made:
        await made.save(products(1))
        async with made.sessions.read(made.merchant.id) as session:
            variant = (await session.scalars(select(Variant))).one()
        async with _open(made, f"/products/{variant.product_id}") as page:
            element = f"product-summary-{variant.product_id}"
            whole = [await _once(made, page, element, variant.id, units) for units in range(100, 100 + TIMES)]
            await page.evaluate("document.body.append(Object.assign(document.createElement('div'), { id: 'plain' }))")
            alone = [await page.evaluate("id => fetched(id)", element) for _ in range(TIMES)]
    plain = "ms fetched and painted at once"
    show(Figure("commit to changed pixel, middle", middle(whole), middle(alone), "ms", plain))
    show(Figure("commit to changed pixel, 95 in 100", worst_of_twenty(whole), worst_of_twenty(alone), "ms", plain))


@asynccontextmanager
async def _open(made: Bench, path: str) -> AsyncIterator[Page]:
    """The page in the merchant's browser, its stream open and quiet."""
    settings = made.process.runtime.settings
    name = session_cookie(settings)
    cookie = {"name": name, "value": made.http.cookies[name], "url": settings.public_url}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context()
        await context.add_cookies([cookie])
        await context.add_init_script(SCRIPT)
        page = await context.new_page()
        await page.goto(settings.public_url + path)
        await page.wait_for_selector('#live-line[data-ui-state="live"]', state="attached")
        await asyncio.sleep(1)
        yield page
        await browser.close()


async def _once(made: Bench, page: Page, element: str, variant_id: UUID, units: int) -> float:
    await page.evaluate("([id, text]) => { window.seen = shown(id, text); }", [element, f"{units} units"])
    count = Count(variant_id=variant_id, quantity=units, cause="count", cause_id=str(new_id()))
    async with made.sessions.write(made.merchant.id) as session:
        await stock.move(session, merchant_id=made.merchant.id, moves=[count], made_by="bench", now=utc_now())
        began = time()
    seen: float = await asyncio.wait_for(page.evaluate("() => window.seen"), 20)
    await asyncio.sleep(random.uniform(0.3, 0.6))
    return seen - began * 1000
