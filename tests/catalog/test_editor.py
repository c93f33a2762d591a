"""The product editor over its real routes: made, changed, refused, in two tabs, by the wrong person."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.clock import new_id
from portal.db import Sessions
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Product, ProductStatus
from portal.models.stock import Movement
from portal.models.tasks import Task
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tenancy import SYSTEM
from tests.catalog.site import HTMX, Answer, Site
from tests.settable_clock import SettableClock

FORM = "#product-form"


async def make(site: Site, **typed: str) -> str:
    """A product made through the form; its path."""
    page = await site.get("/products/new")
    fields = {"title": "Linen tote", "variant-new1-price": "24.00", **typed}
    answer = await site.post("/products", page.form(FORM, **fields))
    assert answer.status == 303, answer.response.text
    return str(answer.response.headers["location"])


async def stored(sessions: Sessions, path: str) -> Product:
    async with sessions.read(SYSTEM) as session:
        query = select(Product).where(Product.id == UUID(path.rsplit("/", 1)[-1]))
        query = query.options(selectinload(Product.variants), selectinload(Product.images))
        return (await session.scalars(query)).one()


async def tasks(sessions: Sessions) -> list[Task]:
    async with sessions.read(SYSTEM) as session:
        return list(await session.scalars(select(Task).where(Task.kind == "product_changed")))


async def save(site: Site, path: str, page: Answer, **typed: str) -> Answer:
    return await site.post(path, page.form(FORM, **typed))


async def test_a_product_made_by_hand_is_there_with_its_words_price_and_task(site: Site, sessions: Sessions) -> None:
    typed = {"variant-new1-sku": "TOTE-1", "variant-new1-barcode": "４９０１ ２３４５ ６７８９４", "tags": "linen, bag"}
    path = await make(site, **typed)
    product = await stored(sessions, path)
    assert (product.title, product.handle, product.source, product.version) == ("Linen tote", "linen-tote", "manual", 1)
    assert (product.tags, product.updated_by) == (["linen", "bag"], "Alice")
    (variant,) = product.variants
    assert (variant.sku, variant.barcode, variant.price_minor, variant.tracked) == (
        "TOTE-1",
        "4901234567894",
        2400,
        True,
    )
    assert "tote-1" in product.search_text
    assert [task.subject for task in await tasks(sessions)] == [str(product.id)]
    assert site.said[-1]["text"] == "Product saved"


async def test_the_new_form_sent_twice_makes_one_product(site: Site, sessions: Sessions) -> None:
    page = await site.get("/products/new")
    form = page.form(FORM, **{"title": "Mug", "variant-new1-price": "5"})
    answers = [await site.post("/products", form) for _ in range(3)]
    assert {answer.response.headers["location"] for answer in answers} == {
        answers[0].response.headers["location"],
    }
    async with sessions.read(SYSTEM) as session:
        assert len((await session.scalars(select(Product))).all()) == 1


async def test_a_second_product_of_the_same_title_has_its_own_handle(site: Site, sessions: Sessions) -> None:
    paths = [await make(site, title="青い マグ") for _ in range(3)]
    assert [(await stored(sessions, path)).handle for path in paths] == ["青い-マグ", "青い-マグ-2", "青い-マグ-3"]


async def test_an_id_of_another_merchants_product_makes_nothing(
    site: Site, sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    path = await make(site)
    site.sign_in(other_merchant)
    page = await site.get("/products/new")
    form = page.form(FORM, id=path.rsplit("/", 1)[-1], title="Mine now", **{"variant-new1-price": "1"})
    assert (await site.post("/products", form)).status == 409
    assert (await stored(sessions, path)).title == "Linen tote"


async def test_a_failed_save_answers_422_says_what_to_do_twice_and_keeps_what_was_typed(
    site: Site, sessions: Sessions
) -> None:
    path = await make(site)
    page = await site.get(path)
    key = (await stored(sessions, path)).variants[0].id
    answer = await save(
        site, path, page, **{"title": " ", f"variant-{key}-price": "about 5", f"variant-{key}-sku": "KEPT"}
    )
    assert answer.status == 422
    assert answer.one("title").text.startswith("Error: ")
    links = {str(link["href"]): link.text for link in answer.soup.select("#error-summary a")}
    assert links.keys() == {"#field-title", f"#field-variant-{key}-price"}
    for href, words in links.items():
        assert answer.one(href).get("aria-invalid") == "true"
        assert words in answer.words(f"{href}-error")
    assert answer.one(f"#field-variant-{key}-sku")["value"] == "KEPT"
    assert answer.one(f"#field-variant-{key}-price")["value"] == "about 5"
    assert (await stored(sessions, path)).title == "Linen tote"


async def test_a_failed_save_by_htmx_answers_the_form_alone(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    page = await site.get(path)
    answer = await site.post(path, page.form(FORM, title=""), headers=HTMX)
    assert answer.status == 422
    assert answer.soup.find("html") is None
    assert answer.one("hx-partial")["hx-target"] == f"#product-editor-{path.rsplit('/', 1)[-1]}"
    assert answer.one("#error-summary")


async def test_saving_by_htmx_answers_the_form_and_the_summary_afresh(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    page = await site.get(path)
    answer = await site.post(path, page.form(FORM, title="Canvas tote"), headers=HTMX)
    key = path.rsplit("/", 1)[-1]
    targets = [part["hx-target"] for part in answer.soup.find_all("hx-partial")]
    assert targets == [f"#product-{part}-{key}" for part in ("header", "editor", "summary", "preview")]
    assert answer.one("h1").text == "Canvas tote"
    assert json.loads(answer.response.headers["hx-trigger"])["toast"]["text"] == "Product saved"
    assert answer.one("#field-title")["value"] == "Canvas tote"


async def test_a_changed_title_is_a_new_version_a_changed_price_or_category_is_not(
    site: Site, sessions: Sessions
) -> None:
    path = await make(site)
    key = (await stored(sessions, path)).variants[0].id
    await save(site, path, await site.get(path), **{f"variant-{key}-price": "１，２３４．５０", "category": "Bags"})
    product = await stored(sessions, path)
    assert (product.version, product.variants[0].price_minor, product.category) == (1, 123450, "Bags")
    await save(site, path, await site.get(path), title="Canvas tote")
    assert (await stored(sessions, path)).version == 2
    before = await tasks(sessions)
    await save(site, path, await site.get(path))
    assert (await stored(sessions, path)).version == 2
    assert [task.version for task in await tasks(sessions)] == [task.version for task in before]


async def test_a_description_is_made_safe_when_saved_and_when_shown(site: Site, sessions: Sessions) -> None:
    path = await make(
        site, description_html='<p onclick="x()">Soft</p><script>x()</script><a href="javascript:x()">a</a>'
    )
    assert (await stored(sessions, path)).description_html == '<p>Soft</p><a rel="noopener noreferrer">a</a>'
    async with sessions.write(SYSTEM) as session:
        product = await session.get_one(Product, UUID(path.rsplit("/", 1)[-1]))
        product.description_html = "<p>Old</p><script>x()</script>"
    page = await site.get(path)
    assert page.one("#preview .prose").decode_contents().strip() == "<p>Old</p>"


async def test_variants_are_added_without_saving_and_saved_together(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    key = (await stored(sessions, path)).variants[0].id
    typed = (await site.get(path)).form(FORM, **{"option-1": "Size", f"variant-{key}-sku": "T-S"})
    added = await site.post(path, [*typed, ("do", "add-variant")])
    assert added.status == 200
    assert added.one(f"#field-variant-{key}-sku")["value"] == "T-S"
    assert added.one("#field-variant-new1-option-1").has_attr("autofocus")
    assert len((await stored(sessions, path)).variants) == 1
    answer = await save(
        site,
        path,
        added,
        **{f"variant-{key}-option-1": "S", "variant-new1-option-1": "M", "variant-new1-price": "25"},
    )
    assert answer.status == 303, answer.response.text
    product = await stored(sessions, path)
    assert product.option_names == ["Size"]
    assert [(one.option_values, one.price_minor) for one in product.variants] == [(["S"], 2400), (["M"], 2500)]
    assert product.variants[0].id == key


async def test_two_variants_alike_and_one_unnamed_are_each_said(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    key = (await stored(sessions, path)).variants[0].id
    page = await site.get(path)
    added = await site.post(path, [*page.form(FORM, **{"option-1": "Size"}), ("do", "add-variant")])
    same = {f"variant-{key}-option-1": "S", "variant-new1-option-1": "S", "variant-new1-price": "1"}
    answer = await save(site, path, added, **same)
    assert answer.status == 422
    assert "Another variant" in answer.words("#error-summary")
    unnamed = await save(site, path, added, **{**same, "option-1": "", "variant-new1-option-1": "M"})
    assert "Name an option" in unnamed.words("#error-summary")


async def test_a_removed_variant_goes_with_its_movements(
    site: Site, sessions: Sessions, merchant: Merchant, clock: SettableClock
) -> None:
    path = await make(site)
    key = (await stored(sessions, path)).variants[0].id
    page = await site.get(path)
    added = await site.post(path, [*page.form(FORM, **{"option-1": "Size"}), ("do", "add-variant")])
    names = {f"variant-{key}-option-1": "S", "variant-new1-option-1": "M", "variant-new1-price": "1"}
    await save(site, path, added, **names)
    async with sessions.write(merchant.id) as session:
        moves = [Move(variant_id=key, quantity=3, cause="received", cause_id="1")]
        await stock.move(session, merchant_id=merchant.id, moves=moves, made_by="", now=clock())
    answer = await save(site, path, await site.get(path), **{f"variant-{key}-remove": "1"})
    assert answer.status == 303, answer.response.text
    product = await stored(sessions, path)
    assert [one.option_values for one in product.variants] == [["M"]]
    async with sessions.read(SYSTEM) as session:
        assert (await session.scalars(select(Movement))).all() == []


async def test_images_are_added_moved_and_taken_away_by_buttons(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    page = await site.get(path)
    one = await site.post(path, [*page.form(FORM), ("do", "add-image")])
    two = await site.post(path, [*one.form(FORM, **{"image-new1-url": "https://x.example/a.jpg"}), ("do", "add-image")])
    filled = two.form(FORM, **{"image-new2-url": "https://x.example/b.jpg", "image-new2-alt": "Back"})
    swapped = await site.post(path, [*filled, ("do", "up:new2")])
    await save(site, path, swapped)
    images = (await stored(sessions, path)).images
    assert [(image.url, image.alt) for image in images] == [
        ("https://x.example/b.jpg", "Back"),
        ("https://x.example/a.jpg", ""),
    ]
    page = await site.get(path)
    await save(site, path, page, **{f"image-{images[0].id}-url": ""})
    assert [image.url for image in (await stored(sessions, path)).images] == ["https://x.example/a.jpg"]
    refused = await save(site, path, await site.get(path), title="")
    assert refused.status == 422


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "x", "https://", "https://a b"])
async def test_an_image_needs_a_web_address(site: Site, url: str) -> None:
    path = await make(site)
    page = await site.post(path, [*(await site.get(path)).form(FORM), ("do", "add-image")])
    answer = await save(site, path, page, **{"image-new1-url": url})
    assert answer.status == 422
    assert "https://" in answer.words("#error-summary")


async def test_the_second_tab_sees_what_differs_and_saves_what_it_chooses(site: Site, sessions: Sessions) -> None:
    path = await make(site, vendor="Loom")
    first, second = await site.get(path), await site.get(path)
    assert (await save(site, path, first, title="From tab one", vendor="Mill")).status == 303
    answer = await save(site, path, second, title="From tab two", tags="mine")
    assert answer.status == 409
    assert (await stored(sessions, path)).title == "From tab one"
    shown = answer.words("#differences")
    assert all(words in shown for words in ("From tab one", "From tab two", "Mill", "Loom", "Alice"))
    chosen = await save(site, path, answer, **{"take-title": "mine", "take-vendor": "theirs"})
    assert chosen.status == 303, chosen.response.text
    product = await stored(sessions, path)
    assert (product.title, product.vendor, product.tags) == ("From tab two", "Mill", ["mine"])


@pytest.mark.parametrize(("side", "title"), [("mine", "Two"), ("theirs", "One")])
async def test_one_press_keeps_all_of_one_side(site: Site, sessions: Sessions, side: str, title: str) -> None:
    path = await make(site)
    first, second = await site.get(path), await site.get(path)
    await save(site, path, first, title="One")
    answer = await save(site, path, second, title="Two", vendor="Only mine")
    await site.post(path, [*answer.form(FORM), ("take-all", side)])
    product = await stored(sessions, path)
    assert (product.title, product.vendor) == (title, "Only mine")


async def test_a_third_save_while_choosing_asks_again(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    first, second, third = [await site.get(path) for _ in range(3)]
    await save(site, path, first, title="One")
    asked = await save(site, path, second, title="Two")
    await site.post(path, [*(await save(site, path, third, title="Three")).form(FORM), ("take-all", "mine")])
    again = await site.post(path, [*asked.form(FORM), ("take-all", "mine")])
    assert again.status == 409
    assert "Three" in again.words("#differences")
    assert (await stored(sessions, path)).title == "Three"


async def test_a_change_of_stock_meanwhile_is_no_conflict(
    site: Site, sessions: Sessions, merchant: Merchant, clock: SettableClock
) -> None:
    path = await make(site)
    page = await site.get(path)
    async with sessions.write(merchant.id) as session:
        key = (await stored(sessions, path)).variants[0].id
        moves = [Move(variant_id=key, quantity=3, cause="received", cause_id="1")]
        await stock.move(session, merchant_id=merchant.id, moves=moves, made_by="", now=clock())
    assert (await save(site, path, page, title="Still saved")).status == 303
    product = await stored(sessions, path)
    assert (product.title, product.variants[0].on_hand) == ("Still saved", 3)


async def test_an_imported_sku_in_full_width_stays_as_its_shop_knows_it(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    async with sessions.write(SYSTEM) as session:
        variant = (await session.merge(await stored(sessions, path))).variants[0]
        variant.sku = "ＡＢ－１"
    await save(site, path, await site.get(path), title="Renamed")
    assert (await stored(sessions, path)).variants[0].sku == "ＡＢ－１"


async def test_archiving_waits_for_undo_and_undo_puts_back_what_was(
    site: Site, sessions: Sessions, clock: SettableClock
) -> None:
    path = await make(site, status="draft")
    async with sessions.write(SYSTEM) as session:
        for task in await session.scalars(select(Task)):
            await session.delete(task)
    answer = await site.post(f"{path}/archive", headers=HTMX)
    assert (await stored(sessions, path)).status is ProductStatus.ARCHIVED
    (task,) = await tasks(sessions)
    assert task.not_before == clock() + timedelta(seconds=10)
    toast = json.loads(answer.response.headers["hx-trigger"])["toast"]
    assert toast["text"] == "Product archived"
    await site.post(toast["url"], headers=HTMX)
    assert (await stored(sessions, path)).status is ProductStatus.DRAFT


async def test_a_wrong_check_digit_is_a_note_and_saves(site: Site, sessions: Sessions) -> None:
    path = await make(site, **{"variant-new1-barcode": "4901234567890"})
    key = (await stored(sessions, path)).variants[0].id
    assert "should be 4" in (await site.get(path)).words(f"#field-variant-{key}-barcode-hint")


async def test_columns_without_a_field_are_shown_as_kept(site: Site, sessions: Sessions) -> None:
    path = await make(site)
    async with sessions.write(SYSTEM) as session:
        product = await session.get_one(Product, UUID(path.rsplit("/", 1)[-1]))
        product.extra = {"Google Shopping / Gender": "<b>unisex</b>"}
    page = await site.get(path)
    assert "<b>unisex</b>" in page.words("#kept")


async def test_another_merchant_finds_none_of_it(site: Site, sessions: Sessions, other_merchant: Merchant) -> None:
    path = await make(site)
    form = (await site.get(path)).form(FORM, title="Stolen")
    site.sign_in(other_merchant)
    for strange in (path, f"/products/{new_id()}", "/products/nothing"):
        assert (await site.get(strange)).status == 404
        assert (await site.post(strange, form)).status == 404
        assert (await site.post(f"{strange}/archive")).status == 404
        assert (await site.post(f"{strange}/restore")).status == 404
    product = await stored(sessions, path)
    assert (product.title, product.status) == ("Linen tote", ProductStatus.ACTIVE)


async def test_a_viewer_reads_and_writes_nothing(site: Site, sessions: Sessions, merchant: Merchant) -> None:
    path = await make(site)
    form = (await site.get(path)).form(FORM, title="Not mine to say")
    site.sign_in(merchant, Role.VIEWER)
    page = await site.get(path)
    assert page.status == 200
    assert page.one("#product-form fieldset[disabled]")
    assert page.soup.select("#product-form button:not([name])") == []
    writes = [site.post(path, form), site.post(f"{path}/archive"), site.post(f"{path}/restore")]
    for write in [*writes, site.post("/products", form), site.get("/products/new")]:
        assert (await write).status == 403
    assert (await stored(sessions, path)).title == "Linen tote"


async def test_nobody_signed_in_is_sent_to_sign_in_and_back(site: Site) -> None:
    path = await make(site)
    site.who = None
    answer = await site.get(path)
    assert answer.status == 303
    assert answer.response.headers["location"].startswith("/sign-in?next=%2Fproducts%2F")
