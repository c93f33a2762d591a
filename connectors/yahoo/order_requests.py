"""What order calls say: XML with the seller id inside. Pure. Their pages: https://developer.yahoo.co.jp/webapi/shopping/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final
from xml.etree import ElementTree as ET

from connectors.carriers import OTHER
from connectors.orders import CancelReason, ParcelToTell
from connectors.yahoo.answers import Element

JAPAN: Final = timezone(timedelta(hours=9))
PROCESSING, CANCELLED, COMPLETED = "2", "4", "5"
SHIPPED = "3"

# ShipCompanyCode: public clients name these; whether there are more is unsure.
CARRIERS: Final[Mapping[str, str]] = {
    "yamato": "1001",
    "sagawa": "1002",
    "japan_post": "1003",
    "seino": "1004",
    "fukuyama": "1006",
    OTHER: "1000",
}
# CancelReason of orderStatusChange.
REASONS: Final[Mapping[CancelReason, str]] = {
    CancelReason.OUT_OF_STOCK: "210",
    CancelReason.CUSTOMER: "100",
    CancelReason.ADDRESS: "130",
    CancelReason.UNPAID: "120",
    CancelReason.OTHER: "230",
}

# PublicationTime is when the list began to show an order: one that Yahoo! looks at for fraud first may come late.
# https://developer.yahoo.co.jp/webapi/shopping/orderList.html, change of 2021-06-18
_LIST_FIELDS = "OrderId,OrderTime,LastUpdateTime,PublicationTime"
# Only what we keep: what is not asked for is not sent, and cannot leak.
_INFO_FIELDS = ",".join(
    """
    OrderId OrderTime LastUpdateTime OrderStatus CancelReason Suspect FraudHoldStatus BuyerComments
    PayStatus PayKind PayMethod PayMethodName BillFirstName BillLastName BillZipCode BillPrefecture BillCity
    BillAddress1 BillAddress2 BillPhoneNumber BillMailAddress
    ShipStatus ShipMethod ShipMethodName ShipCompanyCode ShipInvoiceNumber1 ShipUrl ShipDate ShippingDeadline
    ShipFirstName ShipLastName ShipZipCode ShipPrefecture ShipCity ShipAddress1 ShipAddress2 ShipPhoneNumber
    ShipCharge Discount TotalPrice
    LineId ItemId SubCode Title UnitPrice OriginalPrice Quantity CouponDiscount IsTaxable ItemTaxRatio
    """.split()
)


def order_list(seller_id: str, *, start: datetime, end: datetime, first: int, rows: int) -> Element:
    """Orders by the time they were placed, oldest first, from the `first` on (1 is the oldest).

    A condition on the time of change exists, but its name is unsure; one on the time of the order is not.
    """
    return _req(
        seller_id,
        _node(
            "Search",
            *_texts(Result=str(rows), Start=str(first), Sort="+order_time"),
            _node("Condition", *_texts(OrderTimeFrom=_stamp(start), OrderTimeTo=_stamp(end))),
            *_texts(Field=_LIST_FIELDS),
        ),
    )


def order_info(seller_id: str, order_id: str) -> Element:
    return _req(seller_id, _node("Target", *_texts(OrderId=order_id, Field=_INFO_FIELDS)))


def cancel(seller_id: str, order_id: str, reason: CancelReason) -> Element:
    """IsPointFix must be there; points are for orders that are completed."""
    target = _node("Target", *_texts(OrderId=order_id, IsPointFix="false"))
    return _req(seller_id, target, _node("Order", *_texts(OrderStatus=CANCELLED, CancelReason=REASONS[reason])))


def complete(seller_id: str, order_id: str) -> Element:
    """Yahoo! wants the points fixed with it."""
    target = _node("Target", *_texts(OrderId=order_id, IsPointFix="true"))
    return _req(seller_id, target, _node("Order", *_texts(OrderStatus=COMPLETED)))


def shipped(seller_id: str, parcel: ParcelToTell) -> Element:
    """Which ShipInvoiceNumberEmptyReason fits a parcel without a number is unsure, so none is given."""
    ship = {
        "ShipStatus": SHIPPED,
        "ShipCompanyCode": CARRIERS.get(parcel.carrier, CARRIERS[OTHER]),
        "ShipInvoiceNumber1": _plain(parcel.number),
        "ShipDate": parcel.shipped_at.astimezone(JAPAN).strftime("%Y%m%d"),
    }
    told = {name: text for name, text in ship.items() if text}
    target = _node("Target", *_texts(OrderId=parcel.order_id, IsPointFix="true"))
    return _req(seller_id, target, _node("Order", _node("Ship", *_texts(**told))))


def body(request: Element) -> bytes:
    """The bytes on the wire."""
    written: bytes = ET.tostring(request, encoding="utf-8", xml_declaration=True)
    return written


def _req(seller_id: str, *parts: Element) -> Element:
    return _node("Req", *parts, *_texts(SellerId=seller_id))


def _node(tag: str, *children: Element) -> Element:
    made = ET.Element(tag)
    made.extend(children)
    return made


def _texts(**fields: str) -> Sequence[Element]:
    made = []
    for tag, text in fields.items():
        one = ET.Element(tag)
        one.text = text
        made.append(one)
    return made


def _stamp(moment: datetime) -> str:
    return moment.astimezone(JAPAN).strftime("%Y%m%d%H%M%S")


def _plain(text: str) -> str:
    """Without the signs that no XML can carry."""
    return "".join(sign for sign in text.strip() if sign.isprintable())
