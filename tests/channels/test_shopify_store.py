"""A shop as the merchant's store: a marketplace's sale stands there once, at the prices of the sale, and is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import InDoubt, ProblemClass
from connectors.orders import Address, Buyer, OrderLine, OrderRecord, OrderState, StoreDraft, StoreLine, StoreOrder
from connectors.records import Done, Failed, Money
from tests.connectors.shopify.shop_orders import LONG_AGO, Till, a_till

REFERENCE = "crossdock-01890000-0000-7000-8000-000000000001"
HANAKO = Address(
    name="山田 花子",
    line1="架空町1-2-3",
    city="千代田区",
    region="東京都",
    postal_code="100-0000",
    country="JP",
    phone="03-0000-0000",
)
BUYER = Buyer(
    name="山田 花子", email="hanako@example.com", phone="03-0000-0000", ship_to=HANAKO, note="玄関前に置いてね"
)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[Till]:
    async with a_till(tmp_path) as opened:
        yield opened


def yen(minor: int) -> Money:
    return Money(minor, "JPY")


def a_sale(*lines: OrderLine, **changes: Any) -> OrderRecord:
    sold = lines or (OrderLine(channel_id="1-1", sku="MUG", title="マグカップ", quantity=2, unit_price=yen(1200)),)
    sale = OrderRecord(
        channel_id="shop-20260101-0000000001",
        number="shop-20260101-0000000001",
        placed_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        changed_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
        state=OrderState.OPEN,
        currency="JPY",
        lines=sold,
        shipping=yen(500),
        total=yen(2900),
        buyer=BUYER,
        shipping_method="宅配便",
    )
    return replace(sale, **changes)


async def variant_of(till: Till, sku: str = "MUG") -> str:
    rows = [one for product in await till.shop.read("products") for one in product["variants"]]
    return f"gid://shopify/ProductVariant/{next(one['number'] for one in rows if one['sku'] == sku)}"


async def a_draft(till: Till, sale: OrderRecord | None = None, **changes: Any) -> StoreDraft:
    order, variant = sale or a_sale(), await variant_of(till)
    lines = tuple(StoreLine(line=line, quantity=line.quantity, variant_id=variant) for line in order.lines)
    draft = StoreDraft(reference=REFERENCE, source="Rakuten", order=order, lines=lines, tags=("Rakuten",))
    return replace(draft, **changes)


async def create(till: Till, draft: StoreDraft) -> StoreOrder:
    outcome = await till.store.create_order(till.account, draft)
    assert isinstance(outcome, Done), outcome
    return outcome.value


async def test_a_sale_is_created_paid_at_its_prices_and_takes_no_stock(till: Till) -> None:
    made = await create(till, await a_draft(till))
    order = await till.read(made.channel_id)
    (line,) = order.lines
    assert (made.number, made.url, made.cancelled) == (order.number, order.url, False)
    assert (order.reference, order.currency, order.total) == (REFERENCE, "JPY", yen(2900))
    assert (order.placed_at, order.state, order.payment) == (a_sale().placed_at, OrderState.OPEN, "Rakuten")
    assert (line.sku, line.quantity, line.unit_price, line.reference) == ("MUG", 2, yen(1200), "1-1")
    assert (order.shipping, order.shipping_method, order.taxes_included) == (yen(500), "宅配便", True)
    (row,) = await till.record()
    assert (row["financial_status"], row["source"], row["reference"]) == ("PAID", "Rakuten", REFERENCE)
    assert (row["lines"][0]["variant"], row["lines"][0]["committed"]) == (await variant_of(till), 0)
    assert await till.stock() == 10


async def test_the_buyer_is_where_the_merchant_looks_for_them(till: Till) -> None:
    made = await create(till, await a_draft(till))
    buyer = (await till.read(made.channel_id)).buyer
    assert buyer is not None
    assert (buyer.email, buyer.note, buyer.name) == ("hanako@example.com", "玄関前に置いてね", "山田 花子")
    assert buyer.ship_to == replace(HANAKO, region="JP-13")


async def test_without_a_mail_address_none_is_made_up(till: Till) -> None:
    made = await create(till, await a_draft(till, a_sale(buyer=Buyer(ship_to=HANAKO))))
    buyer = (await till.read(made.channel_id)).buyer
    assert buyer is not None
    assert (buyer.email, buyer.ship_to) == ("", replace(HANAKO, region="JP-13"))
    alone = await create(till, await a_draft(till, a_sale(buyer=None), reference="other"))
    assert (await till.read(alone.channel_id)).buyer is None


async def test_what_was_not_paid_is_not_called_paid(till: Till) -> None:
    made = await create(till, await a_draft(till, a_sale(state=OrderState.PENDING)))
    assert (await till.read(made.channel_id)).state is OrderState.PENDING


LINES = (
    OrderLine(channel_id="a", sku="MUG", title="M", quantity=2, unit_price=yen(1000), tax=yen(181), tax_rate="0.1"),
    OrderLine(channel_id="b", sku="TEA", title="T", quantity=1, unit_price=yen(500), discount=yen(100)),
)


@pytest.mark.parametrize(
    ("changes", "total", "discount", "shipping", "tax"),
    [
        ({"total": yen(3000)}, 3000, 0, 500, 181),
        ({"total": yen(2700)}, 2700, 300, 500, 181),
        ({"total": yen(3330)}, 3330, 0, 830, 181),
        ({"total": yen(100)}, 100, 2500, 100, 181),
        ({"total": None}, 2900, 100, 500, 181),
        ({"total": yen(3181), "taxes_included": False}, 3181, 0, 500, 181),
        ({"total": yen(0)}, 0, 2500, 0, 181),
    ],
)
async def test_the_total_is_that_of_the_sale_whatever_it_is_made_of(
    till: Till, changes: dict[str, Any], total: int, discount: int, shipping: int, tax: int
) -> None:
    made = await create(till, await a_draft(till, a_sale(*LINES, **changes)))
    order = await till.read(made.channel_id)
    assert (order.total, order.discount) == (yen(total), yen(discount))
    assert (order.shipping, order.tax) == (yen(shipping), yen(tax))
    assert (await till.record())[0]["financial_status"] == "PAID"


async def test_a_tax_on_the_whole_order_is_told_where_no_line_says_its_own(till: Till) -> None:
    made = await create(till, await a_draft(till, a_sale(tax=yen(263))))
    assert (await till.read(made.channel_id)).tax == yen(263)


@pytest.mark.parametrize(("rate", "told"), [("0.08", "0.08"), ("", "0.1"), ("10", "0.1"), ("10%", "0.1")])
async def test_a_rate_that_is_no_fraction_is_worked_out(till: Till, rate: str, told: str) -> None:
    line = replace(LINES[0], quantity=1, unit_price=yen(1100), tax=yen(100), tax_rate=rate)
    made = await create(till, await a_draft(till, a_sale(line, total=None)))
    assert (await till.read(made.channel_id)).lines[0].tax_rate == told


async def test_a_part_of_a_sale_costs_its_part(till: Till) -> None:
    sale = a_sale(*LINES, total=yen(2900))
    lines = (StoreLine(line=LINES[0], quantity=1, variant_id=await variant_of(till)),)
    made = await create(till, await a_draft(till, sale, lines=lines))
    order = await till.read(made.channel_id)
    assert ([line.quantity for line in order.lines], order.total, order.tax) == ([1], yen(1500), yen(90))


async def test_an_unmapped_line_is_its_words_only_where_the_draft_says_so(till: Till) -> None:
    sale = a_sale(*LINES)
    mapped = await a_draft(till, sale)
    lines = (mapped.lines[0], replace(mapped.lines[1], variant_id=""))
    made = await create(till, replace(mapped, lines=lines))
    assert [line.item_id for line in (await till.read(made.channel_id)).lines] == [await variant_of(till), ""]
    gone = replace(mapped.lines[1], variant_id="gid://shopify/ProductVariant/1")
    refused = await till.store.create_order(till.account, replace(mapped, lines=(gone,)))
    assert isinstance(refused, Failed)
    assert "can't be blank" in refused.problem.original
    assert len(await till.record()) == 1


async def test_a_line_without_a_price_is_not_made_up(till: Till) -> None:
    line = OrderLine(channel_id="a", sku="MUG", title="M", quantity=1)
    outcome = await till.store.create_order(till.account, await a_draft(till, a_sale(line)))
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.problem_class) == ("no_price", ProblemClass.DATA)
    assert await till.record() == []


async def test_an_order_is_found_by_its_reference_and_no_other(till: Till) -> None:
    assert await till.store.find_order(till.account, REFERENCE) is None
    made = await create(till, await a_draft(till))
    await create(till, await a_draft(till, reference=REFERENCE[:-1] + "2"))
    found = await till.store.find_order(till.account, REFERENCE)
    assert found == made
    assert await till.store.find_order(till.account, "it's not") is None


async def test_the_tag_finds_it_too_and_a_merchants_tags_do_not_hide_it(till: Till) -> None:
    made = await create(till, await a_draft(till))
    await till.do("write", made.channel_id, tags=["vip"])
    found = await till.store.find_order(till.account, REFERENCE)
    assert found is not None
    assert found.channel_id == made.channel_id
    assert (await till.read(made.channel_id)).reference == REFERENCE


async def test_another_apps_source_is_no_reference_of_ours(till: Till) -> None:
    await till.sell()
    assert [order.reference for order in await till.changed()] == [""]


async def test_a_search_that_lags_finds_it_some_seconds_later(till: Till) -> None:
    await till.shop.lever("faults", kind="lag", seconds=15, count=1)
    made = await create(till, await a_draft(till))
    assert await till.store.find_order(till.account, REFERENCE) is None
    till.later(seconds=16)
    assert await till.store.find_order(till.account, REFERENCE) == made


async def test_an_answer_lost_after_creating_is_in_doubt_and_settled_by_looking(till: Till) -> None:
    await till.shop.lever("faults", kind="drop", operation="orderCreate", count=1)
    with pytest.raises(InDoubt):
        await till.store.create_order(till.account, await a_draft(till))
    found = await till.store.find_order(till.account, REFERENCE)
    assert found is not None
    assert len(await till.record()) == 1


async def test_a_cancelled_order_is_found_as_cancelled(till: Till) -> None:
    made = await create(till, await a_draft(till))
    await till.do("cancel", made.channel_id)
    found = await till.store.find_order(till.account, REFERENCE)
    assert found is not None
    assert found.cancelled


async def test_the_store_ships_it_and_says_which_lines_of_the_sale_left(till: Till) -> None:
    draft = await a_draft(till, a_sale(*LINES, total=None))
    lines = (draft.lines[0], replace(draft.lines[1], variant_id=""))
    made = await create(till, replace(draft, lines=lines))
    await till.do("fulfil", made.channel_id, lines=[{"sku": "TEA", "quantity": 1}], carrier="Sagawa (JA)", number="77")
    order = await till.read(made.channel_id)
    of_sale = {line.channel_id: line.reference for line in order.lines}
    assert [(of_sale[line], count) for line, count in order.parcels[0].lines] == [("b", 1)]
    assert order.state is OrderState.OPEN
    since = order.changed_at - timedelta(seconds=1)
    assert [one.reference for one in await till.changed(since)] == [REFERENCE]


PLANTED = [
    "山田", "花子", "架空町", "千代田区", "100-0000", "03-0000-0000", "hanako@example.com", "玄関前",
    "Grace", "Hopper", "Nowhere Lane", "Arlington", "22201", "grace@example.com", "ring the bell",
]  # fmt: skip
GRACE = Buyer(
    name="Grace Hopper",
    email="grace@example.com",
    ship_to=Address(name="Grace Hopper", line1="9 Nowhere Lane", city="Arlington", postal_code="22201", country="US"),
    note="ring the bell twice",
)


async def test_nothing_of_a_buyer_is_kept_of_what_was_said(till: Till) -> None:
    for number, buyer in enumerate((BUYER, GRACE)):
        made = await create(till, await a_draft(till, a_sale(buyer=buyer), reference=f"r-{number}"))
        await till.read(made.channel_id)
        await till.orders.find(till.account, made.number)
    await till.orders.changed(till.account, LONG_AGO)
    kept = [text for one in till.account.exchanges for text in (one.url, one.request_body, one.response_body)]
    assert len(kept) > 20
    assert [plant for plant in PLANTED for text in kept if plant in text] == []
    assert any('"reference"' in text or "r-0" in text for text in kept), "what the order is called stays readable"


async def test_a_refusal_that_quotes_the_buyer_is_masked_too(till: Till) -> None:
    wrong = replace(GRACE, email="grace hopper at example", ship_to=replace(HANAKO, country="ZZ"))
    await till.store.create_order(till.account, await a_draft(till, a_sale(buyer=replace(GRACE, email="grace hopper"))))
    quoting = {"kind": "refuse", "of": "orderCreate", "field": ["order"], "code": "INVALID"}
    await till.shop.lever("faults", **quoting, message="9 Nowhere Lane, Arlington is no address", count=1)
    outcome = await till.store.create_order(till.account, await a_draft(till, a_sale(buyer=GRACE)))
    assert isinstance(outcome, Failed)
    assert outcome.problem.original == "9 Nowhere Lane, Arlington is no address"
    await till.store.create_order(till.account, await a_draft(till, a_sale(buyer=wrong)))
    kept = [text for one in till.account.exchanges for text in (one.request_body, one.response_body)]
    assert [text for text in kept if "Nowhere" in text or "grace hopper" in text or "千代田区" in text] == []
