"""What buyers send back is counted once, whoever tells of it and in whatever order, and the merchant decides on it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from connectors.orders import OrderRecord, OrderState, Parcel
from portal.clock import new_id
from portal.errors import Conflict, FormInvalid
from portal.invariants import violations
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Variant
from portal.models.connections import Connection
from portal.models.listings import Listing, ListingItem
from portal.models.orders import OrderEvent, OrderReturn, Shelving
from portal.models.stock import Component, Movement
from portal.models.tasks import Task, TaskState
from portal.orders import recording, references, returning
from portal.orders.recording import Noted
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from tests.depth import histories, some
from tests.listings.site import Browser, Site
from tests.orders.sales import SOLD, Shop, a_shop, sale, with_line
from tests.stock.products import a_product

SHIPPED, CANCELLED = OrderState.SHIPPED, OrderState.CANCELLED


@pytest.fixture
async def seen(site: Site, merchant: Merchant) -> Shop:
    """The shop behind the pages."""
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    return shop


def sent(units: int = 2, *, number: str = "#1001", minutes: int = 1, **line: Any) -> OrderRecord:
    """A sale in the store of which all units have left."""
    return with_line(sale(number, units=units, minutes=minutes, state=SHIPPED), shipped=units, **line)


def echo(number: str = "250-1", *, units: int = 2, minutes: int = 1, **line: Any) -> OrderRecord:
    """The store's own telling of the order that we made there for the marketplace's `number`, all of it sent."""
    parcel = Parcel(channel_id=f"f-{number}", number="1234", shipped_at=SOLD)
    record = sale(f"gid://shopify/Order/{number}", units=units, minutes=minutes, state=SHIPPED, parcels=(parcel,))
    record = with_line(record, shipped=units, reference=f"{number}-1", **line)
    return with_reference(record, number)


def with_reference(record: OrderRecord, number: str) -> OrderRecord:
    return sale(
        record.channel_id,
        minutes=int((record.changed_at - SOLD).total_seconds() // 60),
        state=record.state,
        reference=references.of("amazon", number),
        parcels=record.parcels,
        lines=record.lines,
    )


async def rows(shop: Shop) -> list[tuple[int, str]]:
    """How many units of what came back, and what becomes of them."""
    async with shop.sessions.read(shop.merchant.id) as session:
        found = await session.scalars(select(OrderReturn).order_by(OrderReturn.line_id, OrderReturn.first))
        return [(row.quantity, row.shelving.value) for row in found]


async def happened(shop: Shop) -> list[str]:
    async with shop.sessions.read(shop.merchant.id) as session:
        return list(await session.scalars(select(OrderEvent.kind).order_by(OrderEvent.id)))


async def moved(shop: Shop, cause: str) -> int:
    async with shop.sessions.read(shop.merchant.id) as session:
        query = select(func.sum(Movement.quantity)).where(Movement.cause == cause)
        return int(await session.scalar(query) or 0)


async def note(shop: Shop, units: int, shelving: Shelving = Shelving.WAITING, *, seen: int | str = "") -> int:
    """Somebody records that so many of the one order's one line came back."""
    order = await shop.order()
    wanted = {order.lines[0].id: Noted(str(units), shelving.value, str(seen))}
    async with shop.sessions.write(shop.merchant.id) as session:
        return await recording.record(session, order.id, wanted, "", made_by="Alice", now=shop.now)


async def decide(shop: Shop, shelving: Shelving) -> None:
    """The first return that waits is decided."""
    async with shop.sessions.write(shop.merchant.id) as session:
        waiting = select(OrderReturn).where(OrderReturn.shelving == Shelving.WAITING).order_by(OrderReturn.first)
        row = (await session.scalars(waiting.limit(1))).one()
        order_id, return_id = row.order_id, row.id
    async with shop.sessions.write(shop.merchant.id) as session:
        await returning.decide(session, order_id, return_id, shelving, made_by="Alice", now=shop.now)


async def handle_outside(shop: Shop, *connections: Connection) -> None:
    async with shop.sessions.write(shop.merchant.id) as session:
        for connection in connections:
            connection.handled_outside = ["returns"]
            (await session.get_one(Connection, connection.id)).handled_outside = ["returns"]


async def a_listing_item(shop: Shop, connection: Connection, accounted: int) -> ListingItem:
    """The mug is on sale there, and the channel must hold `accounted` of it."""
    async with shop.sessions.write(shop.merchant.id) as session:
        listing = Listing(
            id=new_id(), merchant_id=shop.merchant.id, product_id=shop.variant.product_id, connection_id=connection.id
        )
        session.add(listing)
        await session.flush()
        item = ListingItem(
            id=new_id(),
            merchant_id=shop.merchant.id,
            listing_id=listing.id,
            connection_id=connection.id,
            variant_id=shop.variant.id,
            channel_id="item-1",
            accounted_quantity=accounted,
        )
        session.add(item)
    return item


async def accounted(shop: Shop, item: ListingItem) -> int | None:
    async with shop.sessions.read(shop.merchant.id) as session:
        return (await session.get_one(ListingItem, item.id)).accounted_quantity


async def to_tell(shop: Shop) -> set[str]:
    """The listing items that are about to be told a number."""
    return {task.subject for task in await shop.tasks(kinds.STOCK.name) if task.state == "waiting"}


async def all_told(shop: Shop) -> None:
    async with shop.sessions.write(shop.merchant.id) as session:
        for task in await session.scalars(select(Task).where(Task.kind == kinds.STOCK.name)):
            task.state = TaskState.DONE


async def test_what_came_back_waits_for_the_merchant_however_often_it_is_told(shop: Shop) -> None:
    await shop.hear(sent(), of=shop.store)
    for minutes in (2, 2, 1, 3, 2):
        await shop.hear(sent(minutes=minutes, returned=1), of=shop.store)
    assert await rows(shop) == [(1, "waiting")]
    assert await shop.on_hand() == 3
    await decide(shop, Shelving.BACK)
    assert (await shop.on_hand(), await moved(shop, "order_return")) == (4, 1)
    await shop.hear(sent(minutes=4, returned=1), of=shop.store)
    assert (await shop.on_hand(), await rows(shop)) == (4, [(1, "back")])
    assert await violations(shop.sessions, shop.now) == []


async def test_what_is_damaged_is_not_for_sale_again(shop: Shop) -> None:
    await shop.hear(sent(returned=2), of=shop.store)
    await decide(shop, Shelving.GONE)
    assert (await shop.on_hand(), await rows(shop)) == (3, [(2, "gone")])
    assert (await happened(shop))[-1] == "not_shelved"


async def test_what_was_decided_stays_and_the_same_word_again_changes_nothing(shop: Shop) -> None:
    await shop.hear(sent(returned=1), of=shop.store)
    await decide(shop, Shelving.BACK)
    order = await shop.order()
    async with shop.sessions.read(shop.merchant.id) as session:
        [row] = list(await session.scalars(select(OrderReturn.id)))
    for shelving, refused in ((Shelving.BACK, False), (Shelving.GONE, True)):
        async with shop.sessions.write(shop.merchant.id) as session:
            decision = returning.decide(session, order.id, row, shelving, made_by="Bob", now=shop.now)
            if refused:
                with pytest.raises(Conflict):
                    await decision
            else:
                await decision
    assert await shop.on_hand() == 4


@pytest.mark.parametrize("of_market", [False, True])
async def test_what_the_store_put_on_its_shelf_is_back_once_and_the_compare_knows(shop: Shop, of_market: bool) -> None:
    """Its own number rose by itself: what it must hold rises with our stock, so that no difference is left."""
    if of_market:
        await shop.hear(sale(units=2))
    else:
        await shop.hear(sent(), of=shop.store)
    item = await a_listing_item(shop, shop.store, 3)
    for minutes in (2, 2, 1, 3, 3):
        record = (
            echo(minutes=minutes, returned=1, shelved=1) if of_market else sent(minutes=minutes, returned=1, shelved=1)
        )
        await shop.hear(record, of=shop.store)
    assert (await shop.on_hand(), await accounted(shop, item)) == (4, 4)
    assert await rows(shop) == [(1, "back")]
    assert await to_tell(shop) == {str(item.id)}
    assert await violations(shop.sessions, shop.now) == []


async def test_recorded_by_hand_and_told_of_later_is_one_return(shop: Shop) -> None:
    await shop.hear(sent(), of=shop.store)
    item = await a_listing_item(shop, shop.store, 3)
    assert await note(shop, 1, Shelving.BACK) == 1
    assert await shop.on_hand() == 4
    await all_told(shop)
    await shop.hear(sent(minutes=2, returned=1, shelved=1), of=shop.store)
    assert (await shop.on_hand(), await rows(shop)) == (4, [(1, "back")])
    assert await accounted(shop, item) == 4, "its own number rose all the same"
    assert (await happened(shop))[-1] == "same_back"
    assert await to_tell(shop) == {str(item.id)}, "it holds one too many now"


async def test_recorded_and_waiting_is_back_when_the_store_puts_it_on_its_shelf(shop: Shop) -> None:
    await shop.hear(sent(), of=shop.store)
    await note(shop, 2)
    await shop.hear(sent(minutes=2, returned=1, shelved=1), of=shop.store)
    assert await rows(shop) == [(1, "back"), (1, "waiting")]
    assert await shop.on_hand() == 4


async def test_what_the_merchant_found_damaged_stays_so_and_explains_the_stores_own_count(shop: Shop) -> None:
    await shop.hear(sent(3), of=shop.store)
    item = await a_listing_item(shop, shop.store, 2)
    await note(shop, 1, Shelving.GONE)
    await shop.hear(sent(3, minutes=2, returned=1, shelved=1), of=shop.store)
    assert (await shop.on_hand(), await rows(shop), await accounted(shop, item)) == (2, [(1, "gone")], 3)
    await shop.hear(sent(3, minutes=3, returned=2, shelved=1), of=shop.store)
    assert await rows(shop) == [(1, "gone"), (1, "waiting")], "the second was put on no shelf"


async def test_another_one_recorded_after_the_first_was_told_is_a_second_return(shop: Shop) -> None:
    await shop.hear(sent(returned=1), of=shop.store)
    assert await note(shop, 1, seen=1) == 1
    assert await rows(shop) == [(1, "waiting"), (1, "waiting")]
    await shop.hear(sent(minutes=2, returned=2), of=shop.store)
    assert len(await rows(shop)) == 2


async def test_no_more_comes_back_than_has_left(shop: Shop) -> None:
    await shop.hear(with_line(sale(units=3), shipped=2), of=shop.store)
    await note(shop, 1)
    for units, words in ((2, "2 were sent and 1 came back before. Type 1 or less."), ("x", "whole number")):
        with pytest.raises(FormInvalid) as refused:
            await note(shop, units)  # type: ignore[arg-type]  # as typed
        [(name, message)] = refused.value.errors.items()
        assert name.startswith("quantity-")
        assert message.startswith("Mug: ")
        assert words in message
    assert (await rows(shop), await shop.on_hand()) == ([(1, "waiting")], 2)
    await note(shop, 1)
    with pytest.raises(FormInvalid) as refused:
        await note(shop, 1)
    assert "all 2 units that were sent have come back already" in str(refused.value.errors)


async def test_an_older_page_is_told_what_was_heard_meanwhile(shop: Shop) -> None:
    await shop.hear(sent(), of=shop.store)
    await shop.hear(sent(minutes=2, returned=1), of=shop.store)
    with pytest.raises(FormInvalid) as refused:
        await note(shop, 1, seen=0)
    assert "meanwhile 1 unit is known to be back" in str(refused.value.errors)
    assert await rows(shop) == [(1, "waiting")]


@pytest.mark.parametrize("by_channel", [False, True])
async def test_what_has_not_left_or_was_sent_by_the_channel_cannot_be_recorded(shop: Shop, by_channel: bool) -> None:
    state = SHIPPED if by_channel else OrderState.OPEN
    await shop.hear(sale("1", state=state, by_channel=by_channel))
    with pytest.raises(Conflict):
        await note(shop, 1)


async def test_a_marketplaces_order_that_the_store_sent_can_come_back(shop: Shop) -> None:
    """The marketplace may not have said yet that it left."""
    await shop.hear(sale(units=2))
    await shop.hear(echo(), of=shop.store)
    assert await note(shop, 2, Shelving.BACK) == 2
    assert await shop.on_hand() == 5


async def test_a_return_that_the_store_tells_of_stands_on_the_marketplaces_order(shop: Shop) -> None:
    await shop.hear(sale(units=2))
    await shop.hear(echo(minutes=2, returned=1), of=shop.store)
    order = await shop.order()
    assert (order.number, order.lines[0].told_back) == ("250-1", 1)
    assert await rows(shop) == [(1, "waiting")]


async def test_handled_outside_nothing_moves_and_nobody_is_asked(shop: Shop) -> None:
    await shop.hear(sale(units=2))
    item = await a_listing_item(shop, shop.store, 3)
    await handle_outside(shop, shop.store)
    await shop.hear(echo(minutes=2, returned=1, shelved=1), of=shop.store)
    assert await rows(shop) == [(1, "outside")]
    assert await shop.on_hand() == 3
    assert await accounted(shop, item) == 3, "the compare takes in what the store changed"
    assert not {"came_back", "shelved"} & set(await happened(shop))
    async with shop.sessions.write(shop.merchant.id) as session:
        (await session.get_one(Connection, shop.store.id)).handled_outside = []
    shop.store.handled_outside = []
    await shop.hear(echo(minutes=3, returned=1, shelved=1), of=shop.store)
    assert (await shop.on_hand(), await accounted(shop, item)) == (3, 3), "what was handled outside stays so"
    await shop.hear(echo(minutes=4, returned=2, shelved=2), of=shop.store)
    assert (await shop.on_hand(), await accounted(shop, item)) == (4, 4)


async def test_an_order_of_before_moves_nothing_by_its_return(shop: Shop) -> None:
    old = sent(returned=1, shelved=1)
    await shop.hear(
        sale("#1001", units=2, minutes=1, state=SHIPPED, lines=old.lines, placed_at=SOLD - timedelta(days=60)),
        of=shop.store,
    )
    assert await rows(shop) == [(1, "outside")]
    assert await shop.on_hand() == 5


async def test_a_bundle_that_comes_back_brings_its_parts(shop: Shop) -> None:
    product = await a_product(shop.sessions, shop.merchant)
    async with shop.sessions.write(shop.merchant.id) as session:
        bundle = (await session.scalars(select(Variant).where(Variant.product_id == product.id))).one()
        bundle.sku = "SET"
        session.add(
            Component(merchant_id=shop.merchant.id, bundle_id=bundle.id, variant_id=shop.variant.id, quantity=2)
        )
    await shop.hear(sent(2, sku="SET"), of=shop.store)
    assert await shop.on_hand() == 1
    await shop.hear(sent(2, minutes=2, sku="SET", returned=1, shelved=1), of=shop.store)
    assert (await shop.on_hand(), await moved(shop, "order_return")) == (3, 2)


# Of two units that left, one is cancelled at the channel without a word of what had left, one comes back.
EVENTS = ("ship", "return", "cancel", "again", "hand")


async def play(shop: Shop, events: tuple[str, ...], number: str) -> None:
    """Each event is told with all that happened before it; a member records a return that the page does not show."""
    minutes, shipped, returned, state = 0, 0, 0, OrderState.OPEN

    def record() -> OrderRecord:
        told = sale(number, units=2, minutes=minutes, state=state)
        return with_line(told, shipped=shipped, returned=returned, shelved=returned)

    await shop.hear(record(), of=shop.store)
    for event in events:
        minutes += 1
        if event == "ship":
            shipped, state = 2, SHIPPED if state is OrderState.OPEN else state
        elif event == "return" and shipped:
            returned = 1
        elif event == "cancel":
            state = CANCELLED
        elif event == "hand":
            [order] = [one for one in await shop.orders() if one.number == number]
            line = order.lines[0]
            if line.shipped and not line.came_back:
                wanted = {line.id: Noted("1", "back", "0")}
                async with shop.sessions.write(shop.merchant.id) as session:
                    await recording.record(session, order.id, wanted, "", made_by="Alice", now=shop.now)
        if event != "hand":
            await shop.hear(record(), of=shop.store)


@pytest.mark.once
async def test_in_every_order_of_events_a_unit_is_back_once(shop: Shop) -> None:
    for events in some(list(permutations(EVENTS)), 40):
        number, before = str(new_id()), await shop.on_hand()
        await play(shop, events, number)
        [order] = [one for one in await shop.orders() if one.number == number]
        line = order.lines[0]
        # A cancel of what has not left gives all of it back, and a later word that it had left takes nothing more.
        back = 2 if events.index("cancel") < events.index("ship") else line.came_back
        assert await shop.on_hand() == before - 2 + back, events
        assert line.came_back == (events.index("ship") < max(map(events.index, ("return", "hand")))), events
        await refill(shop, 2 - back, number)
    assert await violations(shop.sessions, shop.now) == []


@pytest.mark.once
@histories(5)
@given(events=st.lists(st.sampled_from(EVENTS), max_size=9).map(tuple))
async def test_whatever_happens_no_more_comes_back_than_was_taken(shop: Shop, events: tuple[str, ...]) -> None:
    number, before = str(new_id()), await shop.on_hand()
    await play(shop, events, number)
    [order] = [one for one in await shop.orders() if one.number == number]
    line, after = order.lines[0], await shop.on_hand()
    assert before - 2 <= after <= before
    if "ship" in events and "cancel" not in events[: events.index("ship")]:
        assert after == before - 2 + line.came_back
    assert await violations(shop.sessions, shop.now) == []
    await refill(shop, before - after, number)


async def refill(shop: Shop, units: int, number: str) -> None:
    """As many are there for the next example."""
    moves = [Move(variant_id=shop.variant.id, quantity=units, cause="received", cause_id=number)] if units else []
    async with shop.sessions.write(shop.merchant.id) as session:
        await stock.move(session, merchant_id=shop.merchant.id, moves=moves, made_by="test", now=shop.now)


def text(page: BeautifulSoup, selector: str = "main") -> str:
    found = page.select_one(selector)
    assert found is not None, selector
    return " ".join(found.get_text(" ").split())


async def test_a_return_is_recorded_from_more_action_and_the_resulting_stock_is_shown(
    seen: Shop, alice: Browser
) -> None:
    await seen.hear(with_line(sale(units=2, state=SHIPPED), shipped=2))
    order = await seen.order()
    key = order.lines[0].id
    page = await alice.get(f"/orders/{order.id}")
    assert "Returns at Amazon are not told to apps: record here what comes back." in text(page, "#returns")
    [link] = page.select(f'.menu a[href="/orders/{order.id}/return"]')
    form = await alice.get(str(link["href"]))
    assert "3 in stock now, 5 if all 2 go back on the shelf." in text(form)
    assert "No money moves, and Amazon is not told." in text(form)
    assert form.select_one(f'a[href="/orders/{order.id}/buyer-credit"]') is not None

    typed = {f"quantity-{key}": "3", f"shelving-{key}": "back", f"seen-{key}": "0", "note": "Scratched"}
    refused = await alice.post(f"/orders/{order.id}/return", typed)
    assert refused.status_code == 422
    again = BeautifulSoup(refused.text, "html.parser")
    assert "Mug: 2 were sent and 0 came back before. Type 2 or less." in text(again, "#error-summary")
    assert 'value="3"' in refused.text
    assert "Scratched" in refused.text
    [chosen] = again.select(f'select[name="shelving-{key}"] option[selected]')
    assert chosen["value"] == "back"

    done = await alice.post(f"/orders/{order.id}/return", typed | {f"quantity-{key}": "2"})
    assert done.status_code == 303
    assert await seen.on_hand() == 5
    page = await alice.get(f"/orders/{order.id}")
    assert "For sale again" in text(page, "#returns")
    assert "Recorded by alice" in text(page, "#returns").replace("Alice", "alice")
    assert "Recorded here as sent back: 2 of MUG" in text(page, "#timeline")
    assert page.select(f'a[href="/orders/{order.id}/return"]') == [], "nothing is left that could come back"


async def test_returns_that_wait_are_listed_and_decided_on_the_order(seen: Shop, alice: Browser) -> None:
    await seen.hear(sent(returned=1), of=seen.store)
    order = await seen.order()
    assert "Something came back of 1 order" in text(await alice.get("/orders/health"))
    assert "Something came back of 1 order" in text(await alice.get("/"))
    page = await alice.get("/orders?tab=returns")
    assert "Return to decide" in text(page, "#order-rows")
    page = await alice.get(f"/orders/{order.id}")
    assert "Told by Shopify (Shopify)" in text(page, "#returns")
    assert "3 in stock now, 4 if it is for sale again" in text(page, "#returns")
    [form] = page.select('#returns form[action*="/returns/"]')
    assert (await alice.post(str(form["action"]), {})).status_code == 404
    assert (await alice.post(str(form["action"]), {"shelving": "back"})).status_code == 303
    assert await seen.on_hand() == 4
    assert (await alice.post(str(form["action"]), {"shelving": "gone"})).status_code == 409
    assert "Nothing under this tab" in text(await alice.get("/orders?tab=returns"))


async def test_a_packer_decides_and_a_viewer_reads(site: Site, seen: Shop, merchant: Merchant) -> None:
    await seen.hear(sent(returned=1), of=seen.store)
    order = await seen.order()
    for name, role, forms in (("pia", Role.PACKER, 1), ("vera", Role.VIEWER, 0)):
        browser = await site.sign_in(merchant, name, role)
        async with browser.http:
            page = await browser.get(f"/orders/{order.id}")
            assert len(page.select('#returns form[action*="/returns/"]')) == forms
            assert bool(page.select(f'a[href="/orders/{order.id}/return"]')) is bool(forms)
