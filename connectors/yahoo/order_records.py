"""Yahoo!'s answer about an order as our record. Pure. https://developer.yahoo.co.jp/webapi/shopping/orderInfo.html

Prices at Yahoo! Shopping have the consumption tax in them; how much of it an order's tax is, its answers do not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from connectors.carriers import NAMES, OTHER
from connectors.orders import Address, Buyer, CancelReason, OrderLine, OrderRecord, OrderState, Parcel
from connectors.records import Money
from connectors.yahoo import answers, codes
from connectors.yahoo.answers import Element
from connectors.yahoo.mapping import CURRENCY
from connectors.yahoo.order_requests import CANCELLED, CARRIERS, COMPLETED, JAPAN, PROCESSING, REASONS

TEST_SELLERS = "snbx-"
# ShipStatus: 0 may not be shipped, 1 may be, 2 is being shipped, 3 has left, 4 has arrived.
_MAY_NOT_LEAVE, _LEFT = "0", ("3", "4")
_UNPAID, _PAID = "0", "1"
# What 0 and other numbers of FraudHoldStatus mean is unsure; 1 is taken for an order Yahoo! holds.
_HELD = "1"
_FRAUD_OF_SUSPECT = {"1": "high", "2": "low"}
_CARRIER_OF_CODE = {code: key for key, code in CARRIERS.items() if key != OTHER}
# Reasons that public clients know, besides those we give ourselves.
_REASON_OF_CODE: Mapping[str, CancelReason] = {
    **{code: reason for reason, code in REASONS.items()},
    **dict.fromkeys(("110", "140", "160", "180"), CancelReason.CUSTOMER),
    "150": CancelReason.ADDRESS,
    "170": CancelReason.UNPAID,
    "220": CancelReason.OUT_OF_STOCK,
}
_STAMPS = ("%Y%m%d%H%M%S", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One order of a list: `changed_at` is since when it stands there as it is. A time is None where none was read."""

    order_id: str
    placed_at: datetime | None
    changed_at: datetime | None


def rows(root: Element) -> list[Row]:
    """The orders of an answer of orderList, in its order."""
    return [_row(one) for one in root.iter("OrderInfo")]


def _row(one: Element) -> Row:
    changed, shown = (moment(answers.text(one, name)) for name in ("LastUpdateTime", "PublicationTime"))
    later = max(changed, shown) if changed and shown else changed
    return Row(answers.text(one, "OrderId"), moment(answers.text(one, "OrderTime")), later)


def total(root: Element) -> int:
    """How many orders fit the question, also those of other pages."""
    text = answers.text(root, "Search/TotalCount")
    return int(text) if text.isdecimal() else 0


def fields_of(info: Element) -> dict[str, str]:
    """Every field of the order by its name, in whichever group it stands; those of its items are not among them."""
    found: dict[str, str] = {}
    for group in (info, *(one for one in info if one.tag != "Item")):
        found |= {one.tag: (one.text or "").strip() for one in group if not len(one)}
    return found


def record(info: Element, *, seller_id: str, read_at: datetime) -> OrderRecord:
    """The order. `read_at` stands in for a time that the answer does not say.

    Raises ValueError for an answer that does not say which order it is, or what was bought.
    """
    given = fields_of(info)
    if not given.get("OrderId") or info.find("Item") is None:
        raise ValueError("an order without its number or its lines")
    state = state_of(given)
    lines = tuple(_line(one, state) for one in info.iter("Item"))
    placed_at = moment(given.get("OrderTime", "")) or read_at
    return OrderRecord(
        channel_id=given["OrderId"],
        number=given["OrderId"],
        placed_at=placed_at,
        changed_at=moment(given.get("LastUpdateTime", "")) or read_at,
        state=state,
        currency=CURRENCY,
        lines=lines,
        subtotal=_subtotal(lines),
        shipping=_yen(given.get("ShipCharge", "")),
        discount=_sum([_yen(given.get("Discount", "")), *(line.discount for line in lines)]),
        total=_yen(given.get("TotalPrice", "")),
        buyer=_buyer(given),
        payment=given.get("PayMethodName") or given.get("PayMethod", ""),
        shipping_method=given.get("ShipMethodName") or given.get("ShipMethod", ""),
        fraud=_fraud(given),
        cancel_reason=_cancel_reason(given) if state is OrderState.CANCELLED else "",
        ship_by=moment(given.get("ShippingDeadline", ""), end_of_day=True),
        test=seller_id.startswith(TEST_SELLERS),
        parcels=_parcels(given) if has_left(given) else (),
    )


# ---- what an order is ----


def state_of(given: Fields) -> OrderState:
    """Yahoo! itself says by ShipStatus whether an order may be shipped: one to be paid before is not, until it is.

    https://developer.yahoo.co.jp/webapi/shopping/ordersapiguide.html. Reserved and held orders wait as well.
    """
    status, ship = given.get("OrderStatus", ""), given.get("ShipStatus", "")
    if status == CANCELLED:
        return OrderState.CANCELLED
    if has_left(given) or status == COMPLETED:
        return OrderState.SHIPPED
    unpaid = not ship and given.get("PayStatus") == _UNPAID
    if status != PROCESSING or ship == _MAY_NOT_LEAVE or _is_held(given) or unpaid:
        return OrderState.PENDING
    return OrderState.OPEN


def has_left(given: Fields) -> bool:
    return given.get("ShipStatus") in _LEFT


def is_paid(given: Fields) -> bool:
    return given.get("PayStatus") == _PAID


def _is_held(given: Fields) -> bool:
    return given.get("FraudHoldStatus") == _HELD


def _fraud(given: Fields) -> str:
    return "high" if _is_held(given) else _FRAUD_OF_SUSPECT.get(given.get("Suspect", ""), "")


def _cancel_reason(given: Fields) -> str:
    code = given.get("CancelReason", "")
    return _REASON_OF_CODE.get(code, CancelReason.OTHER) if code else ""


# ---- lines ----


def _line(item: Element, state: OrderState) -> OrderLine:
    """SKU and item are named as a look names them. Where a price was lowered, the line has the one from before.

    That CouponDiscount is of the whole line, and not of each unit, is unsure; it counts only where the price was not
    lowered by it already.
    """
    quantity = _count(answers.text(item, "Quantity"))
    price, before = _yen(answers.text(item, "UnitPrice")), _yen(answers.text(item, "OriginalPrice"))
    lowered = price is not None and before is not None and before.minor > price.minor
    coupon = _yen(answers.text(item, "CouponDiscount"))
    if price is not None and before is not None and lowered:
        coupon = Money((before.minor - price.minor) * quantity, CURRENCY)
    code, subcode = answers.text(item, "ItemId"), answers.text(item, "SubCode")
    return OrderLine(
        channel_id=answers.text(item, "LineId"),
        sku=subcode or code,
        title=answers.text(item, "Title"),
        quantity=quantity,
        item_id=codes.joined(code, subcode),
        cancelled=quantity if state is OrderState.CANCELLED else 0,
        shipped=quantity if state is OrderState.SHIPPED else 0,
        unit_price=before if lowered else price,
        tax_rate=_tax_rate(item),
        discount=coupon,
    )


def _tax_rate(item: Element) -> str:
    """A part of one: "0.1" where Yahoo! says 10 per cent."""
    if answers.text(item, "IsTaxable") == "false":
        return "0"
    try:
        return format((Decimal(answers.text(item, "ItemTaxRatio")) / 100).normalize(), "f")
    except InvalidOperation:
        return ""


def _count(text: str) -> int:
    """None are said to be there where nothing is said. Raises ValueError for what is no number."""
    return int(text) if text else 0


# ---- amounts ----


def _yen(text: str) -> Money | None:
    """None for what is not said."""
    return Money(int(text), CURRENCY) if text.removeprefix("-").isdecimal() else None


def _subtotal(lines: Sequence[OrderLine]) -> Money | None:
    """The lines before anything is taken off. None where one has no price yet."""
    prices = [line.unit_price.minor * line.quantity for line in lines if line.unit_price is not None]
    return Money(sum(prices), CURRENCY) if lines and len(prices) == len(lines) else None


def _sum(amounts: Iterable[Money | None]) -> Money | None:
    said = [amount.minor for amount in amounts if amount is not None]
    return Money(sum(said), CURRENCY) if said else None


# ---- people and parcels ----


def _buyer(given: Fields) -> Buyer | None:
    buyer = Buyer(
        name=_name(given, "Bill"),
        email=given.get("BillMailAddress", ""),
        phone=given.get("BillPhoneNumber", ""),
        ship_to=_address(given, "Ship"),
        bill_to=_address(given, "Bill"),
        note=given.get("BuyerComments", ""),
    )
    return None if buyer == Buyer() else buyer


def _name(given: Fields, whose: str) -> str:
    """Family name first, as it is written in Japan."""
    return " ".join(filter(None, (given.get(f"{whose}LastName"), given.get(f"{whose}FirstName"))))


def _address(given: Fields, whose: str) -> Address | None:
    """Yahoo! Shopping delivers in Japan alone."""
    said = {
        "name": _name(given, whose),
        "line1": given.get(f"{whose}Address1", ""),
        "line2": given.get(f"{whose}Address2", ""),
        "city": given.get(f"{whose}City", ""),
        "region": given.get(f"{whose}Prefecture", ""),
        "postal_code": given.get(f"{whose}ZipCode", ""),
        "phone": given.get(f"{whose}PhoneNumber", ""),
    }
    return Address(**said, country="JP") if any(said.values()) else None


def _parcels(given: Fields) -> tuple[Parcel, ...]:
    """The one shipment an order has, which is called by the order's own id."""
    code = given.get("ShipCompanyCode", "")
    key = _CARRIER_OF_CODE.get(code)
    return (
        Parcel(
            channel_id=given.get("OrderId", ""),
            carrier=NAMES[key][0] if key else "",
            carrier_code=code,
            number=given.get("ShipInvoiceNumber1", ""),
            url=given.get("ShipUrl", ""),
            shipped_at=moment(given.get("ShipDate", "")),
        ),
    )


# ---- times ----


def moment(text: str, *, end_of_day: bool = False) -> datetime | None:
    """The time in UTC. How Yahoo! writes times is unsure, so each way seen is read; one without a zone is Japan's.

    `end_of_day`: a day alone means its last second.
    """
    read = _read(text)
    if read is None:
        return None
    if end_of_day and len(text) <= len("2026-01-31"):
        read = read.replace(hour=23, minute=59, second=59)
    return (read if read.tzinfo else read.replace(tzinfo=JAPAN)).astimezone(UTC)


def _read(text: str) -> datetime | None:
    for stamp in _STAMPS:
        try:
            return datetime.strptime(text, stamp)  # noqa: DTZ007 - the zone is put in by the caller
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
