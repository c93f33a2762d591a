"""The conformance suite of a channel's orders. Import it beside a fixture `bench` that is an `OrderBench`."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.errors import ProblemClass
from connectors.kit.bench import OrderBench
from connectors.kit.suite import MOST_LOOKS, published, value
from connectors.orders import (
    NOT_UNDERSTOOD,
    CancelReason,
    OrderPage,
    OrderRecord,
    OrderState,
    OrderToCancel,
    ParcelToTell,
)
from connectors.protocol import Orders
from connectors.records import Failed, Outcome, Sent, SentItem

UNITS = 2


def orders_of(bench: OrderBench) -> Orders:
    assert bench.connector.orders is not None
    return bench.connector.orders


async def bought(bench: OrderBench) -> str:
    """Two of the first variant of a product that is on sale; the order's id."""
    product = bench.product()
    await published(bench, product)
    return await bench.buy(product, UNITS)


async def changed(bench: OrderBench, since: datetime) -> dict[str, OrderRecord]:
    """All that changed, by id."""
    return {order.channel_id: order for page in await pages(bench, since) for order in page.orders}


async def pages(bench: OrderBench, since: datetime) -> list[OrderPage]:
    """All pages of what changed."""
    await bench.wait()
    found = [await orders_of(bench).changed(bench.account, since)]
    while found[-1].next_page:
        found.append(await orders_of(bench).changed(bench.account, since, found[-1].next_page))
    return found


async def read(bench: OrderBench, order_id: str) -> OrderRecord:
    await bench.wait()
    [outcome] = await orders_of(bench).read(bench.account, [order_id])
    order = value(outcome)
    assert order is not None
    return order


async def cancel(bench: OrderBench, order: OrderRecord) -> Outcome[None]:
    """What became of a cancellation, also where the channel goes on with it for a while."""
    lines = tuple((line.channel_id, line.quantity) for line in order.lines)
    wanted = OrderToCancel(order_id=order.channel_id, reason=CancelReason.OUT_OF_STOCK, lines=lines)
    [outcome] = await orders_of(bench).cancel(bench.account, [wanted])
    for _ in range(MOST_LOOKS):
        if not isinstance(outcome, Sent):
            break
        await bench.wait()
        [outcome] = await bench.connector.look(bench.account, [SentItem(item=wanted, reference=outcome.reference)])
    return outcome


async def test_a_sale_is_told_of_with_its_lines_at_the_price_of_the_sale(bench: OrderBench) -> None:
    product = bench.product()
    there = await published(bench, product)
    began = bench.now()
    order_id = await bench.buy(product, UNITS)

    order = (await changed(bench, began))[order_id]

    [line] = order.lines
    assert (order.state, line.quantity, line.cancelled, line.shipped) == (OrderState.OPEN, UNITS, 0, 0)
    assert line.unit_price == product.variants[0].price
    assert order.total is not None
    assert order.currency == product.variants[0].price.currency
    assert line.item_id in {"", *(link.channel_id for link in there.links)}
    assert line.sku == product.variants[0].sku
    assert order.buyer is not None
    assert began - timedelta(seconds=1) <= order.placed_at <= bench.now()


async def test_an_order_is_read_found_and_counted_once_and_an_unknown_one_is_none(bench: OrderBench) -> None:
    began = bench.now()
    order_id = await bought(bench)
    order = await read(bench, order_id)

    found = await orders_of(bench).find(bench.account, order.number)
    nobody = await orders_of(bench).find(bench.account, bench.unknown_order())
    [unknown] = await orders_of(bench).read(bench.account, [bench.unknown_order()])
    await bench.wait()
    placed = await orders_of(bench).placed(bench.account, began - timedelta(minutes=1), bench.now())

    assert found is not None
    assert found.channel_id == order_id
    assert nobody is None
    assert value(unknown) is None
    assert list(placed).count(order_id) == 1


async def test_a_parcel_told_twice_is_there_once(bench: OrderBench) -> None:
    order_id = await bought(bench)
    if bench.connector.capabilities.is_store:
        return
    order = await read(bench, order_id)
    parcel = ParcelToTell(
        key="0192f0c1-2222-7aaa-8bbb-000000000001",
        order_id=order_id,
        ordinal=1,
        carrier="yamato",
        carrier_name="Yamato Transport",
        number="1234-5678-9012",
        shipped_at=bench.now(),
        lines=tuple((line.channel_id, line.quantity) for line in order.lines),
        last=True,
    )
    for _ in range(2):
        [told] = await orders_of(bench).tell_shipped(bench.account, [parcel])
        assert value(told)

    assert [number.replace("-", "") for number in await bench.parcels(order_id)] == ["123456789012"]
    assert (await read(bench, order_id)).state is OrderState.SHIPPED


async def test_a_cancelled_order_is_told_of_and_cancelling_it_again_is_done(bench: OrderBench) -> None:
    order_id = await bought(bench)
    order = await read(bench, order_id)
    since = bench.now()

    assert value(await cancel(bench, order)) is None
    after = (await changed(bench, since))[order_id]
    assert after.state is OrderState.CANCELLED
    assert value(await cancel(bench, order)) is None


async def test_an_order_in_a_shape_nobody_knows_holds_back_no_other(bench: OrderBench) -> None:
    product = bench.product()
    await published(bench, product)
    began = bench.now()
    bad, good = await bench.buy(product, 1), await bench.buy(product, 1)
    await bench.spoil(bad, "garbled")

    found = await pages(bench, began)
    outcomes = await orders_of(bench).read(bench.account, [bad, good])

    assert good in {order.channel_id for page in found for order in page.orders}
    [unread] = {one.channel_id: one for page in found for one in page.unread}.values()
    assert (unread.channel_id, unread.problem.code) == (bad, NOT_UNDERSTOOD)
    assert unread.number
    assert isinstance(outcomes[0], Failed)
    assert outcomes[0].problem.problem_class is ProblemClass.OURS
    assert value(outcomes[1]) is not None
    assert bad in await orders_of(bench).placed(bench.account, began - timedelta(minutes=1), bench.now())

    await bench.mend()
    assert {bad, good} <= (await changed(bench, began)).keys()


async def test_an_order_whose_reading_answers_an_error_holds_back_no_other(bench: OrderBench) -> None:
    product = bench.product()
    await published(bench, product)
    began = bench.now()
    bad, good = await bench.buy(product, 1), await bench.buy(product, 1)
    await bench.spoil(bad, "broken")

    found = await pages(bench, began)
    outcomes = await orders_of(bench).read(bench.account, [bad, good])

    # A channel whose list holds the orders whole has nothing to ask for by itself.
    told = {order.channel_id for page in found for order in page.orders}
    unread = {one.channel_id: one.problem for page in found for one in page.unread}
    assert good in told
    assert (bad in told) != (bad in unread)
    assert isinstance(outcomes[0], Failed)
    assert outcomes[0].problem.problem_class is ProblemClass.DATA
    assert outcomes[0].problem.original, "the channel's own words"
    assert all(problem.original == outcomes[0].problem.original for problem in unread.values())
    assert value(outcomes[1]) is not None
    await bench.mend()
    assert value((await orders_of(bench).read(bench.account, [bad]))[0]) is not None
