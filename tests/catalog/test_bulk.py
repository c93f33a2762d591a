"""Products in bulk: made once, known again, changed where the source says so, never lost."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.catalog import service as catalog
from portal.catalog.records import NewImage, NewProduct, NewVariant, Outcome, SavedProduct
from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant
from portal.models.tasks import Task
from portal.tenancy import SYSTEM
from tests.settable_clock import SettableClock

TEE = NewProduct(
    handle="tee",
    title="Tee",
    description_html="<p>Soft</p>",
    vendor="Loom",
    tags=("summer",),
    option_names=("Size",),
    variants=(
        NewVariant(option_values=("S",), sku="TEE-S", price_minor=1500, quantity=3),
        NewVariant(option_values=("M",), sku="TEE-M", price_minor=1500, quantity=4, grams=180),
    ),
    images=(NewImage(url="https://x.example/1.jpg", alt="Front"), NewImage(url="https://x.example/2.jpg")),
    extra={"Google Shopping / Gender": "unisex"},
)


async def save(sessions: Sessions, merchant: Merchant, *products: NewProduct) -> list[SavedProduct]:
    async with sessions.write(merchant.id) as session:
        return await catalog.save_imported(session, merchant.id, products, source="shopify", now=SettableClock()())


async def stored(sessions: Sessions, handle: str = "tee") -> Product:
    async with sessions.read(SYSTEM) as session:
        query = select(Product).where(Product.handle == handle)
        query = query.options(selectinload(Product.variants), selectinload(Product.images))
        return (await session.scalars(query)).one()


async def test_a_new_product_arrives_whole(sessions: Sessions, merchant: Merchant) -> None:
    (saved,) = await save(sessions, merchant, TEE)
    product = await stored(sessions)
    assert saved.outcome is Outcome.CREATED
    assert [(one.previous, one.wanted) for one in saved.variants] == [(None, 3), (None, 4)]
    assert [one.id for one in saved.variants] == [variant.id for variant in product.variants]
    assert (product.title, product.vendor, product.tags, product.source) == ("Tee", "Loom", ["summer"], "shopify")
    assert product.extra == {"Google Shopping / Gender": "unisex"}
    assert [(v.option_values, v.sku, v.price_minor, v.grams) for v in product.variants] == [
        (["S"], "TEE-S", 1500, None),
        (["M"], "TEE-M", 1500, 180),
    ]
    assert [(image.url, image.alt) for image in product.images] == [
        ("https://x.example/1.jpg", "Front"),
        ("https://x.example/2.jpg", ""),
    ]
    assert "tee-m" in product.search_text
    assert [variant.on_hand for variant in product.variants] == [0, 0]


async def test_the_same_products_again_change_nothing(sessions: Sessions, merchant: Merchant) -> None:
    (first,) = await save(sessions, merchant, TEE)
    (second,) = await save(sessions, merchant, TEE)
    assert second.outcome is Outcome.UNCHANGED
    assert [one.id for one in second.variants] == [one.id for one in first.variants]
    assert [(one.previous, one.wanted) for one in second.variants] == [(0, 3), (0, 4)]
    product = await stored(sessions)
    assert (product.version, len(product.variants), len(product.images)) == (1, 2, 2)


async def test_a_changed_title_gives_a_new_version_and_a_changed_price_none(
    sessions: Sessions, merchant: Merchant
) -> None:
    await save(sessions, merchant, TEE)
    dearer = replace(TEE, variants=(replace(TEE.variants[0], price_minor=1600), TEE.variants[1]))
    assert (await save(sessions, merchant, dearer))[0].outcome is Outcome.CHANGED
    product = await stored(sessions)
    assert (product.version, product.variants[0].price_minor) == (1, 1600)
    assert (await save(sessions, merchant, replace(dearer, title="T-shirt")))[0].outcome is Outcome.CHANGED
    product = await stored(sessions)
    assert (product.version, product.title) == (2, "T-shirt")
    assert "t-shirt" in product.search_text


async def test_a_variant_the_source_does_not_name_stays(sessions: Sessions, merchant: Merchant) -> None:
    await save(sessions, merchant, TEE)
    large = NewVariant(option_values=("L",), sku="TEE-L", price_minor=1700)
    (saved,) = await save(sessions, merchant, replace(TEE, variants=(large,)))
    product = await stored(sessions)
    assert [variant.option_values for variant in product.variants] == [["S"], ["M"], ["L"]]
    assert [one.id for one in saved.variants] == [product.variants[2].id]


async def test_a_renamed_option_value_is_known_by_its_sku(sessions: Sessions, merchant: Merchant) -> None:
    (first,) = await save(sessions, merchant, TEE)
    small = replace(TEE.variants[0], option_values=("Small",))
    (second,) = await save(sessions, merchant, replace(TEE, variants=(small, TEE.variants[1])))
    assert [one.id for one in second.variants] == [one.id for one in first.variants]
    assert [variant.option_values for variant in (await stored(sessions)).variants] == [["Small"], ["M"]]


async def test_a_sku_that_several_have_decides_nothing(sessions: Sessions, merchant: Merchant) -> None:
    same = tuple(replace(variant, sku="X") for variant in TEE.variants)
    await save(sessions, merchant, replace(TEE, variants=same))
    new = replace(same[0], option_values=("XL",))
    await save(sessions, merchant, replace(TEE, variants=(new,)))
    assert [variant.option_values for variant in (await stored(sessions)).variants] == [["S"], ["M"], ["XL"]]


async def test_only_what_is_given_is_taken_over(sessions: Sessions, merchant: Merchant) -> None:
    await save(sessions, merchant, TEE)
    prices = NewProduct(
        handle="tee",
        title="",
        variants=(
            NewVariant(option_values=("S",), price_minor=900, given=frozenset({"price_minor"})),
            NewVariant(option_values=("M",), price_minor=900, given=frozenset({"price_minor"})),
        ),
        given=frozenset(),
    )
    await save(sessions, merchant, prices)
    product = await stored(sessions)
    assert (product.title, product.vendor, product.option_names) == ("Tee", "Loom", ["Size"])
    assert [(v.sku, v.price_minor, v.grams) for v in product.variants] == [("TEE-S", 900, None), ("TEE-M", 900, 180)]
    assert len(product.images) == 2


async def test_an_implied_variant_is_made_for_a_new_product_only(sessions: Sessions, merchant: Merchant) -> None:
    plain = NewProduct(handle="mug", title="Mug", variants=(NewVariant(implied=True),))
    (first,) = await save(sessions, merchant, plain)
    (again,) = await save(sessions, merchant, plain)
    assert (len(first.variants), len(again.variants)) == (1, 0)
    assert again.outcome is Outcome.UNCHANGED


async def test_a_handle_twice_in_one_batch_is_one_product(sessions: Sessions, merchant: Merchant) -> None:
    part = NewProduct(
        handle="tee",
        title="",
        variants=(NewVariant(option_values=("L",), sku="TEE-L", price_minor=1700, quantity=1),),
        images=(NewImage(url="https://x.example/3.jpg"),),
        given=frozenset(),
    )
    first, second = await save(sessions, merchant, TEE, part)
    assert first.id == second.id
    assert [one.previous for one in second.variants] == [None]
    product = await stored(sessions)
    assert [variant.sku for variant in product.variants] == ["TEE-S", "TEE-M", "TEE-L"]
    assert sorted(image.url[-5] for image in product.images) == ["1", "2", "3"]


async def test_a_description_is_stored_without_what_could_run(sessions: Sessions, merchant: Merchant) -> None:
    await save(sessions, merchant, replace(TEE, description_html='<p onclick="x()">A<script>x()</script></p>\r\n'))
    assert (await stored(sessions)).description_html == "<p>A</p>"


async def test_another_merchants_product_of_the_same_handle_is_its_own(
    sessions: Sessions, merchant: Merchant, other_merchant: Merchant
) -> None:
    (theirs,) = await save(sessions, other_merchant, TEE)
    (mine,) = await save(sessions, merchant, TEE)
    assert mine.outcome is Outcome.CREATED
    assert mine.id != theirs.id


async def test_every_changed_product_has_one_task_and_an_unchanged_none(sessions: Sessions, merchant: Merchant) -> None:
    mug = NewProduct(handle="mug", title="Mug", variants=(NewVariant(price_minor=500),))
    await save(sessions, merchant, TEE, mug)
    assert await _subjects(sessions) == {str((await stored(sessions)).id), str((await stored(sessions, "mug")).id)}
    async with sessions.write(SYSTEM) as session:
        for task in await session.scalars(select(Task)):
            await session.delete(task)
    await save(sessions, merchant, TEE, replace(mug, title="Big mug"))
    assert await _subjects(sessions) == {str((await stored(sessions, "mug")).id)}


async def test_a_thousand_products_fit_one_transaction(sessions: Sessions, merchant: Merchant) -> None:
    many = [replace(TEE, handle=f"tee-{at}", title=f"Tee {at}") for at in range(1000)]
    saved = await save(sessions, merchant, *many)
    assert {one.outcome for one in saved} == {Outcome.CREATED}
    again = await save(sessions, merchant, *many[:500], *(replace(one, vendor="Mill") for one in many[500:]))
    assert [one.outcome for one in again] == [Outcome.UNCHANGED] * 500 + [Outcome.CHANGED] * 500
    async with sessions.read(SYSTEM) as session:
        counts = [await session.scalar(select(func.count(model.id))) for model in (Product, Variant, ProductImage)]
    assert counts == [1000, 2000, 2000]


async def test_a_status_the_source_gives_is_taken_and_kept(sessions: Sessions, merchant: Merchant) -> None:
    await save(sessions, merchant, replace(TEE, status=ProductStatus.DRAFT))
    await save(sessions, merchant, replace(TEE, given=frozenset({"title"})))
    assert (await stored(sessions)).status is ProductStatus.DRAFT


async def _subjects(sessions: Sessions) -> set[str]:
    async with sessions.read(SYSTEM) as session:
        return set(await session.scalars(select(Task.subject).where(Task.kind == "product_changed")))
