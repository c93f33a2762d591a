"""The one missing field, filled in where it is missed."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag

from portal.models.accounts import Merchant, Role
from portal.models.catalog import Product, Variant
from portal.models.inbox import InboxItem
from tests.inbox.test_pages import one
from tests.listings.site import Browser, Site


def form_of(page: BeautifulSoup, item: InboxItem) -> Tag | None:
    return page.select_one(f'form[action="/inbox/{item.id}/field"]')


async def send(browser: Browser, item: InboxItem, text: str, *, htmx: bool = True) -> BeautifulSoup:
    """The row's form with `text` typed into it."""
    page = await browser.get("/inbox")
    form = form_of(page, item)
    assert form is not None
    form.select("input")[-1]["value"] = text
    answer = await browser.press(page, f'form[action="/inbox/{item.id}/field"]', htmx=htmx)
    return BeautifulSoup(answer.text, "html.parser")


async def price(site: Site, merchant: Merchant, item: InboxItem) -> int:
    [variant] = await site.rows(merchant, Variant, product_id=item.product_id)
    return int(variant.price_minor)


async def test_a_missing_price_is_typed_into_the_row_which_is_ready_then(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    item, ready = await one(site, merchant, "Free", 0), await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox")
    form = form_of(page, item)
    assert form is not None
    label = form.select_one("label")
    assert label is not None
    assert label.text == "Price"
    assert form_of(page, ready) is None

    row = await send(alice, item, "\uff11\uff12.\uff15\uff10")

    assert await price(site, merchant, item) == 1250
    assert row.select_one(f"#decide-{item.id} button.button--primary"), "it can be published from here"
    box = row.select_one(f"#box-{item.id}-{demo.id}")
    assert box is not None
    assert box.has_attr("checked")
    assert form_of(row, item) is None


async def test_what_cannot_be_read_is_said_at_the_field_and_kept(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant, "Free", 0)
    alice = await site.sign_in(merchant, "alice")

    row = await send(alice, item, "cheap")

    assert alice.history[-1].status_code == 422
    field = row.select_one(f"#fill-{item.id}")
    assert field is not None
    assert (field["value"], field["aria-invalid"]) == ("cheap", "true")
    assert row.select_one(f"#fill-{item.id}-error")
    assert await price(site, merchant, item) == 0


async def test_without_a_script_the_page_comes_back_with_the_field_filled(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant, "Free", 0)
    alice = await site.sign_in(merchant, "alice")

    await send(alice, item, "12.50", htmx=False)

    assert alice.history[-1].headers["location"] == "/inbox"
    assert await price(site, merchant, item) == 1250


async def test_a_text_that_came_meanwhile_is_not_written_over(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant, "x" * 300)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox")
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Product, item.product_id)).title = "Short by now"

    answer = await alice.press(page, f'form[action="/inbox/{item.id}/field"]', htmx=True)

    assert answer.status_code == 409
    [product] = await site.rows(merchant, Product)
    assert product.title == "Short by now"


@pytest.mark.parametrize("control", ["vendor", "variant-nobodys-price", "tracked", ""])
async def test_only_what_a_row_can_ask_for_is_taken(site: Site, merchant: Merchant, control: str) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    answer = await alice.post(f"/inbox/{item.id}/field", {"control": control, "text": "1", "seen": ""}, htmx=True)
    assert answer.status_code == 404


async def test_another_merchants_product_is_not_filled_in_and_a_viewer_may_not(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    form = {"control": "title", "text": "Taken", "seen": "Mug"}
    charlie = await site.sign_in(other_merchant, "charlie")
    assert (await charlie.post(f"/inbox/{item.id}/field", form, htmx=True)).status_code == 404
    bob = await site.sign_in(merchant, "bob", Role.VIEWER)
    assert (await bob.post(f"/inbox/{item.id}/field", form, htmx=True)).status_code == 403
    [product] = await site.rows(merchant, Product)
    assert product.title == "Mug"
