"""Rakuten's order model as our order record. Pure: no network, no clock. Fields: [rakutenpayorderapi/getorder].

State. 100 (the shop has to confirm), 200 (Rakuten is at the payment) and 400 (a change is not settled) are pending:
sold, and nothing may be shipped. So is 800, a cancellation that is not final, and an order that Rakuten will cancel
(cautionDisplayType 2): both with `cancel_requested`, as both may still be taken back. So are an order that Rakuten
is checking, and a gift whose recipient has not said where to. What had been reported as shipped stays shipped until it
is cancelled (900). Only 300 is open.

Money. All with tax: priceTaxIncl is there for goods priced without it too. The total is what RMS shows to buyers,
before points, which are a way to pay. -9999 is "not settled yet".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import IntEnum
from typing import Any

from connectors.orders import Address, Buyer, OrderLine, OrderRecord, OrderState, Parcel
from connectors.rakuten import names
from connectors.rakuten.looking import JAPAN
from connectors.rakuten.mapping import CURRENCY
from connectors.records import Money

Model = Mapping[str, Any]

UNSETTLED = -9999
WILL_BE_CANCELLED = 2  # cautionDisplayType
RESTORES_STOCK = 1  # restoreInventoryFlag; 0 is the item's setting, which we turn off on items of ours, and 2 is never


class Progress(IntEnum):
    UNCONFIRMED = 100
    PROCESSING = 200
    READY = 300
    CHANGING = 400
    SHIPPED = 500
    PAYING_OUT = 600
    PAID_OUT = 700
    CANCELLING = 800
    CANCELLED = 900


_PAST_SHIPPING = frozenset({Progress.SHIPPED, Progress.PAYING_OUT, Progress.PAID_OUT})
# changeType: cancellation applied for, fixed, complete.
_CANCELLATIONS = frozenset({0, 1, 2})
# changeReasonDetail in Rakuten's words.
_REASONS: Mapping[int, str] = {
    1: "キャンセル",
    2: "受取後の返品",
    3: "長期不在による受取拒否",
    4: "未入金",
    5: "代引決済の受取拒否",
    6: "お客様都合 - その他",
    8: "欠品",
    10: "店舗様都合 - その他",
    13: "発送遅延",
    14: "顧客・配送対応注意表示",
    15: "返品(破損・品間違い)",
    16: "受取情報入力期限切れ",
}


def order(model: Model, *, read_at: datetime) -> OrderRecord:
    """The order as it is at `read_at`: Rakuten does not say when it was changed."""
    state = state_of(model)
    number = str(model["orderNumber"])
    return OrderRecord(
        channel_id=number,
        number=number,
        placed_at=datetime.fromisoformat(str(model["orderDatetime"])),
        changed_at=read_at,
        state=state,
        to_accept=model["orderProgress"] == Progress.UNCONFIRMED,
        currency=CURRENCY,
        lines=tuple(_lines(model, state)),
        subtotal=_subtotal(model),
        shipping=_money(model.get("postagePrice")),
        tax=_sum(one.get("reqPriceTax") for one in model.get("TaxSummaryModelList") or []),
        discount=_money(model.get("couponAllTotalPrice")),
        total=_total(model),
        taxes_included=True,
        buyer=_buyer(model),
        payment=_text((model.get("SettlementModel") or {}).get("settlementMethod")),
        shipping_method=_text((model.get("DeliveryModel") or {}).get("deliveryName")),
        cancel_requested=state is not OrderState.CANCELLED and _is_leaving(model),
        cancel_reason=_cancel_reason(model),
        parcels=tuple(_parcels(model)),
    )


def state_of(model: Model) -> OrderState:
    progress = model["orderProgress"]
    if progress == Progress.CANCELLED:
        return OrderState.CANCELLED
    if progress in _PAST_SHIPPING or model.get("shippingCmplRptDatetime"):
        return OrderState.SHIPPED
    held = _is_leaving(model) or model.get("rakutenConfirmFlag") == 1 or any(map(_is_unaddressed, packages(model)))
    return OrderState.OPEN if progress == Progress.READY and not held else OrderState.PENDING


def _is_leaving(model: Model) -> bool:
    return model["orderProgress"] == Progress.CANCELLING or model.get("cautionDisplayType") == WILL_BE_CANCELLED


def _is_unaddressed(package: Model) -> bool:
    """A gift whose recipient has not answered yet: its address is a row of dummies."""
    gift = package.get("SocialGiftModel")
    return bool(gift) and not (gift or {}).get("inputFlag")


def _cancel_reason(model: Model) -> str:
    changes = model.get("ChangeReasonModelList") or []
    details = [one.get("changeReasonDetail") for one in changes if one.get("changeType") in _CANCELLATIONS]
    return _REASONS.get(details[-1], "") if details else ""


# ---- lines ----


def packages(model: Model) -> Sequence[Model]:
    return model.get("PackageModelList") or []


def _lines(model: Model, state: OrderState) -> Iterable[OrderLine]:
    for package in packages(model):
        left = state is OrderState.SHIPPED or any(one.get("shippingDate") for one in shipping_rows(package))
        for item in package.get("ItemModelList") or []:
            gone = state is OrderState.CANCELLED or item.get("deleteItemFlag") == 1
            yield _line(item, model, gone=gone, left=left)


def _line(item: Model, model: Model, *, gone: bool, left: bool) -> OrderLine:
    sku: Model = next(iter(item.get("SkuModelList") or []), {})
    variant_id, manage_number = _text(sku.get("variantId")), _text(item.get("manageNumber"))
    units = int(item.get("units") or 0)
    return OrderLine(
        channel_id=line_id(item),
        # Orders from before Rakuten had SKUs have the item's number alone.
        sku=_text(sku.get("merchantDefinedSkuId")) or variant_id or _text(item.get("itemNumber")) or manage_number,
        title=_text(item.get("itemName")),
        quantity=units,
        item_id=names.item_id(manage_number, variant_id) if manage_number and variant_id else "",
        cancelled=units if gone else 0,
        shipped=units if left and not gone else 0,
        restocked=units if gone and item.get("restoreInventoryFlag") == RESTORES_STOCK else 0,
        unit_price=_money(item.get("priceTaxIncl")),
        tax_rate=_text(item.get("taxRate")),
        discount=_line_discount(item, model),
    )


def line_id(item: Model) -> str:
    return _text(item.get("itemDetailId"))


def _line_discount(item: Model, model: Model) -> Money | None:
    """What coupons for this very line take off it; those for the whole order name line 0."""
    coupons = model.get("CouponModelList") or []
    return _sum(one.get("couponTotalPrice") for one in coupons if _text(one.get("itemDetailId")) == line_id(item))


# ---- money ----


def _money(amount: Any) -> Money | None:
    return None if amount is None or amount == UNSETTLED else Money(int(amount), CURRENCY)


def _sum(amounts: Iterable[Any]) -> Money | None:
    """None for no amounts, and where one of them is not settled."""
    known = list(amounts)
    if not known or any(amount is None or amount == UNSETTLED for amount in known):
        return None
    return Money(sum(map(int, known)), CURRENCY)


def _subtotal(model: Model) -> Money | None:
    """Goods and wrapping with tax, as RMS adds them up."""
    goods = [
        item.get("priceTaxIncl") and int(item["priceTaxIncl"]) * int(item.get("units") or 0)
        for package in packages(model)
        for item in package.get("ItemModelList") or []
    ]
    wrappings = [one for name in ("WrappingModel1", "WrappingModel2") if (one := model.get(name))]
    return _sum([*goods, *map(_wrapping_price, wrappings)])


def _wrapping_price(wrapping: Model) -> int:
    tax = 0 if wrapping.get("includeTaxFlag") == 1 else int(wrapping.get("taxPrice") or 0)
    return int(wrapping.get("price") or 0) + tax


def _total(model: Model) -> Money | None:
    """総合計（税込） of RMS."""
    added = ("totalPrice", "deliveryPrice", "paymentCharge", "additionalFeeOccurAmountToUser")
    paid = _sum(model.get(name) for name in added)
    taken_off = _money(model.get("couponAllTotalPrice"))
    return None if paid is None or taken_off is None else Money(paid.minor - taken_off.minor, CURRENCY)


# ---- who, where to, and what left ----


def _buyer(model: Model) -> Buyer:
    """Of several destinations the first: an order has one address with us."""
    orderer = model.get("OrdererModel") or {}
    first = next(iter(packages(model)), {})
    there = None if _is_unaddressed(first) else _address(first.get("SenderModel") or {})
    return Buyer(
        name=_name(orderer),
        email=_text(orderer.get("emailAddress")),
        phone=_phone(orderer),
        ship_to=there,
        bill_to=_address(orderer),
        note=_text(model.get("remarks")),
    )


def _address(person: Model) -> Address | None:
    if not person:
        return None
    return Address(
        name=_name(person),
        line1=_text(person.get("subAddress")),
        city=_text(person.get("city")),
        region=_text(person.get("prefecture")),
        postal_code=_joined(person, "zipCode1", "zipCode2"),
        country="JP",
        phone=_phone(person),
    )


def _name(person: Model) -> str:
    return " ".join(part for name in ("familyName", "firstName") if (part := _text(person.get(name))))


def _phone(person: Model) -> str:
    return _joined(person, "phoneNumber1", "phoneNumber2", "phoneNumber3")


def _joined(person: Model, *fields: str) -> str:
    return "-".join(part for field in fields if (part := _text(person.get(field))))


def shipping_rows(package: Model) -> Sequence[Model]:
    return package.get("ShippingModelList") or []


def _parcels(model: Model) -> Iterable[Parcel]:
    several = len(packages(model)) > 1
    for package in packages(model):
        items = package.get("ItemModelList") or []
        lines = tuple((line_id(item), int(item.get("units") or 0)) for item in items) if several else ()
        for row in shipping_rows(package):
            yield Parcel(
                channel_id=_text(row.get("shippingDetailId")),
                carrier=_text(row.get("deliveryCompanyName")),
                carrier_code=_text(row.get("deliveryCompany")),
                number=_text(row.get("shippingNumber")),
                shipped_at=_day(row.get("shippingDate")),
                lines=lines,
            )


def _day(text: Any) -> datetime | None:
    """The beginning of the day in Japan."""
    return datetime.combine(date.fromisoformat(str(text)[:10]), time(), JAPAN) if text else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)
