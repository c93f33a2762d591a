"""Answers about orders, as bytes: one order of two lines, with whatever a test says differently."""

from __future__ import annotations

ORDER_ID = "teststore-10000001"
ORDER = {
    "OrderId": ORDER_ID,
    "OrderTime": "2026-11-01T12:34:56+09:00",
    "LastUpdateTime": "2026-11-02T08:00:00+09:00",
    "OrderStatus": "2",
    "Suspect": "0",
    "BuyerComments": "<![CDATA[Ring twice & wait]]>",
}
PAY = {
    "PayStatus": "1",
    "PayMethod": "payment_a1",
    "PayMethodName": "クレジットカード",
    "BillLastName": "見本",
    "BillFirstName": "花子",
    "BillZipCode": "1000000",
    "BillPrefecture": "東京都",
    "BillCity": "千代田区",
    "BillAddress1": "見本町1-2-3",
    "BillPhoneNumber": "03-0000-0000",
    "BillMailAddress": "hanako@example.com",
}
SHIP = {
    "ShipStatus": "1",
    "ShipMethod": "postage1",
    "ShipMethodName": "宅配便",
    "ShippingDeadline": "2026-11-05",
    "ShipLastName": "Sample",
    "ShipFirstName": "Taro",
    "ShipZipCode": "5300000",
    "ShipPrefecture": "大阪府",
    "ShipCity": "大阪市",
    "ShipAddress1": "例1-1",
    "ShipAddress2": "例ビル5",
    "ShipPhoneNumber": "06-0000-0000",
}
DETAIL = {"ShipCharge": "550", "Discount": "100", "TotalPrice": "5150"}
MUG = {
    "LineId": "1",
    "ItemId": "mug",
    "SubCode": "MUG-BLU",
    "Title": "マグカップ",
    "IsTaxable": "true",
    "ItemTaxRatio": "10",
    "UnitPrice": "1900",
    "OriginalPrice": "2000",
    "Quantity": "2",
    "CouponDiscount": "200",
}
TEA = {
    "LineId": "2",
    "ItemId": "tea",
    "SubCode": "",
    "Title": "煎茶",
    "ItemTaxRatio": "8",
    "UnitPrice": "900",
    "Quantity": "1",
}


def order(*items: dict[str, str], **changed: str) -> bytes:
    """An answer of orderInfo. A field changed to nothing is left out."""
    groups = {"": dict(ORDER), "Pay": dict(PAY), "Ship": dict(SHIP), "Detail": dict(DETAIL)}
    for name, text in changed.items():
        groups[_group_of(name)][name] = text
    own = _texts(groups.pop(""))
    inside = "".join(f"<{group}>{_texts(fields)}</{group}>" for group, fields in groups.items())
    lines = "".join(f"<Item>{_texts(item)}</Item>" for item in items or (MUG, TEA))
    info = f"<OrderInfo>{own}{inside}{lines}</OrderInfo>"
    return f"<ResultSet><Result><Status>OK</Status>{info}</Result></ResultSet>".encode()


def _group_of(name: str) -> str:
    if name in DETAIL:
        return "Detail"
    return next((group for group in ("Pay", "Ship") if name.startswith(group)), "")


def _texts(fields: dict[str, str]) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in fields.items() if text)


def listed(*rows: tuple[str, str, str], total: int | None = None) -> bytes:
    """An answer of orderList: order id, time of the order, time of its last change."""
    infos = "".join(
        f"<OrderInfo><OrderId>{one}</OrderId><OrderTime>{at}</OrderTime><LastUpdateTime>{changed}</LastUpdateTime></OrderInfo>"
        for one, at, changed in rows
    )
    count = len(rows) if total is None else total
    return f"<Result><Status>OK</Status><Search><TotalCount>{count}</TotalCount>{infos}</Search></Result>".encode()


DONE = b"<ResultSet><Result><Status>OK</Status><Warning><Code>od91704</Code></Warning></Result></ResultSet>"
