"""Orders in Amazon's own words: every status, its published examples, and amounts that are told in different ways."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors.amazon import cancelling, marketplaces, order_mapping, orders, shipments
from connectors.amazon.client import AmazonClient
from connectors.errors import OurFault, ProblemClass
from connectors.orders import CancelReason, OrderLine, OrderRecord, OrderState, ParcelToTell
from connectors.records import Done, Failed, Money, SentItem
from tests.connectors.amazon.market import to_cancel
from tests.connectors.amazon.official import needs_amazon_specs, operations
from tests.connectors.amazon.test_client import client_of
from tests.connectors.wire import Wire, refused

US = marketplaces.by_host("amazon.com")
JP = marketplaces.by_host("amazon.co.jp")


def dollars(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


def item(**more: Any) -> dict[str, Any]:
    usual = {"orderItemId": "1", "quantityOrdered": 5, "product": {"sellerSku": "A", "title": "A thing"}}
    return usual | more


def told(status: str = "UNSHIPPED", *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "orderId": "114-0000000-0000001",
        "createdTime": "2026-11-01T00:00:00Z",
        "lastUpdatedTime": "2026-11-01T00:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": US.id},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT"},
        "orderItems": list(items or [item()]),
        **more,
    }


def line(status: str, **more: Any) -> OrderLine:
    return order_mapping.record(told(status, item(**more)), US).lines[0]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING_AVAILABILITY", OrderState.PENDING),
        ("PENDING", OrderState.PENDING),
        ("UNSHIPPED", OrderState.OPEN),
        ("PARTIALLY_SHIPPED", OrderState.OPEN),
        ("SHIPPED", OrderState.SHIPPED),
        ("CANCELLED", OrderState.CANCELLED),
        ("UNFULFILLABLE", OrderState.CANCELLED),
        ("ONE_DAY_ANOTHER", OrderState.PENDING),
    ],
)
def test_every_status_is_a_state_and_an_unknown_one_ships_nothing(status: str, state: OrderState) -> None:
    assert order_mapping.record(told(status), US).state is state


@needs_amazon_specs
def test_no_status_of_the_model_is_forgotten() -> None:
    [search] = [one for one in operations() if one.name == "searchOrders"]
    assert set(search.model["definitions"]["FulfillmentStatus"]["enum"]) == set(order_mapping.STATES)


@needs_amazon_specs
async def test_every_order_in_amazons_examples_is_read_whole() -> None:
    """The bodies that its static sandbox answers with."""
    read: list[OrderRecord] = []
    for operation in operations():
        if not operation.path.startswith("/orders/2026-01-01"):
            continue
        for example in operation.spec["responses"]["200"]["x-amzn-api-sandbox"]["static"]:
            body = example["response"]
            for one in body.get("orders") or [body["order"]]:
                place = marketplaces.named(one["salesChannel"]["marketplaceId"])
                assert place is not None
                assert order_mapping.is_sale_here(one, place)
                read.append(order_mapping.record(one, place))

    assert len(read) == 6
    by_id = {one.channel_id: one for one in read}
    japan, britain = by_id["250-1234567-8901234"], by_id["202-7654321-1098765"]
    assert (japan.total, japan.by_channel, japan.state) == (Money(19940, "JPY"), True, OrderState.SHIPPED)
    assert [one.shipped for one in japan.lines] == [1, 2]
    assert britain.parcels[0].number == "15501234567890123456"
    assert by_id["114-9876543-1234567"].taxes_included is False
    assert by_id["171-2345678-9012345"].payment == "CreditCard"
    gift = by_id["171-9876543-2109876"].buyer
    assert gift is not None
    assert gift.note.startswith("Feliz Natal!")


@needs_amazon_specs
async def test_the_sandboxes_pages_are_asked_for_as_in_its_examples() -> None:
    [search] = [one for one in operations() if one.name == "searchOrders"]
    [first, *_] = search.spec["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    client, account = client_of(Wire(json.dumps(first["response"]).encode(), b'{"orders": []}'))

    page = await orders.changed(client, order_mapping.record(first["response"]["orders"][0], JP).placed_at, "")
    last = await orders.changed(client, page.orders[0].placed_at, page.next_page)

    assert (len(page.orders), page.next_page, last.next_page) == (1, "2YgYW55IGNhcm5hbCBwbGVhc3VyZS4", "")
    assert account.paid == [("searchOrders", 1)] * 2


@pytest.mark.parametrize(
    ("status", "counts", "cancelled"),
    [
        ("UNSHIPPED", {"quantityFulfilled": 0, "quantityUnfulfilled": 5}, 0),
        ("UNSHIPPED", {"quantityFulfilled": 0, "quantityUnfulfilled": 3}, 2),
        ("PARTIALLY_SHIPPED", {"quantityFulfilled": 2, "quantityUnfulfilled": 3}, 0),
        ("SHIPPED", {"quantityFulfilled": 4, "quantityUnfulfilled": 0}, 1),
        ("CANCELLED", {"quantityFulfilled": 0, "quantityUnfulfilled": 0}, 5),
        ("CANCELLED", {"quantityFulfilled": 0, "quantityUnfulfilled": 5}, 5),
        ("CANCELLED", {}, 5),
        ("PENDING", {}, 0),
    ],
)
def test_what_will_not_leave_is_what_amazon_counts_nowhere(status: str, counts: dict[str, int], cancelled: int) -> None:
    assert line(status, fulfillment=counts).cancelled == cancelled


def test_a_line_cancelled_alone_is_cancelled_however_amazon_counts() -> None:
    execution = {"cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "x"}}
    counts = {"quantityFulfilled": 0, "quantityUnfulfilled": 5}
    assert line("UNSHIPPED", fulfillment=counts, cancellation=execution).cancelled == 5
    one_off = {"quantityFulfilled": 0, "quantityUnfulfilled": 4}
    assert line("UNSHIPPED", fulfillment=one_off, cancellation=execution).cancelled == 1


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_discount_is_what_is_off_however_it_is_signed(sign: str) -> None:
    parts = [
        {"type": "ITEM", "subtotal": dollars("10.00")},
        {"type": "DISCOUNT", "subtotal": dollars(f"{sign}2.00")},
        {"type": "TAX", "subtotal": dollars("0.80")},
    ]
    one = item(proceeds={"proceedsTotal": dollars("8.80"), "breakdowns": parts})
    read = order_mapping.record(told("UNSHIPPED", one), US)
    assert (read.discount, read.lines[0].discount) == (Money(200, "USD"), Money(200, "USD"))
    assert read.taxes_included is False
    one["proceeds"]["proceedsTotal"] = dollars("8.00")
    assert order_mapping.record(told("UNSHIPPED", one), US).taxes_included is True


def test_sums_of_the_order_go_before_sums_of_its_items() -> None:
    parts = [{"type": "ITEM", "subtotal": dollars("10.00")}]
    items = [item(proceeds={"proceedsTotal": dollars("10.00"), "breakdowns": parts}) for _ in range(2)]
    assert order_mapping.record(told("UNSHIPPED", *items), US).subtotal == Money(2000, "USD")
    whole = {"grandTotal": dollars("20.00"), "breakdowns": [{"type": "ITEM", "subtotal": dollars("19.99")}]}
    assert order_mapping.record(told("UNSHIPPED", *items, proceeds=whole), US).subtotal == Money(1999, "USD")


def test_what_amazon_ships_for_another_shop_is_no_sale_here() -> None:
    elsewhere = told(salesChannel={"channelName": "NON_AMAZON"})
    assert not order_mapping.is_sale_here(elsewhere, US)
    assert not order_mapping.is_sale_here(told(), JP)


def test_every_reason_has_one_of_amazons_names() -> None:
    assert set(cancelling.REASONS) == set(CancelReason)


ENVELOPE = "<AmazonEnvelope><Message><ProcessingReport>{}</ProcessingReport></Message></AmazonEnvelope>"
RESULT = (
    "<Result><MessageID>{}</MessageID><ResultCode>{}</ResultCode><ResultMessageCode>18021</ResultMessageCode>"
    "<ResultDescription>The quantities &amp; more.\n</ResultDescription></Result>"
)


def looking(report: str) -> AmazonClient:
    done = b'{"feedId":"7","processingStatus":"DONE","resultFeedDocumentId":"d"}'
    document = b'{"feedDocumentId":"d","url":"https://documents.example.com/d"}'
    client, _account = client_of(Wire(done, document, report.encode(), refused(404, b"{}")))
    return client


async def looked(report: str) -> list[Any]:
    sent = [SentItem(item=to_cancel(f"114-0000000-000000{n}"), reference=f"cancel:7:{n}") for n in (1, 2)]
    return await cancelling.look(looking(report), sent)


async def test_a_report_names_the_message_it_refuses_and_a_warning_refuses_nothing() -> None:
    done, refusal = await looked(ENVELOPE.format(RESULT.format(1, "Warning") + RESULT.format(2, "Error")))
    assert done == Done(None)
    assert isinstance(refusal, Failed)
    problem = refusal.problem
    assert (problem.code, problem.original) == ("18021", "The quantities & more.")
    assert problem.problem_class is ProblemClass.DATA


@pytest.mark.parametrize("report", [ENVELOPE.format(RESULT.format(0, "Error")), "<html>", '{"header": {}}'])
async def test_a_report_about_the_whole_feed_or_none_at_all_is_no_success(report: str) -> None:
    with pytest.raises(OurFault):
        await looked(report)


@pytest.mark.parametrize("status", ["CANCELLED", "FATAL"])
async def test_a_feed_that_amazon_stopped_is_sent_again_later(status: str) -> None:
    client, _account = client_of(Wire(json.dumps({"feedId": "7", "processingStatus": status}).encode()))
    [outcome] = await cancelling.look(client, [SentItem(item=to_cancel("114-0000000-0000001"), reference="cancel:7:1")])
    assert isinstance(outcome, Failed)
    assert outcome.problem.problem_class is ProblemClass.BUSY


async def test_a_parcel_is_told_with_a_text_as_its_number_and_the_time_in_utc() -> None:
    wire = Wire(httpx.Response(204))
    client, _account = client_of(wire)
    moment = order_mapping.record(told(createdTime="2026-11-01T09:30:00+09:00"), US).placed_at
    parcel = ParcelToTell(
        key="k",
        order_id="250-1234567-8901234",
        ordinal=1,
        carrier="sagawa",
        carrier_name="佐川急便",
        number="1234",
        shipped_at=moment,
        lines=(("25012345678901", 1), ("25012345678902", 0)),
        last=True,
    )
    assert await shipments.tell(client, [parcel]) == [Done("1")]
    assert wire.sent() == {
        "marketplaceId": JP.id,
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "SAGAWA",
            "trackingNumber": "1234",
            "shipDate": "2026-11-01T00:30:00.000Z",
            "orderItems": [{"orderItemId": "25012345678901", "quantity": 1}],
        },
    }
