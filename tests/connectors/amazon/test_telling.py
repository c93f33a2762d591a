"""Parcels told and orders cancelled at practice Amazon: once however often, and refused in Amazon's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.carriers import NAMES, OTHER
from connectors.errors import InDoubt, Problem, ProblemClass
from connectors.orders import CancelReason, OrderState
from connectors.records import Done, Failed, Outcome, Sent
from tests.connectors.amazon.market import Market, to_cancel

SENT_BEFORE = (
    "Failed to create package due to not finding a matching package or order already fulfilled. "
    "ErrorMessage(errorCode=GeneralError, errorDescription=Unable to find package to update for order (1), "
    "errorMetric=PackageToUpdateNotFound, packageIndex=null)"
)


def refusal(outcome: Outcome[object]) -> Problem:
    assert isinstance(outcome, Failed), outcome
    return outcome.problem


async def test_a_parcel_told_twice_is_one_and_a_corrected_number_replaces_the_first(market: Market) -> None:
    order_id = await market.buy()
    parcel = await market.parcel(order_id)

    assert await market.tell(parcel) == [Done("1")]
    assert await market.tell(parcel) == [Done("1")]
    assert await market.tell(replace(parcel, number="9999", told="1")) == [Done("1")]

    truth = await market.truth(order_id)
    [kept] = truth["parcels"]
    assert (kept["reference"], kept["number"], kept["carrier"], kept["told"]) == ("1", "9999", "YAMATO", 3)
    assert truth["state"] == "SHIPPED"


async def test_parcels_are_told_by_their_number_in_the_order(market: Market) -> None:
    order_id, other = await market.buy(3), await market.buy()
    first, second = await market.parcel(order_id, 1, 1), await market.parcel(order_id, 2, 2)
    elsewhere = await market.parcel(other, carrier=OTHER, carrier_name="Hayabusa Express")

    assert await market.tell(first, second, elsewhere) == [Done("1"), Done("2"), Done("1")]

    assert [one["lines"][0][1] for one in (await market.truth(order_id))["parcels"]] == [1, 2]
    [told] = (await market.truth(other))["parcels"]
    assert (told["carrier"], told["carrier_name"]) == ("Other", "Hayabusa Express")


async def test_a_parcel_that_names_no_lines_is_all_there_is_left(market: Market) -> None:
    order_id = await market.buy(3)
    await market.tell(await market.parcel(order_id, 1, 1))

    assert await market.tell(await market.parcel(order_id, 2, lines=())) == [Done("2")]
    assert await market.tell(await market.parcel(order_id, 2, lines=())) == [Done("2")], "told again"

    assert (await market.truth(order_id))["parcels"][1]["lines"][0][1] == 2
    third = refusal((await market.tell(await market.parcel(order_id, 3, lines=())))[0])
    assert (third.code, third.problem_class) == ("nothing_left_to_ship", ProblemClass.DATA)


async def test_every_carrier_has_a_code_or_goes_by_its_name(market: Market) -> None:
    assert market.orders.carriers.keys() <= {*NAMES, OTHER}
    order_id = await market.buy()
    await market.tell(await market.parcel(order_id, carrier="japan_post", carrier_name="日本郵便"))
    [told] = (await market.truth(order_id))["parcels"]
    assert (told["carrier"], told["carrier_name"]) == ("Other", "日本郵便")


async def test_a_parcel_amazon_has_and_would_not_take_again_counts_as_told(market: Market) -> None:
    order_id = await market.buy()
    parcel = await market.parcel(order_id)
    await market.tell(parcel)
    fault = {"kind": "refuse", "operation": "confirmShipment", "item": order_id, "code": "x", "message": SENT_BEFORE}
    await market.seller.lever("faults", **fault, count=2)

    assert await market.tell(parcel) == [Done("1")]
    strange = refusal((await market.tell(replace(parcel, ordinal=2, number="other")))[0])
    assert (strange.original, strange.problem_class) == (SENT_BEFORE, ProblemClass.DATA)


@pytest.mark.parametrize("pending", [True, False])
async def test_what_cannot_be_shipped_is_refused_in_amazons_words_and_the_others_go_on(
    market: Market, pending: bool
) -> None:
    bad, good = await market.buy(pending=pending), await market.buy()
    if not pending:
        await market.happens("cancel", bad)
    unknown = replace(await market.parcel(good, 2), order_id="114-0000000-0000000")

    first, second, third = await market.tell(await market.parcel(bad), unknown, await market.parcel(good))

    assert refusal(first).problem_class is ProblemClass.DATA
    assert "cannot be shipped" in refusal(first).original
    assert (refusal(second).code, refusal(second).problem_class) == ("order_not_found", ProblemClass.DATA)
    assert third == Done("1")


async def test_a_wrong_line_is_the_orders_fault_and_an_unreadable_parcel_is_ours(market: Market) -> None:
    order_id = await market.buy()
    wrong_line = await market.parcel(order_id, lines=(("00000000000000", 1),))
    no_number = await market.parcel(order_id, told="first")

    first, second = await market.tell(wrong_line, no_number)

    assert (refusal(first).problem_class, refusal(second).problem_class) == (ProblemClass.DATA, ProblemClass.OURS)
    assert "OrderItemId" in refusal(first).original


async def test_a_lost_answer_about_a_parcel_is_in_doubt_and_telling_again_leaves_one(market: Market) -> None:
    order_id = await market.buy()
    await market.seller.lever("faults", kind="drop", operation="confirmShipment", count=1)

    first = refusal((await market.tell(await market.parcel(order_id)))[0])
    assert first.problem_class is ProblemClass.UNKNOWN
    assert len((await market.told(order_id)).parcels) == 1, "Amazon had taken it"
    assert await market.tell(await market.parcel(order_id)) == [Done("1")]
    assert len((await market.truth(order_id))["parcels"]) == 1


async def test_parcels_there_is_no_time_for_are_told_to_come_later(market: Market) -> None:
    order_id = await market.buy()
    market.account.longest_wait = 0

    outcomes = await market.tell(*[await market.parcel(order_id)] * 12)

    assert outcomes[:10] == [Done("1")] * 10
    assert {refusal(one).problem_class for one in outcomes[10:]} == {ProblemClass.BUSY}


async def test_orders_are_cancelled_by_one_feed_and_the_report_says_how_it_went(market: Market) -> None:
    ids = [await market.buy(2) for _ in range(3)]
    reasons = (CancelReason.OUT_OF_STOCK, CancelReason.CUSTOMER, CancelReason.ADDRESS)
    wanted = [to_cancel(one, reason) for one, reason in zip(ids, reasons, strict=True)]

    outcomes = await market.orders.cancel(market.account, wanted)
    assert all(isinstance(one, Sent) for one in outcomes)
    early = await market.look(wanted, outcomes)
    assert all(isinstance(one, Sent) for one in early), "Amazon works on it"
    market.later()

    assert await market.look(wanted, early) == [Done(None)] * 3
    told = [await market.told(one) for one in ids]
    assert {one.state for one in told} == {OrderState.CANCELLED}
    assert [one.cancel_reason for one in told] == ["NoInventory", "BuyerCanceled", "ShippingAddressUndeliverable"]
    assert [(await market.truth(one))["cancels"] for one in ids] == [1, 1, 1]
    assert (await market.seller.operations()).count("createFeed") == 1


async def test_cancelling_twice_is_done_and_cancelling_after_shipping_is_refused_in_amazons_words(
    market: Market,
) -> None:
    twice, gone, shipped = await market.buy(), await market.buy(), await market.buy()
    await market.cancel(to_cancel(twice))
    await market.happens("cancel", gone)
    await market.tell(await market.parcel(shipped))

    first, second, third, unknown = await market.cancel(
        to_cancel(twice), to_cancel(gone), to_cancel(shipped), to_cancel("114-0000000-0000000")
    )

    assert (first, second) == (Done(None), Done(None))
    assert refusal(third).problem_class is ProblemClass.DATA
    assert "SHIPPED and cannot be cancelled" in refusal(third).original
    assert refusal(unknown).code == "order_not_found"
    assert (await market.told(shipped)).state is OrderState.SHIPPED


async def test_lines_that_are_named_need_no_reading_of_the_order(market: Market) -> None:
    order_id = await market.buy()
    line = (await market.truth(order_id))["lines"][0]["id"]
    before = (await market.seller.operations()).count("getOrder")

    assert await market.cancel(replace(to_cancel(order_id), lines=((line, 1),))) == [Done(None)]
    assert (await market.seller.operations()).count("getOrder") == before


async def test_a_lost_answer_about_a_cancel_is_in_doubt_and_settled_by_looking(market: Market) -> None:
    order_id = await market.buy()
    await market.seller.lever("faults", kind="drop", operation="createFeed", count=1)
    with pytest.raises(InDoubt):
        await market.cancel(to_cancel(order_id))
    market.later()

    assert await market.cancel(to_cancel(order_id)) == [Done(None)]
    assert (await market.told(order_id)).state is OrderState.CANCELLED
    assert (await market.truth(order_id))["cancels"] == 2, "the feed nobody heard of had been taken"


async def test_a_cancel_refused_on_purpose_keeps_code_and_words(market: Market) -> None:
    order_id = await market.buy()
    fault = {"kind": "refuse", "operation": "feed", "item": order_id, "code": "13021", "message": "Not this one."}
    await market.seller.lever("faults", **fault, count=1)
    [outcome] = await market.cancel(to_cancel(order_id))
    assert (refusal(outcome).code, refusal(outcome).original) == ("13021", "Not this one.")
