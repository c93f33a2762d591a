"""Buffers, bundles, the oversell ledger and stopping all sales, over their real routes."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import delete, select

from portal.db import Sessions
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.orders import Order, OrderLine
from portal.models.stock import Component
from portal.models.tasks import Task
from portal.stock import sellable, selling
from portal.tenancy import SYSTEM
from tests.catalog.site import Site
from tests.settable_clock import SettableClock
from tests.stock.ledger import NOW, Ledger, line
from tests.stock.products import a_listing, a_product


@pytest.fixture
def ledger(sessions: Sessions, merchant: Merchant) -> Ledger:
    return Ledger(sessions, merchant)


async def with_skus(ledger: Ledger, *skus: str) -> tuple[Product, list[Variant]]:
    product = await a_product(ledger.sessions, ledger.merchant, variants=len(skus))
    async with ledger.sessions.write(ledger.merchant.id) as session:
        query = select(Variant).where(Variant.product_id == product.id).order_by(Variant.position)
        variants = list(await session.scalars(query))
        for variant, sku in zip(variants, skus, strict=True):
            variant.sku = sku
    return product, variants


async def to_sell(ledger: Ledger, connection: Connection, variant: Variant) -> int | None:
    async with ledger.sessions.read(ledger.merchant.id) as session:
        now = await session.get_one(Connection, connection.id)
        return (await sellable.numbers(session, now, [variant]))[variant.id].to_sell


async def told(ledger: Ledger) -> int:
    """How many pushes wait; they are done with then."""
    async with ledger.sessions.write(SYSTEM) as session:
        waiting = len((await session.scalars(select(Task.id).where(Task.kind == "stock"))).all())
        await session.execute(delete(Task))
        return waiting


async def test_a_products_own_buffer_counts_before_the_connections_and_changing_one_tells_it(
    site: Site, ledger: Ledger
) -> None:
    product, [mug] = await with_skus(ledger, "MUG")
    connection = await a_listing(ledger.sessions, product, [mug])
    await ledger.receive(mug.id, 10)
    await told(ledger)
    for path, typed, number in (
        (f"/channels/{connection.id}", "3", 7),
        (f"/products/{product.id}", "1", 9),
        (f"/products/{product.id}", "0", 10),
        (f"/products/{product.id}", "", 7),
        (f"/channels/{connection.id}", "１２", 0),
    ):
        page = await site.get(f"{path}/buffer")
        answer = await site.post(f"{path}/buffer", page.form("form.form", buffer=typed))
        assert answer.status == 303, answer.response.text
        assert (await to_sell(ledger, connection, mug), await told(ledger)) == (number, 1)
    page = await site.get(f"/products/{product.id}/stock")
    assert "10 − 0 − 12 − 0 = 0" in page.words(f'tr[data-connection="{connection.id}"]')


@pytest.mark.parametrize("typed", ["-1", "some", "1.5"])
async def test_a_buffer_that_is_no_number_is_said_at_its_field(site: Site, ledger: Ledger, typed: str) -> None:
    product, [mug] = await with_skus(ledger, "MUG")
    connection = await a_listing(ledger.sessions, product, [mug])
    for path in (f"/channels/{connection.id}/buffer", f"/products/{product.id}/buffer"):
        answer = await site.post(path, (await site.get(path)).form("form.form", buffer=typed))
        assert answer.status == 422
        field = answer.one("#field-buffer")
        assert (field["value"], field["aria-invalid"]) == (typed, "true")


async def test_a_bundle_is_made_of_skus_and_sells_what_they_make(site: Site, ledger: Ledger) -> None:
    product, [mug, saucer, gift] = await with_skus(ledger, "MUG", "SAUCER 2", "SET")
    connection = await a_listing(ledger.sessions, product, [mug, saucer, gift])
    for variant, units in ((mug, 5), (saucer, 9), (gift, 4)):
        await ledger.receive(variant.id, units)
    await told(ledger)
    path = f"/products/{product.id}/variants/{gift.id}/components"
    form = (await site.get(path)).form("form.form", components="MUG\nSAUCER 2 ×2\n")
    assert (await site.post(path, form)).status == 303
    assert (await ledger.levels(gift.id), await to_sell(ledger, connection, gift)) == ((0, 0), 4)
    assert await told(ledger) > 0
    await ledger.take(line(gift.id, 3))
    assert await to_sell(ledger, connection, gift) == 1
    page = await site.get(f"/products/{product.id}/stock")
    assert [row.get_text(" ", strip=True).split()[-3:] for row in page.soup.select("tr[data-part]")] == [
        ["1", "2", "2"],
        ["2", "3", "1"],
    ]
    assert await ledger.wrong() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("NOBODY 2", "No variant has the SKU NOBODY."),
        ("MUG 0", "how many of MUG"),
        ("MUG\nMUG 2", "MUG is there twice"),
        ("SET", "cannot contain itself"),
        ("BUNDLE", "BUNDLE is a bundle itself"),
        ("TWICE", "More than one variant"),
    ],
)
async def test_what_cannot_be_a_bundle_is_said_at_the_field_and_kept(
    site: Site, ledger: Ledger, typed: str, said: str
) -> None:
    product, variants = await with_skus(ledger, "MUG", "SET", "BUNDLE", "TWICE", "TWICE")
    mug, gift, bundle = variants[:3]
    await ledger.bundle(bundle.id, {mug.id: 2})
    path = f"/products/{product.id}/variants/{gift.id}/components"
    answer = await site.post(path, (await site.get(path)).form("form.form", components=typed))
    assert answer.status == 422
    assert said in answer.words("#error-summary")
    assert answer.one("#field-components").get_text().strip() == typed
    # Nor may a part become a bundle.
    path = f"/products/{product.id}/variants/{mug.id}/components"
    answer = await site.post(path, (await site.get(path)).form("form.form", components="SET"))
    assert (answer.status, "part of another bundle" in answer.words("#error-summary")) == (422, True)
    async with ledger.sessions.read(SYSTEM) as session:
        assert [row.bundle_id for row in await session.scalars(select(Component))] == [bundle.id]


async def test_stopping_tells_every_listed_variant_nothing_and_going_on_its_number(
    ledger: Ledger, site: Site, clock: SettableClock
) -> None:
    product, [mug, saucer] = await with_skus(ledger, "MUG", "SAUCER")
    one = await a_listing(ledger.sessions, product, [mug, saucer])
    two = await a_listing(ledger.sessions, product, [mug])
    await ledger.receive(mug.id, 5)
    await told(ledger)
    page = await site.get("/selling")
    assert "3 listed variants on 2 channels are told 0." in page.words("ul.prose")
    assert page.soup.select('form[action="/selling/stop"]')
    for _ in range(2):
        async with ledger.sessions.write(ledger.merchant.id) as session:
            await selling.stop(session, ledger.merchant.id, now=clock())
    assert await told(ledger) == 3
    assert [await to_sell(ledger, connection, mug) for connection in (one, two)] == [0, 0]
    await ledger.take(line(mug.id, 2))
    assert (await site.get("/selling")).soup.select('form[action="/selling/go-on"]')
    await told(ledger)
    async with ledger.sessions.write(ledger.merchant.id) as session:
        assert await selling.go_on(session, ledger.merchant.id, now=clock())
        assert not await selling.go_on(session, ledger.merchant.id, now=clock())
    assert await told(ledger) == 3
    assert [await to_sell(ledger, connection, mug) for connection in (one, two)] == [3, 3]


async def test_the_oversell_ledger_names_the_order_and_what_was_settled(site: Site, ledger: Ledger) -> None:
    assert "Nothing is oversold" in (await site.get("/stock/oversold")).response.text
    product, [mug] = await with_skus(ledger, "MUG")
    connection = await a_listing(ledger.sessions, product, [mug])
    order_id, line_id = await an_order(ledger, connection, mug)
    await ledger.take(line(mug.id, 4, str(line_id)), line(mug.id, 1, "of-no-order"))
    page = await site.get("/stock/oversold")
    assert [str(link["href"]) for link in page.soup.select("td a")] == [f"/orders/{order_id}"]
    assert "S-1001" in page.response.text
    assert len(page.soup.select("tbody tr")) == 2
    assert "Nothing settled yet" in (await site.get("/stock/oversold?settled=true")).response.text


async def test_a_viewer_sees_and_switches_nothing(site: Site, ledger: Ledger, merchant: Merchant) -> None:
    product, [mug] = await with_skus(ledger, "MUG")
    site.sign_in(merchant, Role.VIEWER)
    assert (await site.get("/selling")).soup.select("main form") == []
    assert (await site.get(f"/products/{product.id}/buffer")).status == 403
    assert (await site.get(f"/products/{product.id}/variants/{mug.id}/components")).status == 403


async def an_order(ledger: Ledger, connection: Connection, mug: Variant) -> tuple[UUID, UUID]:
    order = Order(
        merchant_id=ledger.merchant.id,
        connection_id=connection.id,
        channel_id="1",
        number="S-1001",
        placed_at=NOW,
        changed_at=NOW,
        state="open",
        currency="JPY",
    )
    async with ledger.sessions.write(ledger.merchant.id) as session:
        session.add(order)
        await session.flush()
        row = OrderLine(
            merchant_id=ledger.merchant.id, order_id=order.id, position=1, channel_id="1", variant_id=mug.id, quantity=4
        )
        session.add(row)
        await session.flush()
        return order.id, row.id
