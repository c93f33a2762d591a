"""Orders between the connector and the practice store: what one side believes, the other has to bear out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.errors import AccountBlocked, Busy, InDoubt, PermissionLost, ProblemClass
from connectors.orders import CancelReason, OrderRecord, OrderState, OrderToCancel, ParcelToTell
from connectors.protocol import Orders
from connectors.records import Credentials, Done, Failed, Money, Outcome
from connectors.yahoo import orders as module
from connectors.yahoo.connector import YahooShopping
from tests.connectors.paced import PacedAccount
from tests.connectors.yahoo.practice.practice_store import ITEM, SELLER, Store, account_of

MUGS = ITEM | {
    "item_code": "mug",
    "options": "色#青,砂",
    "subcodes": "色:青=MUG-BLU|色:砂=MUG-SND",
    "subcode_param": "MUG-BLU=price:1980|MUG-SND=price:2400",
    "stock": {"MUG-BLU": 5, "MUG-SND": 1},
}
TEA = ITEM | {"item_code": "tea", "name": "煎茶", "price": "980", "stock": {"": 3}}
TWO_BLUE = [{"sku": "MUG-BLU", "quantity": 2}]


@pytest.fixture
async def orders(store: Store) -> AsyncIterator[Orders]:
    await store.seed(MUGS, TEA)
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        found = YahooShopping(client, clock=store.clock).orders
        assert found is not None
        yield found


@pytest.fixture
def account(store: Store) -> PacedAccount:
    return account_of(store)


async def place(store: Store, lines: Sequence[dict[str, Any]] = TWO_BLUE, **given: Any) -> str:
    return str((await store.lever("orders", lines=list(lines), **given))["order_id"])


async def truth(store: Store, order_id: str) -> dict[str, Any]:
    (found,) = [one for one in await store.read("orders") if one["order_id"] == order_id]
    return dict(found)


async def one(orders: Orders, account: PacedAccount, order_id: str) -> OrderRecord:
    (outcome,) = await orders.read(account, [order_id])
    assert isinstance(outcome, Done), outcome
    assert outcome.value is not None
    return outcome.value


async def changed(orders: Orders, account: PacedAccount, since: datetime) -> list[str]:
    """The ids of every page."""
    found, page = list[str](), ""
    while True:
        told = await orders.changed(account, since, page)
        found += [record.channel_id for record in told.orders]
        page = told.next_page
        if not page:
            return found


def parcel(order_id: str, number: str = "4000-0000-0001", **changes: Any) -> ParcelToTell:
    usual: dict[str, Any] = {
        "key": number,
        "order_id": order_id,
        "ordinal": 1,
        "carrier": "yamato",
        "carrier_name": "ヤマト運輸",
        "number": number,
        "shipped_at": datetime(2026, 11, 20, 3, 0, tzinfo=UTC),
        "lines": (),
        "last": True,
    }
    return ParcelToTell(**(usual | changes))


def to_cancel(order_id: str, reason: CancelReason = CancelReason.CUSTOMER) -> OrderToCancel:
    return OrderToCancel(order_id=order_id, reason=reason, lines=())


def problem(outcome: Outcome[Any]) -> tuple[ProblemClass, str, str]:
    """Class, code and words of a refusal."""
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.problem_class, outcome.problem.code, outcome.problem.original


async def stock_of(store: Store) -> dict[str, dict[str, int]]:
    return {item["item_code"]: item["stock"] for item in await store.read("products")}


# ---- reading ----


async def test_a_sale_is_read_with_the_names_and_prices_of_the_listing(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    lines = [{"sku": "MUG-BLU", "quantity": 2, "discount": 80}, {"sku": "tea", "quantity": 1, "tax": 8}]
    buyer = {"name": "見本 太郎", "email": "taro@example.com", "note": "置き配で"}
    order_id = await place(store, lines, buyer=buyer, fields={"ShipCharge": 550})
    record = await one(orders, account, order_id)
    assert (record.channel_id, record.number, record.state) == (order_id, order_id, OrderState.OPEN)
    assert record.placed_at == record.changed_at == store.clock.moment.replace(microsecond=0)
    assert [(line.sku, line.item_id, line.quantity) for line in record.lines] == [
        ("MUG-BLU", "mug:MUG-BLU", 2),
        ("tea", "tea", 1),
    ]
    yen = [Money(amount, "JPY") for amount in (1980, 160, 980, 4940, 550, 160, 5330)]
    mug, tea = record.lines
    told = [mug.unit_price, mug.discount, tea.unit_price, record.subtotal, record.shipping, record.discount]
    assert [*told, record.total] == yen
    assert (mug.tax_rate, tea.tax_rate, record.taxes_included, record.tax) == ("0.1", "0.08", True, None)
    assert record.buyer is not None
    assert record.buyer.ship_to is not None
    assert (record.buyer.name, record.buyer.email, record.buyer.note) == ("見本 太郎", "taro@example.com", "置き配で")
    assert (record.buyer.ship_to.region, record.buyer.ship_to.country) == ("東京都", "JP")
    # Store and connector agree on the total without points.
    assert (await truth(store, order_id))["total"] == 5330


async def test_a_sale_lowers_the_stores_own_stock_and_never_below_nothing(store: Store, orders: Orders) -> None:
    await place(store)
    await place(store, [{"sku": "mug:MUG-SND", "quantity": 3}, {"sku": "tea", "quantity": 1}])
    assert await stock_of(store) == {"mug": {"MUG-BLU": 3, "MUG-SND": 0}, "tea": {"": 2}}


async def test_what_the_store_does_not_sell_can_be_bought_by_its_words(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store, [{"sku": "GHOST-1", "quantity": 1, "title": "Ghost", "price": 100}])
    (line,) = (await one(orders, account, order_id)).lines
    assert (line.sku, line.title, line.unit_price) == ("GHOST-1", "Ghost", Money(100, "JPY"))
    answer = await store.client.post(
        f"/practice/api/stores/{SELLER}/orders", json={"lines": [{"sku": "GHOST-2", "quantity": 1}]}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"OrderStatus": "1"}, "pending"),
        ({"OrderStatus": "3"}, "pending"),
        ({"OrderStatus": "2", "ShipStatus": "0"}, "pending"),
        ({"OrderStatus": "2", "ShipStatus": "1", "PayStatus": "0"}, "open"),
        ({"OrderStatus": "2", "ShipStatus": "3"}, "shipped"),
        ({"OrderStatus": "5", "ShipStatus": "4"}, "shipped"),
        ({"OrderStatus": "4"}, "cancelled"),
    ],
)
async def test_both_sides_call_every_state_the_same(
    store: Store, orders: Orders, account: PacedAccount, fields: dict[str, str], state: str
) -> None:
    order_id = await place(store, fields=fields)
    assert (await one(orders, account, order_id)).state == state
    assert (await truth(store, order_id))["state"] == state


async def test_an_order_waits_until_it_is_paid(store: Store, orders: Orders, account: PacedAccount) -> None:
    order_id = await place(store, pending=True)
    assert (await one(orders, account, order_id)).state is OrderState.PENDING
    before = (await one(orders, account, order_id)).changed_at
    store.clock.now += 60
    await store.lever(f"orders/{order_id}/pay")
    record = await one(orders, account, order_id)
    assert (record.state, record.placed_at < record.changed_at > before) == (OrderState.OPEN, True)


async def test_orders_are_read_in_the_order_asked_and_one_unknown_is_none(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    first, second = await place(store), await place(store)
    outcomes = await orders.read(account, [second, f"{SELLER}-9", first])
    values = [outcome.value for outcome in outcomes if isinstance(outcome, Done)]
    assert [value and value.channel_id for value in values] == [second, None, first]


async def test_an_order_is_found_by_its_number_in_every_state(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store, number="4711", fields={"OrderStatus": "4"})
    assert order_id == f"{SELLER}-4711"
    for number in ("4711", order_id):
        found = await orders.find(account, number)
        assert found is not None
        assert (found.channel_id, found.state) == (order_id, OrderState.CANCELLED)
    assert await orders.find(account, "4712") is None
    assert await orders.find(account, "見本 花子") is None


# ---- what has changed ----


async def test_changes_come_page_by_page_and_none_is_missing(
    store: Store, orders: Orders, account: PacedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of the list and pages of what is read of it do not end together."""
    monkeypatch.setattr(module, "ROWS", 7)
    monkeypatch.setattr(module, "ORDERS_A_PAGE", 3)
    made = (await store.lever("orders", lines=TWO_BLUE, count=17))["order_ids"]
    found = await changed(orders, account, store.clock.moment - timedelta(minutes=5))
    assert found == made
    assert len(set(found)) == 17


async def test_an_old_order_that_changed_is_among_them_and_one_that_did_not_is_not(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    old, older = await place(store), await place(store, pending=True)
    store.clock.now += 100 * 86_400
    account.held = replace(account.held, access_token=(await store.lever("tokens"))["access_token"])
    since = store.clock.moment
    assert await changed(orders, account, since) == []
    new = await place(store)
    await store.lever(f"orders/{older}/pay")
    assert await changed(orders, account, since) == [older, new]
    await store.lever(f"orders/{old}/cancel", reason="100")
    assert await changed(orders, account, since) == [old, older, new]


async def test_an_order_that_the_list_shows_late_is_not_missed(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store, hidden=True)
    assert await changed(orders, account, store.clock.moment) == []
    store.clock.now += 1800
    since = store.clock.moment
    await store.lever(f"orders/{order_id}/publish")
    assert await changed(orders, account, since) == [order_id]


async def test_a_change_within_the_second_of_the_last_reading_is_not_missed(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    store.clock.now = int(store.clock.now) + 0.2
    order_id = await place(store)
    since = store.clock.moment + timedelta(seconds=0.5)
    assert await changed(orders, account, since) == [order_id]


async def test_a_change_while_pages_are_read_comes_with_the_next_reading(
    store: Store, orders: Orders, account: PacedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ORDERS_A_PAGE", 1)
    first, second = await place(store), await place(store)
    since = store.clock.moment
    page = await orders.changed(account, since)
    assert [record.channel_id for record in page.orders] == [first]
    store.clock.now += 60
    again = store.clock.moment
    await store.lever(f"orders/{first}/cancel")
    rest = await orders.changed(account, since, page.next_page)
    assert ([record.channel_id for record in rest.orders], rest.next_page) == ([second], "")
    assert await changed(orders, account, again) == [first]


async def test_a_statement_counts_every_state_within_its_time(
    store: Store, orders: Orders, account: PacedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 2)
    await place(store)
    store.clock.now = int(store.clock.now) + 60
    start = store.clock.moment
    within = [await place(store, fields={"OrderStatus": status}) for status in ("1", "2", "3", "4", "5")]
    store.clock.now += 60
    end = store.clock.moment
    await place(store)
    assert await orders.placed(account, start, end) == within


async def test_order_calls_keep_to_one_a_second_each(store: Store, orders: Orders, account: PacedAccount) -> None:
    made = [await place(store) for _ in range(5)]
    began = store.clock.now
    await orders.read(account, made)
    assert 4 <= store.clock.now - began < 6
    assert {row["status"] for row in await store.read("requests")} == {200}


# ---- telling that it has left ----


async def test_a_parcel_told_again_is_there_once_and_the_order_is_done(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    for number in ("4000-0000-0001", "4000-0000-0001", "400000000001"):
        assert await orders.tell_shipped(account, [parcel(order_id, number)]) == [Done(order_id)]
    told = await truth(store, order_id)
    assert told["parcels"] == [{"number": "4000-0000-0001", "carrier": "1001", "told": 1}]
    assert (told["state"], told["completed"], told["fields"]["OrderStatus"]) == ("shipped", 1, "5")
    record = await one(orders, account, order_id)
    (there,) = record.parcels
    assert (there.channel_id, there.carrier, there.number) == (order_id, "Yamato Transport", "4000-0000-0001")
    assert (record.state, [line.shipped for line in record.lines]) == (OrderState.SHIPPED, [2])


async def test_a_second_parcel_is_refused_and_the_first_stays(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    first, second = parcel(order_id, "A-1", last=False), parcel(order_id, "B-2", ordinal=2)
    told, refused = await orders.tell_shipped(account, [first, second])
    assert told == Done(order_id)
    assert problem(refused)[:2] == (ProblemClass.DATA, "second_parcel")
    assert [one["number"] for one in (await truth(store, order_id))["parcels"]] == ["A-1"]


async def test_an_answer_lost_after_it_was_told_is_settled_by_a_look(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    for operation in ("orderShipStatusChange", "orderStatusChange"):
        await store.lever("faults", kind="drop", when="after", count=1, operation=operation)
        with pytest.raises(InDoubt):
            await orders.tell_shipped(account, [parcel(order_id)])
    assert await orders.tell_shipped(account, [parcel(order_id)]) == [Done(order_id)]
    told = await truth(store, order_id)
    assert ([one["told"] for one in told["parcels"]], told["completed"]) == ([1], 1)


async def test_a_shipment_yahoo_refuses_is_refused_in_its_words_and_the_next_is_told(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    bad, good = await place(store), await place(store)
    fault = {"kind": "refuse", "item": bad, "code": "od91152", "message": "伝票番号が正しくありません。"}
    await store.lever("faults", **fault, count=1)
    refused, told = await orders.tell_shipped(account, [parcel(bad, "A-1"), parcel(good, "B-1")])
    assert problem(refused) == (ProblemClass.DATA, "od91152", "伝票番号が正しくありません。")
    assert told == Done(good)


# ---- cancelling ----


async def test_a_cancel_is_done_once_and_counts_as_done_again(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    wanted = to_cancel(order_id, CancelReason.OUT_OF_STOCK)
    assert await orders.cancel(account, [wanted, wanted]) == [Done(None), Done(None)]
    told = await truth(store, order_id)
    assert (told["state"], told["cancels"], told["fields"]["CancelReason"]) == ("cancelled", 1, "210")
    record = await one(orders, account, order_id)
    assert (record.state, record.cancel_reason) == (OrderState.CANCELLED, "out_of_stock")
    assert [(line.cancelled, line.restocked) for line in record.lines] == [(2, 0)]


async def test_what_was_cancelled_there_counts_as_cancelled(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    await store.lever(f"orders/{order_id}/cancel", restock=True)
    assert await orders.cancel(account, [to_cancel(order_id)]) == [Done(None)]
    assert (await truth(store, order_id))["cancels"] == 0
    assert (await stock_of(store))["mug"]["MUG-BLU"] == 5


async def test_a_cancel_whose_answer_was_lost_is_settled_by_a_look(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    await store.lever("faults", kind="drop", when="after", count=1, operation="orderStatusChange")
    with pytest.raises(InDoubt):
        await orders.cancel(account, [to_cancel(order_id)])
    assert await orders.cancel(account, [to_cancel(order_id)]) == [Done(None)]
    assert (await truth(store, order_id))["cancels"] == 1


async def test_what_has_left_is_not_cancelled_and_a_held_order_is_refused_in_yahoos_words(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    gone, held = await place(store), await place(store, fields={"FraudHoldStatus": "1"})
    await orders.tell_shipped(account, [parcel(gone)])
    shipped, refused, unknown = await orders.cancel(account, [to_cancel(gone), to_cancel(held), to_cancel("no-1")])
    assert problem(shipped)[:2] == (ProblemClass.DATA, "order_shipped")
    assert problem(refused)[0] is ProblemClass.DATA
    assert "不正注文" in problem(refused)[2]
    assert problem(unknown)[:2] == (ProblemClass.DATA, "order_unknown")
    assert [one["cancels"] for one in await store.read("orders")] == [0, 0]


# ---- when it cannot be asked ----


@pytest.mark.parametrize(("kind", "code"), [("throttle", "refused"), ("maintenance", "ed-00002")])
async def test_a_busy_store_is_asked_again_later_and_nothing_was_done(
    store: Store, orders: Orders, account: PacedAccount, kind: str, code: str
) -> None:
    order_id = await place(store)
    since = store.clock.moment - timedelta(minutes=1)
    await store.lever("faults", kind=kind)
    for ask in (
        orders.changed(account, since),
        orders.read(account, [order_id]),
        orders.find(account, order_id),
        orders.placed(account, since, store.clock.moment),
        orders.tell_shipped(account, [parcel(order_id)]),
        orders.cancel(account, [to_cancel(order_id)]),
    ):
        with pytest.raises(Busy) as raised:
            await ask
        assert raised.value.problem.code == code
    told = await truth(store, order_id)
    assert (told["state"], told["parcels"], told["cancels"]) == ("open", [], 0)


async def test_access_that_is_over_or_withdrawn_is_lost(store: Store, orders: Orders, account: PacedAccount) -> None:
    order_id = await place(store)
    for action in ("expire", "revoke"):
        await store.lever(action)
        with pytest.raises(PermissionLost):
            await orders.read(account, [order_id])


async def test_an_application_without_orders_has_to_apply_for_them(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    await store.lever("state", state="without_orders")
    with pytest.raises(AccountBlocked) as raised:
        await orders.changed(account, store.clock.moment)
    assert raised.value.problem.code == "px-04303"


async def test_a_session_of_twelve_hours_is_over_unless_the_stores_public_key_opens(
    store: Store, orders: Orders, account: PacedAccount
) -> None:
    order_id = await place(store)
    await store.lever("faults", kind="session")
    with pytest.raises(PermissionLost) as raised:
        await orders.read(account, [order_id])
    assert raised.value.problem.code == "px-04102"
    keyed = replace(account.held, others=await store.lever("keys"))
    account.held = keyed
    assert (await one(orders, account, order_id)).channel_id == order_id
    account.held = replace(keyed, others={**keyed.others, "key_version": "2"})
    with pytest.raises(PermissionLost):
        await orders.read(account, [order_id])


async def test_another_stores_orders_are_not_told(store: Store, orders: Orders, account: PacedAccount) -> None:
    order_id = await place(store)
    await store.client.post("/practice/api/stores", json={"seller_id": "other-store", "owner": "somebody-else"})
    tokens = (await store.client.post("/practice/api/stores/other-store/tokens", json={})).json()
    stranger = replace(account, domain="other-store", held=Credentials(access_token=tokens["access_token"]), buckets={})
    assert await orders.find(stranger, order_id) is None
