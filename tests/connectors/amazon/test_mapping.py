"""Our product as Amazon's listings, in the shape its type's schema wants, and what of it breaks a rule."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amazon import attributes, mapping, marketplaces, schemas, skus
from connectors.records import Money, ProductRecord
from tests.connectors.amazon.practice.practice_seller import US
from tests.connectors.amazon.products import CODES, coded, document, mug

JP = marketplaces.by_host("amazon.co.jp")


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("amazon.co.jp", "amazon.co.jp"),
        ("https://www.amazon.com/", "amazon.com"),
        ("www.amazon.de/dp/1", "amazon.de"),
        (" us ", "amazon.com"),
        ("A1VC38T7YXB528", "amazon.co.jp"),
    ],
)
def test_a_marketplace_is_known_by_address_country_and_id(typed: str, host: str) -> None:
    place = marketplaces.named(typed)
    assert place is not None
    assert place.host == host


@pytest.mark.parametrize("typed", ["", "amazon", "https://amazon.com.example.org/", "shop.com", "http://[::1"])
def test_anything_else_is_no_marketplace(typed: str) -> None:
    assert marketplaces.named(typed) is None


def test_a_product_without_options_is_one_listing_under_its_own_sku() -> None:
    [one] = mapping.listings(mug(), document(), US, with_stock=True)
    assert (one.sku, one.product_type, one.requirements) == ("MUG-1", "HOME", "LISTING")
    assert one.attributes["item_name"] == [{"value": "Stoneware mug", "language_tag": "en_US", "marketplace_id": US.id}]
    assert one.attributes["product_description"][0]["value"] == "Made of stone.\nHolds tea."
    assert one.attributes["country_of_origin"] == [{"value": "JP", "marketplace_id": US.id}]
    assert one.attributes["fulfillment_availability"] == [{"fulfillment_channel_code": "DEFAULT", "quantity": 10}]
    assert one.attributes["purchasable_offer"][0]["our_price"] == [{"schedule": [{"value_with_tax": 24.0}]}]


def test_options_make_a_parent_that_cannot_be_bought_and_a_child_for_each_variant() -> None:
    product = mug(options=("Blue", "Sand"))
    parent, blue, sand = mapping.listings(product, document(), US, with_stock=True)
    assert parent.variant is None
    assert "purchasable_offer" not in parent.attributes
    assert parent.attributes["variation_theme"] == [{"name": "COLOR", "marketplace_id": US.id}]
    assert [blue.sku, sand.sku] == ["MUG-1-BLUE", "MUG-1-SAND"]
    assert blue.attributes["color"][0]["value"] == "Blue"
    assert sand.attributes["child_parent_sku_relationship"][0]["parent_sku"] == parent.sku == skus.parent_sku(product)


def test_yen_have_no_decimals_and_dollars_do() -> None:
    assert mapping.offer(Money(1200, "JPY"), JP)[0]["our_price"][0]["schedule"][0]["value_with_tax"] == 1200
    assert mapping.offer(Money(1999, "USD"), US)[0]["our_price"][0]["schedule"][0]["value_with_tax"] == 19.99


def test_a_parents_sku_fits_and_no_other_products_is_the_same() -> None:
    product = mug(options=("Blue",), handle="a" * 200)
    assert len(skus.parent_sku(product)) <= skus.LONGEST
    assert skus.parent_sku(product) != skus.parent_sku(mug(2, options=("Blue",), handle="a" * 200))


@given(st.text(max_size=300), st.uuids())
def test_every_handle_makes_a_sku_that_amazon_takes(handle: str, key: object) -> None:
    made = skus.parent_sku(mug(options=("Blue",), handle=handle, key=str(key)))
    assert 13 <= len(made) <= skus.LONGEST
    assert made.isascii()
    assert " " not in made


def test_an_offer_on_an_item_of_amazons_says_nothing_of_what_it_is() -> None:
    product = mug(details={"amazon_asin": "B0PRACT001", "amazon_product_type": "HOME"})
    [one] = mapping.listings(product, None, US, with_stock=True)
    assert (one.product_type, one.requirements) == ("PRODUCT", "LISTING_OFFER_ONLY")
    assert set(one.attributes) == {
        "merchant_suggested_asin",
        "condition_type",
        "purchasable_offer",
        "fulfillment_availability",
    }


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", {}),
        ("material: Cotton", {"material": ["Cotton"]}),
        ("Fabric Type：綿 ｜ 麻\n\nsize: 1 | 2", {"fabric_type": ["綿", "麻"], "size": ["1", "2"]}),
    ],
)
def test_lines_of_attributes_are_read(text: str, read: dict[str, list[str]]) -> None:
    assert attributes.read(text) == read


@pytest.mark.parametrize("text", ["material", ": x", "a:", "a: x |"])
def test_a_line_that_is_none_is_said(text: str) -> None:
    product = mug(details={"amazon_product_type": "HOME", "amazon_attributes": text})
    [problem] = schemas.unmet(product, document())
    assert (problem.code, problem.field) == ("attributes_unreadable", "/details/amazon_attributes")


def test_what_keeps_every_rule_has_nothing_unmet() -> None:
    assert schemas.unmet(mug(), document()) == []
    assert schemas.unmet(mug(options=("Blue", "Sand")), document()) == []
    assert schemas.unmet(coded(mug(options=("Blue", "Sand")), *CODES[:2]), document()) == []


def test_each_rule_that_is_broken_names_the_field_it_comes_from() -> None:
    product = mug(title="x" * 201, vendor="", details={"amazon_product_type": "SHIRT"})
    found = {(one.field, one.code, one.message) for one in schemas.unmet(product, document("SHIRT"))}
    assert found == {
        ("/title", "attribute_refused", "Item Name"),
        ("/vendor", "attribute_missing", "Brand Name (brand)"),
        ("/details/amazon_attributes", "attribute_missing", "Country of Origin"),
        ("/details/amazon_attributes", "attribute_missing", "Color"),
        ("/details/amazon_attributes", "attribute_missing", "Size"),
        ("/details/amazon_attributes", "attribute_missing", "Fabric Type"),
        ("/details/amazon_attributes", "attribute_missing", "Department"),
        ("/variants/0/barcode", "attribute_missing", "External Product ID (externally_assigned_product_identifier)"),
    }


def test_a_value_that_is_none_of_those_allowed_says_which_are() -> None:
    wrong = {"amazon_attributes": "country of origin: Atlantis", "amazon_code_exemption": "yes"}
    [problem] = schemas.unmet(mug(details={"amazon_product_type": "HOME"} | wrong), document())
    assert (problem.code, problem.recommended.startswith("Japan, China")) == ("attribute_refused", True)


def test_an_option_amazon_has_no_attribute_for_is_said_before_anything_is_sent() -> None:
    product = replace(mug(options=("Loud",)), option_names=("Loudness",))
    schema = document()
    schema["schema"] = copy.deepcopy(schema["schema"])
    del schema["schema"]["properties"]["style"]
    found = [(one.code, one.message) for one in schemas.unmet(product, schema) if one.field == "/option_names"]
    assert found[0] == ("option_unknown", "Loudness")


def test_a_sku_longer_than_amazons_forty_characters_is_said() -> None:
    product = replace(mug(), variants=(replace(mug().variants[0], sku="S" * 41),))
    assert ("/variants/0/sku", "sku_too_long") in {(one.field, one.code) for one in schemas.unmet(product, document())}


def identifiers(product: ProductRecord) -> dict[str, object]:
    [one] = mapping.listings(product, document(), US, with_stock=True)
    names = ("externally_assigned_product_identifier", "supplier_declared_has_product_identifier_exemption")
    return {name: one.attributes[name][0]["value"] for name in names if name in one.attributes}


def test_an_exemption_is_said_instead_of_a_code_and_an_in_store_number_is_never_sent() -> None:
    known = coded(mug(), "400-6381-333931")
    assert identifiers(known) == {"externally_assigned_product_identifier": "4006381333931"}
    exempted = replace(known, details=mug().details)
    assert identifiers(exempted) == {"supplier_declared_has_product_identifier_exemption": True}
    assert identifiers(coded(mug(), "2000000000008")) == {}
    assert identifiers(coded(mug(), "412345678996")) == {}
