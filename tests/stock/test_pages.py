"""The stock page over its real routes: the sum behind each number, its causes, and changing it by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.clock import new_id
from portal.db import Sessions
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Product, Variant
from portal.models.connections import ConnectionState
from portal.models.listings import ListingItem
from portal.models.stock import Movement
from portal.models.tasks import Task
from portal.tenancy import SYSTEM
from tests.catalog.site import HTMX, Answer, Site
from tests.settable_clock import SettableClock
from tests.stock.products import a_listing, a_product


async def one_variant(sessions: Sessions, product: Product) -> Variant:
    async with sessions.read(SYSTEM) as session:
        return (await session.scalars(select(Variant).where(Variant.product_id == product.id))).one()


async def change(site: Site, variant: Variant, page: Answer | None = None, **typed: str) -> Answer:
    page = page or await site.get(f"/products/{variant.product_id}/stock")
    return await site.post(path_of(variant), page.form(f"#stock-variant-{variant.id} form", **typed))


def path_of(variant: Variant) -> str:
    return f"/products/{variant.product_id}/variants/{variant.id}/stock"


@pytest.mark.parametrize(
    ("typed", "after"), [("１２", 12), ("+3", 8), ("－2", 3), ("-9", 0), ("0", 0), ("1,000", 1000)]
)
async def test_a_number_sets_the_stock_and_a_signed_one_changes_it(
    site: Site, sessions: Sessions, merchant: Merchant, typed: str, after: int
) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    await change(site, variant, quantity="5", reason="received")
    answer = await change(site, variant, quantity=typed, reason="counted")
    assert answer.status == 303, answer.response.text
    assert (await one_variant(sessions, await _product(sessions, variant))).on_hand == after
    async with sessions.read(SYSTEM) as session:
        total = sum(await session.scalars(select(Movement.quantity)))
    assert total == after


async def test_the_form_sent_ten_times_changes_stock_once(site: Site, sessions: Sessions, merchant: Merchant) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    page = await site.get(f"/products/{variant.product_id}/stock")
    for _ in range(10):
        assert (await change(site, variant, page, quantity="+3", reason="received")).status == 303
    assert (await one_variant(sessions, await _product(sessions, variant))).on_hand == 3


async def test_a_count_against_an_older_number_is_asked_about_and_kept(
    site: Site, sessions: Sessions, merchant: Merchant
) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    page = await site.get(f"/products/{variant.product_id}/stock")
    await change(site, variant, quantity="+4", reason="received")
    answer = await change(site, variant, page, quantity="10", reason="counted")
    assert answer.status == 422
    assert "changed to 4" in answer.words("#error-summary")
    assert answer.one("title").text.startswith("Error: ")
    assert answer.one(f"#variant-{variant.id}-quantity")["value"] == "10"
    assert (await change(site, variant, answer)).status == 303
    assert (await one_variant(sessions, await _product(sessions, variant))).on_hand == 10


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"quantity": "many"}, "quantity"),
        ({"quantity": ""}, "quantity"),
        ({"mark": "x", "quantity": "1"}, "quantity"),
    ],
)
async def test_what_cannot_be_read_is_said_at_its_field(
    site: Site, sessions: Sessions, merchant: Merchant, typed: dict[str, str], field: str
) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    answer = await change(site, variant, None, **typed)
    assert answer.status == 422
    (link,) = answer.soup.select("#error-summary a")
    assert link["href"] == f"#variant-{variant.id}-{field}"
    assert answer.one(str(link["href"]))["aria-invalid"] == "true"


async def test_taking_more_than_there_is_says_so(site: Site, sessions: Sessions, merchant: Merchant) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    await change(site, variant, quantity="2", reason="received")
    page = await site.get(f"/products/{variant.product_id}/stock")
    form = page.form(f"#stock-variant-{variant.id} form", quantity="-5", reason="damaged")
    answer = await site.post(path_of(variant), form, headers=HTMX)
    assert answer.response.headers["hx-redirect"] == f"/products/{variant.product_id}/stock"
    assert (site.said[-1]["text"], site.said[-1]["tone"]) == ("Only 2 were there", "warning")


async def test_the_page_shows_the_sum_each_channel_gets_and_the_last_causes(
    site: Site, sessions: Sessions, merchant: Merchant, clock: SettableClock
) -> None:
    product = await a_product(sessions, merchant)
    variant = await one_variant(sessions, product)
    live = await a_listing(sessions, product, [variant])
    held = await a_listing(sessions, product, [variant], ConnectionState.NEEDS_REAUTH)
    for number in range(7):
        await change(site, variant, quantity=f"+{number + 1}", reason="received")
    async with sessions.write(SYSTEM) as session:
        query = select(ListingItem).where(ListingItem.connection_id == live.id)
        item = (await session.scalars(query)).one()
        item.sent_quantity, item.sent_quantity_at = 21, clock()
    page = await site.get(f"/products/{product.id}/stock")
    row = page.words(f'tr[data-connection="{live.id}"]')
    assert "28 − 0 − 0 − 0 = 28 21" in row
    assert "Paused" in page.words(f'tr[data-connection="{held.id}"]')
    causes = [row.get_text(" ", strip=True) for row in page.soup.select("tr[data-movement]")]
    assert [row.split()[-1] for row in causes] == ["+7", "+6", "+5", "+4", "+3"]
    assert all("Received" in row and "Alice" in row for row in causes)


async def test_a_change_leaves_a_task_for_each_channel(site: Site, sessions: Sessions, merchant: Merchant) -> None:
    product = await a_product(sessions, merchant)
    variant = await one_variant(sessions, product)
    connection = await a_listing(sessions, product, [variant])
    await change(site, variant, quantity="4", reason="counted")
    async with sessions.read(SYSTEM) as session:
        (task,) = await session.scalars(select(Task))
    assert (task.kind, task.connection_id) == ("stock", connection.id)


async def test_sixty_variants_are_shown_fifty_at_a_time(site: Site, sessions: Sessions, merchant: Merchant) -> None:
    product = await a_product(sessions, merchant, variants=60)
    first = await site.get(f"/products/{product.id}/stock")
    assert len(first.soup.select("[data-on-hand]")) == 50
    rest = await site.get(str(first.one("nav.pager a[rel=next]")["href"]))
    assert len(rest.soup.select("[data-on-hand]")) == 10
    assert rest.soup.select("nav.pager") == []


async def test_another_merchant_finds_and_changes_nothing(
    site: Site, sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    other = await one_variant(sessions, await a_product(sessions, other_merchant))
    page = await site.get(f"/products/{variant.product_id}/stock")
    form = page.form(f"#stock-variant-{variant.id} form", quantity="9")
    # A variant of another product of one's own is as unknown here as anybody else's.
    mixed = f"/products/{variant.product_id}/variants/{other.id}/stock"
    assert (await site.post(mixed, form)).status == 404
    site.sign_in(other_merchant)
    for path in (f"/products/{variant.product_id}/stock", f"/products/{new_id()}/stock", "/products/x/stock"):
        assert (await site.get(path)).status == 404
    assert (await site.post(path_of(variant), form)).status == 404
    assert (await one_variant(sessions, await _product(sessions, variant))).on_hand == 0
    live = await site.get(f"/live/fragments?id=stock-variant-{variant.id}&id=stock-variant-{other.id}")
    assert [part["hx-target"] for part in live.soup.find_all("hx-partial")] == [f"#stock-variant-{other.id}"]


async def test_a_viewer_reads_and_changes_nothing(site: Site, sessions: Sessions, merchant: Merchant) -> None:
    variant = await one_variant(sessions, await a_product(sessions, merchant))
    form = (await site.get(f"/products/{variant.product_id}/stock")).form(f"#stock-variant-{variant.id} form")
    site.sign_in(merchant, Role.VIEWER)
    page = await site.get(f"/products/{variant.product_id}/stock")
    assert page.status == 200
    assert page.soup.select(f"#stock-variant-{variant.id} form") == []
    assert (await site.post(path_of(variant), form)).status == 403


async def _product(sessions: Sessions, variant: Variant) -> Product:
    async with sessions.read(SYSTEM) as session:
        return await session.get_one(Product, variant.product_id)


@pytest.mark.parametrize(("kind", "said"), [("data", "Refused"), ("ours", "Stopped: our fault")])
async def test_a_number_that_did_not_arrive_says_whose_turn_it_is(
    site: Site, sessions: Sessions, merchant: Merchant, kind: str, said: str
) -> None:
    product = await a_product(sessions, merchant)
    variant = await one_variant(sessions, product)
    await a_listing(sessions, product, [variant])
    async with sessions.write(SYSTEM) as session:
        item = (await session.scalars(select(ListingItem))).one()
        item.stock_problem = {"problem_class": kind, "code": "x", "original": ""}
    page = await site.get(f"/products/{product.id}/stock")
    assert said in page.response.text
