"""An order's model as the order API tells it (version 10), made of what a buyer chose. Pure: no store, no clock.

[rakutenpayorderapi/getorder]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

UNSETTLED = -9999
TAX = 10  # percent; the practice store sells nothing at the reduced rate

# Nobody: an address that is none, numbers that ring nowhere.
_BUYER = {
    "name": "見本 花子",
    "kana": "ミホン ハナコ",
    "email": "hanako@example.com",
    "phone": "03-0000-0000",
    "postal_code": "100-0000",
    "region": "東京都",
    "city": "見本区",
    "line1": "見本町1-2-3",
    "note": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was chosen of one SKU. `price` is with tax, or without it where not `tax_included`."""

    sku: str
    variant_id: str
    manage_number: str
    title: str
    price: int
    quantity: int
    basket: int = 1
    tax_included: bool = True
    coupon: int = 0


def made(number: str, lines: Sequence[Line], given: Mapping[str, Any], *, first_id: int) -> Json:
    """The model without state and times. `given` may have buyer, postage (null: not settled), coupon, payment, gift."""
    buyer = _BUYER | dict(given.get("buyer") or {})
    baskets = sorted({line.basket for line in lines})
    packages = [
        {
            "basketId": first_id + 500 + basket,
            "noshi": None,
            "packageDeleteFlag": 0,
            "SenderModel": _person(buyer),
            "ItemModelList": [
                _item(first_id + position, line) for position, line in enumerate(lines) if line.basket == basket
            ],
            "defaultDeliveryCompanyCode": "1001",
            "dropOffFlag": 0,
            "DeliveryCvsModel": None,
            "SocialGiftModel": {"inputFlag": 0} if given.get("gift") else None,
        }
        for basket in baskets
    ]
    return {
        "orderNumber": number,
        "remarks": buyer["note"] or None,
        "memo": None,
        "orderType": 1,
        "cautionDisplayType": 0,
        "rakutenConfirmFlag": 0,
        "severalSenderFlag": int(len(baskets) > 1),
        "OrdererModel": _person(buyer) | {"emailAddress": buyer["email"]},
        "SettlementModel": {"settlementMethodCode": 1, "settlementMethod": given.get("payment", "クレジットカード")},
        "DeliveryModel": {"deliveryName": "宅配便", "deliveryClass": 1},
        "PackageModelList": packages,
        "CouponModelList": _coupons(lines, first_id, int(given.get("coupon", 0))),
        "ChangeReasonModelList": None,
        "postage": given.get("postage", 0),
    }


def told(model: Json) -> Json:
    """The model with its sums, as they are now."""
    postage = UNSETTLED if model["postage"] is None else int(model["postage"])
    items = [item for package in model["PackageModelList"] for item in package["ItemModelList"]]
    goods = sum(item["priceTaxIncl"] * item["units"] for item in items)
    off = sum(one["couponTotalPrice"] for one in model["CouponModelList"])
    asked = UNSETTLED if postage == UNSETTLED else goods + postage - off
    return {name: value for name, value in model.items() if name != "postage"} | {
        "goodsPrice": goods,
        "postagePrice": postage,
        "deliveryPrice": 0,
        "paymentCharge": 0,
        "totalPrice": UNSETTLED if postage == UNSETTLED else goods + postage,
        "requestPrice": asked,
        "couponAllTotalPrice": off,
        "couponShopPrice": off,
        "couponOtherPrice": 0,
        "additionalFeeOccurAmountToUser": 0,
        "additionalFeeOccurAmountToShop": 0,
        "TaxSummaryModelList": [
            {
                "taxRate": TAX / 100,
                "reqPrice": asked,
                "reqPriceTax": UNSETTLED if asked == UNSETTLED else asked * TAX // (100 + TAX),
            }
        ],
    }


def _item(number: int, line: Line) -> Json:
    with_tax = line.price if line.tax_included else line.price * (100 + TAX) // 100
    return {
        "itemDetailId": number,
        "itemName": line.title,
        "itemId": 10_000_000 + number,
        "itemNumber": None,
        "manageNumber": line.manage_number,
        "price": line.price,
        "units": line.quantity,
        "includePostageFlag": 0,
        "includeTaxFlag": int(line.tax_included),
        "selectedChoice": None,
        "restoreInventoryFlag": 0,
        "deleteItemFlag": 0,
        "taxRate": TAX / 100,
        "priceTaxIncl": with_tax,
        "SkuModelList": [{"variantId": line.variant_id, "merchantDefinedSkuId": line.sku or None, "skuInfo": None}],
    }


def _coupons(lines: Sequence[Line], first_id: int, whole: int) -> list[Json]:
    """Those for a line name it; one for the whole order names line 0."""
    off = [(first_id + position, line.coupon) for position, line in enumerate(lines) if line.coupon]
    return [
        {"couponCode": "MIHON", "couponName": "見本クーポン", "couponTotalPrice": amount, "itemDetailId": number}
        for number, amount in [*off, *([(0, whole)] if whole else [])]
    ]


def _person(buyer: Mapping[str, str]) -> Json:
    family, _, first = buyer["name"].partition(" ")
    family_kana, _, first_kana = buyer["kana"].partition(" ")
    zips, phones = [*buyer["postal_code"].split("-"), ""], [*buyer["phone"].split("-"), "", ""]
    return {
        "zipCode1": zips[0],
        "zipCode2": zips[1],
        "prefecture": buyer["region"],
        "city": buyer["city"],
        "subAddress": buyer["line1"],
        "familyName": family,
        "firstName": first,
        "familyNameKana": family_kana,
        "firstNameKana": first_kana,
        "phoneNumber1": phones[0],
        "phoneNumber2": phones[1],
        "phoneNumber3": phones[2],
    }
