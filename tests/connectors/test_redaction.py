import json
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import redaction
from connectors.redaction import MASK

JSON = "application/json; charset=utf-8"

ORDER = {
    "id": "gid://shopify/Order/6151234567890",
    "legacyResourceId": 6151234567890,
    "email": "ada@example.com",
    "customer": {
        "id": "gid://shopify/Customer/1",
        "displayName": "Ada Muster",
        "defaultPhoneNumber": {"number": 4930123},
    },
    "shippingAddress": {
        "name": "山田 太郎",
        "address1": "丸の内1-1",
        "city": "千代田区",
        "countryCode": "JP",
        "zip": "100-0005",
    },
    "billing_address": {"first_name": "Ada", "phone": "090-1234-5678", "country": "Germany"},
    "customAttributes": [{"key": "gift note", "value": "for my dear Grace"}],
    "lineItems": [
        {"title": "Stoneware mug", "name": "Stoneware mug - Blue", "sku": "MUG-BLU", "barcode": "4006381333931"}
    ],
    "note": "please call Linus, +49 30 1234567 or mail grace@example.org",
    "title": "mail grace@example.org or call +49 30 1234567",
    "access_token": "shpat_1234567890abcdef",
    "payment": {"card_number": "4242424242424242", "reference": "4242 4242 4242 4242"},
}
PERSONAL = [
    "ada@example.com", "Ada", "Muster", "4930123", "山田", "太郎", "丸の内", "千代田区", "100-0005", "090-1234-5678",
    "Grace", "Linus", "+49 30 1234567", "grace@example.org", "shpat_1234567890abcdef", "4242424242424242", "4242 4242",
]  # fmt: skip


def test_secrets_and_buyers_data_are_masked_and_structure_and_ids_stay() -> None:
    kept = redaction.mask_body(JSON, json.dumps(ORDER).encode(), secrets=())
    assert [text for text in PERSONAL if text in kept] == []
    value = json.loads(kept)
    assert value.keys() == ORDER.keys()
    assert value["legacyResourceId"] == 6151234567890
    assert value["customer"]["id"] == "gid://shopify/Customer/1"
    assert value["shippingAddress"]["countryCode"] == "JP"
    assert value["lineItems"] == ORDER["lineItems"]


RAKUTEN_ORDER = {
    "OrderModelList": [
        {
            "orderNumber": "123456-20261118-0000000001",
            "orderProgress": 300,
            "remarks": "裏口へ。Ring Quillfeather's bell",
            "memo": "お客様は幻影様",
            "mailPlugSentence": "幻影様、ありがとうございます",
            "operator": "担当 夢見",
            "OrdererModel": {
                "zipCode1": "199",
                "zipCode2": "0099",
                "prefecture": "架空県",
                "city": "幻影市",
                "subAddress": "夢見町9-8-7",
                "familyName": "幻影",
                "firstName": "Zebulon",
                "familyNameKana": "ゲンエイ",
                "firstNameKana": "ゼビュロン",
                "phoneNumber1": "03",
                "phoneNumber2": "0000",
                "phoneNumber3": "7654",
                "emailAddress": "zebulon@example.com",
                "sex": "男",
                "birthYear": 1977,
            },
            "SettlementModel": {
                "settlementMethod": "クレジットカード",
                "cardName": "VISA",
                "cardNumber": "XXXX-XXXX-XXXX-0015",
                "cardOwner": "ZEBULON GENEI",
                "cardYm": "2031-07",
            },
            "PackageModelList": [
                {
                    "basketId": 10746402,
                    "noshi": "御祝 幻影",
                    "dropOffLocation": "玄関前",
                    "SenderModel": {"familyName": "幻影", "subAddress": "夢見町9-8-7", "isolatedIslandFlag": 0},
                    "ItemModelList": [{"itemDetailId": 77, "itemName": "マグ", "selectedChoice": "名入れ:ゼビュロン"}],
                    "DeliveryCvsModel": {"storeName": "幻影駅前店", "storeAddress": "夢見町1-1"},
                    "SocialGiftModel": {"receiverEmailAddress": "gift@example.com", "inputFlag": 1},
                    "ShippingModelList": [{"shippingDetailId": 5, "shippingNumber": "SN111111"}],
                }
            ],
        }
    ]
}
PLANTED = [
    "Quillfeather", "裏口", "幻影", "夢見", "架空県", "Zebulon", "ZEBULON", "ゲンエイ", "ゼビュロン", "0099", "7654",
    "example.com", "男", "1977", "VISA", "0015", "2031-07", "御祝", "玄関前",
]  # fmt: skip


def test_nothing_of_a_rakuten_buyer_is_kept_and_the_order_can_still_be_followed() -> None:
    said = json.dumps(RAKUTEN_ORDER, ensure_ascii=False)
    assert [text for text in PLANTED if text not in said] == []
    for body in (said.encode(), json.dumps(RAKUTEN_ORDER).encode()):
        kept = redaction.mask_body("application/json;charset=utf-8", body, secrets=())
        assert [text for text in PLANTED if text in kept] == []
    for text in ("123456-20261118-0000000001", "10746402", "SN111111", "マグ", "クレジットカード"):
        assert text in kept


def test_what_a_search_of_orders_asks_for_is_masked_in_requests_and_addresses() -> None:
    asked = {
        "searchKeywordType": 4,
        "searchKeyword": "幻影 Zebulon",
        "ordererMailAddress": "zebulon@example.com",
        "phoneNumber": "0300007654",
    }
    kept = redaction.mask_body(JSON, json.dumps(asked).encode(), secrets=())
    assert json.loads(kept) == {"searchKeywordType": 4} | dict.fromkeys(list(asked)[1:], MASK)
    url = f"https://api.rms.rakuten.co.jp/es/2.0/order/searchOrder/?{urlencode(asked)}"
    kept = redaction.mask_url(url, secrets=())
    assert kept.endswith(f"?searchKeywordType=4&searchKeyword={MASK}&ordererMailAddress={MASK}&phoneNumber={MASK}")


def test_notes_are_masked_also_as_the_variables_of_several_calls_in_one() -> None:
    said = {"note0": "Ring twice", "staffNote12": "山田様の電話待ち", "email3": "a", "order0": {"note": "玄関前に"}}
    kept = redaction.mask_body(JSON, json.dumps(said).encode(), secrets=())
    assert json.loads(kept) == {"note0": MASK, "staffNote12": MASK, "email3": MASK, "order0": {"note": MASK}}


def test_a_form_is_masked_too() -> None:
    form = (
        b"grant_type=refresh_token&refresh_token=shprt_1&client_secret=hush&code=c0de&email=ada%40example.com&sku=A-1"
    )
    kept = redaction.mask_body("application/x-www-form-urlencoded", form, secrets=())
    assert (
        kept == f"grant_type=refresh_token&refresh_token={MASK}&client_secret={MASK}&code={MASK}&email={MASK}&sku=A-1"
    )


def test_a_known_secret_is_masked_wherever_it_is_echoed() -> None:
    body = b'{"error":"invalid code c0de-77","hint":{"code":"c0de-77"}}'
    kept = redaction.mask_body(JSON, body, secrets=("c0de-77", ""))
    assert json.loads(kept) == {"error": f"invalid code {MASK}", "hint": {"code": MASK}}


@pytest.mark.parametrize(
    "key", ["client_secret", "clientSecret", "X-Access-Token", "password", "refreshToken", "Authorization", "api_key"]
)
def test_a_secrets_name_is_enough_whatever_it_looks_like(key: str) -> None:
    body = json.dumps({key: "plain words", "deep": [{key: ["plain words", 4711]}], "expires_in": 3600}).encode()
    kept = redaction.mask_body(JSON, body, secrets=())
    assert json.loads(kept) == {key: MASK, "deep": [{key: [MASK, MASK]}], "expires_in": 3600}


def test_an_error_code_is_no_secret() -> None:
    body = b'{"userErrors":[{"code":"INVALID_INPUT","field":["input","title"],"message":"Title is too long"}]}'
    assert redaction.mask_body(JSON, body, secrets=()) == body.decode().replace(":", ": ").replace(",", ", ")


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "multipart/form-data; boundary=x", "application/pdf", ""])
def test_what_cannot_be_masked_surely_is_not_kept(kind: str) -> None:
    kept = redaction.mask_body(kind, b"<p>Ada Muster</p>", secrets=())
    assert "Ada" not in kept
    assert "17 bytes" in kept


@pytest.mark.parametrize("body", [b'{"email":"ada@example.com"', b"\xff\xfe{", b"[" * 100_000])
def test_broken_json_is_not_kept(body: bytes) -> None:
    kept = redaction.mask_body(JSON, body, secrets=())
    assert "ada" not in kept
    assert "not kept" in kept


def test_a_url_keeps_its_path_and_loses_its_secrets() -> None:
    url = (
        "https://demo.myshopify.com/admin/oauth/authorize?client_id=abc&state=s3cret&code=c0de&scope=read_products#frag"
    )
    kept = redaction.mask_url(url, secrets=())
    assert kept == (
        f"https://demo.myshopify.com/admin/oauth/authorize?client_id=abc&state={MASK}&code={MASK}&scope=read_products"
    )


@given(st.text(min_size=8, max_size=40).filter(lambda text: MASK not in text and "*" not in text))
def test_a_planted_secret_never_survives_in_a_value(secret: str) -> None:
    body = json.dumps({"a": [{"b": f"before {secret} after"}], "title": secret}).encode()
    kept = json.loads(redaction.mask_body(JSON, body, secrets=(secret,)))
    assert secret not in kept["a"][0]["b"]
    assert secret not in kept["title"]


def test_long_bodies_are_cut_after_they_were_masked() -> None:
    body = json.dumps({"title": "x" * redaction.KEPT_CHARACTERS, "email": "ada@example.com"}).encode()
    assert len(redaction.mask_body(JSON, body, secrets=())) == redaction.KEPT_CHARACTERS


@given(st.lists(st.sampled_from(["email", "title", "apiKey", "customer"]), min_size=1, max_size=4), st.integers(1, 50))
def test_what_is_kept_of_a_long_body_is_what_would_be_kept_of_it_masked_as_a_whole(keys: list[str], size: int) -> None:
    body = json.dumps([{key: {"name": "ada@example.com", "id": "x" * size}} for key in keys] * 50).encode()
    whole = redaction.mask_body(JSON, body, secrets=())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "KEPT_CHARACTERS", 500)
        assert redaction.mask_body(JSON, body, secrets=()) == whole[:500]


@pytest.mark.parametrize("run", ["a", "a.", "+1", "0-", "4 ", "shpat", "bearer ", "a@"])
def test_a_long_body_is_masked_in_little_time(run: str) -> None:
    body = json.dumps({"descriptionHtml": run * (500_000 // len(run))}).encode()
    started = time.process_time()
    redaction.mask_body(JSON, body, secrets=("shpat_planted",))
    assert time.process_time() - started < 2


YAHOO_ORDER = {
    "OrderId": "store-10000001",
    "BillLastName": "見本",
    "BillFirstNameKana": "ハナコ",
    "ShipAddress1": "Nowhere Street 7",
    "ShipCityKana": "マボロシシ",
    "BillMailAddress": "hanako@example",
    "ShipEmgPhoneNumber": "0300000000",
    "BuyerComments": "for Grace",
    "ShipStatus": "3",
    "PayMethodName": "クレジットカード",
    "Title": "煎茶",
}
YAHOO_KEPT = {"OrderId", "ShipStatus", "PayMethodName", "Title"}


def test_yahoos_names_for_a_buyers_data_are_known_in_bodies_and_addresses() -> None:
    from_json = json.loads(redaction.mask_body(JSON, json.dumps(YAHOO_ORDER).encode(), secrets=()))
    url = redaction.mask_url(f"https://example.com/orders?{urlencode(YAHOO_ORDER)}", secrets=())
    for masked in (from_json, dict(parse_qsl(urlsplit(url).query))):
        assert masked == {name: text if name in YAHOO_KEPT else MASK for name, text in YAHOO_ORDER.items()}
