"""What a practice store refuses of an item, with the codes Rakuten documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.rakuten.practice.practice_store import Shop, a_variant, an_item

NO_CODE = {"exemptionReason": 5}


def two(**selectors: Any) -> dict[str, Any]:
    """An item in two colours."""
    usual = {"key": "c", "displayName": "色", "values": [{"displayValue": "青"}, {"displayValue": "砂"}]}
    variants = {
        code: {"standardPrice": 1, "articleNumber": NO_CODE, "attributes": [], "selectorValues": {"c": colour}}
        for code, colour in (("A", "青"), ("B", "砂"))
    }
    return an_item(variantSelectors=[usual | selectors], variants=variants)


async def test_an_item_is_made_then_replaced(shop: Shop) -> None:
    made = await shop.put("Mug-1", an_item(tagline="x"))
    assert (made.status_code, made.json()) == (201, {"manageNumber": "mug-1"})
    again = await shop.put("mug-1", an_item(title="Mug 2"))
    assert (again.status_code, again.content) == (204, b"")
    (there,) = await shop.read("products")
    assert (there["title"], "tagline" in there) == ("Mug 2", False)


async def test_the_words_for_a_long_title_are_those_of_the_page(shop: Shop) -> None:
    answer = await shop.put("mug", an_item(title="あ" * 128))
    assert answer.status_code == 400
    assert answer.json() == {
        "errors": [
            {
                "code": "IE0004",
                "message": "Max length of title must be within 255 bytes.",
                "metadata": {"propertyPath": "title"},
            }
        ]
    }
    assert (await shop.put("mug", an_item(title="あ" * 127 + "a"))).status_code == 201


@pytest.mark.parametrize(
    ("item", "codes"),
    [
        ({"title": None}, ["IE0001"]),
        ({"title": " "}, ["IE0425"]),
        ({"title": 5}, ["IE0002"]),
        ({"title": "a\nb"}, ["IE0177"]),
        ({"title": "a\x01b"}, ["IE0270"]),
        ({"itemNumber": "x" * 33}, ["IE0004"]),
        ({"tagline": "あ" * 88}, ["IE0004"]),
        ({"productDescription": {"sp": "x" * 10_241}}, ["IE0004"]),
        ({"productDescription": {"pc": '<p onclick="x">'}}, ["IE0216"]),
        ({"productDescription": "x"}, ["IE0002"]),
        ({"salesDescription": "<iframe></iframe>"}, ["IE0215"]),
        ({"itemType": None}, ["IE0001"]),
        ({"itemType": "GIFT"}, ["IE0007"]),
        ({"itemType": "PRE_ORDER"}, ["IE0265"]),
        ({"genreId": None}, ["IE0001"]),
        ({"genreId": "mugs"}, ["IE0212"]),
        ({"genreId": "100227"}, ["IE0146"]),
        ({"unlimitedInventoryFlag": True}, ["IE0181"]),
        ({"hideItem": "no"}, ["IE0002"]),
        ({"payment": {"taxRate": "0.2"}}, ["IE0109"]),
        ({"colour": "red"}, ["IE0002"]),
        ({"created": "2026"}, ["IE0002"]),
        ({"images": [{"type": "CABINET", "location": "/a.jpg"}] * 21}, ["IE0119"]),
        ({"images": [{"type": "WEB", "location": "/a.jpg"}]}, ["IE0007"]),
        ({"images": [{"type": "CABINET", "location": "/a.webp"}]}, ["IE0224"]),
        ({"images": [{"type": "CABINET", "location": "https://x.example/a.jpg"}]}, ["IE0252"]),
        ({"images": [{"type": "CABINET", "location": "/絵.jpg"}]}, ["IE0223"]),
        ({"images": [{"type": "CABINET"}]}, ["IE0001"]),
        ({"variants": None}, ["IE0001"]),
        ({"variants": {}}, ["IE0119"]),
        ({"variants": []}, ["IE0002"]),
        ({"title": None, "genreId": "x"}, ["IE0001", "IE0212"]),
    ],
)
async def test_an_item_that_breaks_a_rule_is_refused(shop: Shop, item: dict[str, Any], codes: list[str]) -> None:
    assert await shop.codes("mug", an_item(**item)) == codes
    assert await shop.read("ledger") == []


@pytest.mark.parametrize(
    ("variant", "codes"),
    [
        ({"standardPrice": None}, ["IE0001"]),
        ({"standardPrice": "1.50"}, ["IE0118"]),
        ({"standardPrice": "free"}, ["IE0002"]),
        ({"standardPrice": -100}, ["IE0003"]),
        ({"articleNumber": None}, ["IE0229"]),
        ({"articleNumber": {"value": "4902102091863"}}, ["IE0228"]),
        ({"articleNumber": {"value": "4902102091862"}, "articleNumberForSet": ["x"]}, ["IE0411"]),
        ({"articleNumber": {"exemptionReason": 6}}, ["IE0182"]),
        ({"articleNumber": {"exemptionReason": 1}}, ["IE0429"]),
        ({"merchantDefinedSkuId": "あ" * 49}, ["IE0004"]),
        ({"orderQuantityLimit": 401}, ["IE0003"]),
        ({"stock": 5}, ["IE0002"]),
        ({"selectorValues": {"c": "青"}}, ["IE0158"]),
        ({"attributes": [{"name": "ない", "values": ["x"]}]}, ["IE1002"]),
        ({"attributes": "x"}, ["IE0002"]),
    ],
)
async def test_a_sku_that_breaks_a_rule_is_refused(shop: Shop, variant: dict[str, Any], codes: list[str]) -> None:
    assert await shop.codes("mug", an_item(variants=a_variant(**variant))) == codes


@pytest.mark.parametrize("code", ["x" * 33, "a b", "青"])
async def test_a_sku_code_has_few_letters_and_no_more_than_32(shop: Shop, code: str) -> None:
    variants = {code: a_variant()["MUG-1"]}
    assert len(await shop.codes("mug", an_item(variants=variants))) == 1


@pytest.mark.parametrize(
    ("genre", "attribute", "detail"),
    [
        ("206878", [], "invalidAllMandatoryAttributes"),
        ("206878", [{"name": "単位内容量", "values": ["many"], "unit": "ml"}], "invalidNumberValue"),
        ("206878", [{"name": "単位内容量", "values": ["5"], "unit": "kg"}], "invalidUnit"),
        ("206878", [{"name": "単位内容量", "values": []}], "invalidMandatoryValue"),
        ("403885", [{"name": "代表カラー", "values": ["にじいろ"]}], "invalidSelectiveValue"),
        ("403885", [{"name": "代表カラー", "values": ["ブルー", "レッド"]}], "invalidNumberOfValue"),
        ("403885", [{"name": "ブランド名", "values": ["x"], "unit": "ml"}], "invalidNoInputUnit"),
        ("403885", [{"name": "ブランド名", "values": ["x" * 101]}], "invalidStringValue"),
        ("403885", [{"name": "ブランド名", "values": ["x"]}] * 2, "notUniqueAttributeId"),
    ],
)
async def test_an_attribute_the_genre_does_not_take_is_named_in_the_details(
    shop: Shop, genre: str, attribute: list[Any], detail: str
) -> None:
    answer = await shop.put("mug", an_item(genreId=genre, variants=a_variant(attributes=attribute)))
    (error,) = answer.json()["errors"]
    assert (error["code"], error["metadata"]["propertyPath"]) == ("IE0418", "variants.MUG-1.attributes")
    assert [one["code"] for one in error["metadata"]["details"]] == [detail]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"values": [{"displayValue": "青"}, {"displayValue": "青"}]}, "IE0211"),
        ({"values": [{"displayValue": "青"}]}, "IE0129"),
        ({"values": []}, "IE0244"),
        ({"values": [{"displayValue": str(n)} for n in range(41)]}, "IE0131"),
        ({"displayName": "x" * 33}, "IE0004"),
        ({"displayName": ""}, "IE0001"),
        ({"key": "d"}, "IE0114"),
    ],
)
async def test_options_and_choices_have_to_fit(shop: Shop, changed: dict[str, Any], code: str) -> None:
    assert code in await shop.codes("mug", two(**changed))


async def test_two_skus_need_options_and_different_ones(shop: Shop) -> None:
    assert (await shop.put("mug", two())).status_code == 201
    without = two()
    del without["variantSelectors"]
    assert "IE0269" in await shop.codes("pot", without)
    alike = two()
    alike["variants"]["B"]["selectorValues"] = {"c": "青"}
    assert await shop.codes("pot", alike) == ["IE0110"]


async def test_a_code_never_comes_to_mean_other_options(shop: Shop) -> None:
    await shop.put("mug", two())
    swapped = two()
    swapped["variants"]["A"]["selectorValues"], swapped["variants"]["B"]["selectorValues"] = {"c": "砂"}, {"c": "青"}
    assert await shop.codes("mug", swapped) == ["IE0416", "IE0416"]


async def test_a_full_store_takes_no_new_item_and_goes_on_with_the_old(shop: Shop) -> None:
    await shop.put("mug", an_item())
    await shop.lever("item-limit", items=1)
    assert await shop.codes("pot", an_item()) == ["IE0197"]
    assert (await shop.put("mug", an_item(title="Mug 2"))).status_code == 204


@pytest.mark.parametrize(("number", "code"), [("a.b", "IE0220"), ("x" * 33, "IE0004")])
async def test_an_items_code_has_few_letters_and_no_more_than_32(shop: Shop, number: str, code: str) -> None:
    assert await shop.codes(number, an_item()) == [code]


async def test_a_body_that_is_none_is_refused(shop: Shop) -> None:
    path = "/es/2.0/items/manage-numbers/mug"
    assert await shop.codes("mug", {}) == ["GE0011"]
    answer = await shop.call("PUT", path, an_item(), **{"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (415, "GE0012")


# ---- patch, read, search, delete ----


async def test_a_patch_merges_and_null_clears(shop: Shop) -> None:
    await shop.put("mug", an_item(tagline="x", productDescription={"pc": "p", "sp": "s"}))
    path = "/es/2.0/items/manage-numbers/mug"
    change = {"tagline": None, "productDescription": {"sp": None}, "variants": {"MUG-1": {"standardPrice": "810"}}}
    answer = await shop.call("PATCH", path, change)
    assert (answer.status_code, answer.content) == (204, b"")
    item = (await shop.call("GET", path)).json()
    assert "tagline" not in item
    assert item["productDescription"] == {"pc": "p"}
    assert item["variants"]["MUG-1"]["standardPrice"] == "810"
    assert item["manageNumber"] == "mug"
    assert item["created"].endswith("+09:00")


async def test_a_patch_adds_and_removes_no_sku(shop: Shop) -> None:
    await shop.put("mug", two())
    path = "/es/2.0/items/manage-numbers/mug"
    added = await shop.call("PATCH", path, {"variants": {"C": {"standardPrice": 5}}})
    assert "IE0229" in [error["code"] for error in added.json()["errors"]]
    removed = await shop.call("PATCH", path, {"variants": {"B": None}})
    assert (removed.status_code, removed.json()["errors"][0]["code"]) == (409, "CE0001")


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    path = "/es/2.0/items/manage-numbers/mug"
    for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)):
        answer = await shop.call(method, path, body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "GE0014")


async def test_a_deleted_item_is_gone_with_its_stock(shop: Shop) -> None:
    await shop.put("mug", an_item())
    assert (await shop.call("DELETE", "/es/2.0/items/manage-numbers/mug")).status_code == 204
    assert await shop.read("products") == []
    assert [row["operation"] for row in await shop.read("ledger")] == ["items.upsert", "items.delete"]


async def test_many_items_are_read_at_once_and_the_absent_are_left_out(shop: Shop) -> None:
    await shop.put("mug", an_item())

    async def ask(numbers: list[str]) -> Any:
        return (await shop.call("POST", "/es/2.0/items/bulk-get", {"manageNumbers": numbers})).json()

    assert [one["manageNumber"] for one in (await ask(["pot", "MUG"]))["results"]] == ["mug"]
    assert (await ask(["mug", "Mug"]))["errors"][0]["code"] == "IE1106"
    assert (await ask([]))["errors"][0]["code"] == "IE0001"
    assert (await ask([str(number) for number in range(51)]))["errors"][0]["code"] == "IE1101"
    long = (await ask(["mug", "x" * 41]))["errors"][0]
    assert (long["message"], long["metadata"]["propertyPath"]) == (
        "Max length of manageNumber must be within 32 bytes.",
        "manageNumbers[1]",
    )


async def test_a_search_finds_parts_of_words(shop: Shop) -> None:
    await shop.put("mug", an_item())
    await shop.put("pot", an_item(title="Pot", variants={"POT": a_variant(merchantDefinedSkuId="急須-1")["MUG-1"]}))

    async def found(**query: str) -> list[str]:
        answer = await shop.call("GET", f"/es/2.0/items/search?{'&'.join(f'{k}={v}' for k, v in query.items())}")
        return [one["item"]["manageNumber"] for one in answer.json()["results"]]

    assert await found() == ["pot", "mug"]
    assert await found(hits="1") == ["pot"]
    assert await found(variantId="mug") == ["mug"]
    assert await found(merchantDefinedSkuId="急須") == ["pot"]
    assert await found(title="Pot", variantId="MUG") == []
    wrong = await shop.call("GET", "/es/2.0/items/search?sku=x")
    assert wrong.json()["errors"][0]["code"] == "IE1005"
    assert (await shop.call("GET", "/es/2.0/items/search?hits=101")).json()["errors"][0]["code"] == "IE0003"
