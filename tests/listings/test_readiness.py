"""What a channel's own rules find before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import Problem, ProblemClass
from connectors.protocol import Capabilities
from connectors.records import ImageRecord, Money, ProductRecord, VariantRecord
from connectors.registry import CHANNELS
from portal.listings.readiness import Around, missing

SHOPIFY = CHANNELS["shopify"]
STRICT = replace(SHOPIFY, needs_sku=True, codes="matched", title_limit=255, title_unit="bytes", name="Rakuten")

IN_STORE, IN_STORE_12 = "2000000000008", "212345678992"


def variant(key: str = "v1", *values: str, price: int = 100, **fields: Any) -> VariantRecord:
    return VariantRecord(key=key, option_values=values, price=Money(price, "USD"), **fields)


def record(*variants: VariantRecord, **fields: object) -> ProductRecord:
    given = {"key": "p1", "handle": "mug", "title": "Mug", "variants": variants or (variant(),), **fields}
    return ProductRecord(**given)  # type: ignore[arg-type]  # the fields are the test's to choose


def fields(product: ProductRecord, capabilities: Capabilities = SHOPIFY, currency: str = "") -> list[str]:
    return [one.field for one in missing(product, capabilities, currency=currency)]


def test_a_plain_product_without_image_sku_or_barcode_is_ready_for_shopify() -> None:
    assert missing(record(), SHOPIFY) == []


@pytest.mark.parametrize(
    ("product", "field"),
    [
        (record(title="  "), "/title"),
        (record(title="x" * 256), "/title"),
        (record(active=False), "/active"),
        (record(variant(price=0)), "/variants/0/price"),
        (record(option_names=("A", "B", "C", "D")), "/option_names"),
        (record(images=(ImageRecord("http://example.com/a.jpg"),)), "/images/0"),
        (record(images=(ImageRecord("https://[broken"),)), "/images/0"),
        (record(images=tuple(ImageRecord(f"https://example.com/{n}.jpg") for n in range(251))), "/images"),
        (record(variant(image_url="ftp://example.com/a.jpg")), "/variants/0/image_url"),
        (record(variant("a", "S"), variant("b", "S"), option_names=("Size",)), "/variants/0/option_values"),
        (record(variant("a", ""), option_names=("Size",)), "/variants/0/option_values"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_field(product: ProductRecord, field: str) -> None:
    assert field in fields(product)


def test_a_title_is_counted_in_the_channels_own_unit() -> None:
    title = "湯" * 86
    assert fields(record(title=title)) == []
    (found,) = missing(record(variant(sku="A", barcode="4006381333931"), title=title), STRICT)
    assert found.title == "Title 258 / 255 bytes"
    assert found.fix == "Shorten it by 3 bytes for Rakuten."


def test_2049_variants_are_too_many() -> None:
    many = [variant(str(n), str(n)) for n in range(2049)]
    assert "/variants" in fields(record(*many, option_names=("N",)))


def test_images_of_variants_count_like_the_products_own() -> None:
    def with_images(count: int) -> list[str]:
        own = tuple(ImageRecord(f"https://x.example/{n}.jpg") for n in range(count))
        two = [replace(variant(str(n), str(n)), image_url=f"https://x.example/v{n}.jpg") for n in range(2)]
        return fields(record(*two, option_names=("N",), images=own))

    assert with_images(248) == []
    assert with_images(249) == ["/images"]


def test_skus_and_barcodes_matter_only_where_the_channel_needs_them() -> None:
    twins = (variant("a", "S", sku="X", barcode="123"), variant("b", "M", sku="X", barcode="123"))
    product = record(*twins, option_names=("Size",))
    assert fields(product) == []
    assert sorted(fields(product, STRICT)) == [
        "/variants/0/barcode",
        "/variants/0/sku",
        "/variants/1/barcode",
        "/variants/1/sku",
    ]


def test_a_wrong_check_digit_is_answered_with_the_right_one() -> None:
    (found,) = missing(record(variant(sku="A", barcode="4006381333930")), STRICT)
    assert found.fix == "The last digit should be 1. Check the label."


def test_a_barcode_of_eleven_digits_is_answered_with_the_lengths_there_are() -> None:
    (found,) = missing(record(variant(sku="A", barcode="12345678905")), STRICT)
    assert found.fix.startswith("It has 11 digits.")


def test_the_same_barcode_twice_is_found_where_it_is_right_otherwise() -> None:
    code = "4006381333931"
    twins = (variant("a", "S", sku="A", barcode=code), variant("b", "M", sku="B", barcode=code))
    assert fields(record(*twins, option_names=("Size",)), STRICT) == ["/variants/0/barcode", "/variants/1/barcode"]


def test_the_same_barcode_in_another_length_is_the_same_one() -> None:
    twins = (variant("a", "S", sku="A", barcode="036000291452"), variant("b", "M", sku="B", barcode="0036000291452"))
    assert fields(record(*twins, option_names=("Size",)), STRICT) == ["/variants/0/barcode", "/variants/1/barcode"]


def test_a_barcode_of_another_product_is_named_with_that_product() -> None:
    mine = record(variant(sku="A", barcode="036000291452"))
    users = {"00036000291452": [("p1", "Mug"), ("p2", "Blue mug")]}

    (found,) = missing(mine, STRICT, around=Around(codes=users))
    assert (found.field, found.title) == ("/variants/0/barcode", "Barcode 036000291452 is there twice")
    assert found.fix.startswith("Also on Blue mug.")
    assert missing(mine, STRICT, around=Around(codes={"00036000291452": [("p1", "Mug")]})) == []
    assert missing(mine, CHANNELS["rakuten"], around=Around(codes=users)) == missing(mine, CHANNELS["rakuten"])


def of_codes(product: ProductRecord, channel: str) -> list[tuple[str, str]]:
    found = missing(product, CHANNELS[channel])
    return [(one.title, one.fix) for one in found if one.field.endswith("/barcode")]


@pytest.mark.parametrize(
    ("channel", "none", "wrong", "in_store"),
    [("shopify", 0, 0, 0), ("rakuten", 0, 1, 0), ("yahoo", 0, 1, 0), ("amazon", 1, 1, 1)],
)
def test_what_a_channel_does_with_codes_decides_what_is_wrong_with_them(
    channel: str, none: int, wrong: int, in_store: int
) -> None:
    assert len(of_codes(record(variant(sku="A")), channel)) == none
    assert len(of_codes(record(variant(sku="A", barcode="4006381333930")), channel)) == wrong
    assert len(of_codes(record(variant(sku="A", barcode=IN_STORE)), channel)) == in_store


def test_an_in_store_number_is_told_from_a_wrong_one_and_has_two_ways_out() -> None:
    ((title, fix),) = of_codes(record(variant(sku="A", barcode=IN_STORE)), "amazon")
    assert title == f"Barcode {IN_STORE} is an in-store number"
    assert "your own GS1 prefix" in fix
    assert "Amazon code exemption" in fix


@pytest.mark.parametrize("detail", ["amazon_code_exemption", "amazon_asin"])
@pytest.mark.parametrize("barcode", ["", IN_STORE_12, "4006381333931"])
def test_no_code_is_judged_where_none_is_sent(detail: str, barcode: str) -> None:
    assert of_codes(record(variant(sku="A", barcode=barcode), details={detail: "yes"}), "amazon") == []


def test_prices_of_another_currency_never_leave() -> None:
    assert fields(record(), currency="JPY") == ["/variants/0/price"]
    assert fields(record(), currency="USD") == []


@pytest.mark.parametrize(
    ("code", "recommended", "title", "fix"),
    [
        ("attribute_missing", "", "No Material", "This kind of product needs it. Add a line to the attributes."),
        ("attribute_refused", "Cotton, Linen", "Material isn't one that is taken", "Allowed: Cotton, Linen."),
        ("attribute_refused", "", "Material isn't one that is taken", "Change it."),
        ("something_new", "", "The channel doesn't take this yet", "Material"),
    ],
)
def test_a_rule_of_the_products_kind_says_what_is_wrong_and_what_may_be(
    code: str, recommended: str, title: str, fix: str
) -> None:
    field = "/details/amazon_attributes"
    broken = Problem(
        problem_class=ProblemClass.DATA, code=code, field=field, message="Material", recommended=recommended
    )
    [found] = missing(record(), SHOPIFY, unmet=[broken])
    assert (found.field, found.title, found.fix) == (field, title, fix)


def test_a_field_that_is_missing_anyway_is_said_once() -> None:
    broken = Problem(problem_class=ProblemClass.DATA, code="attribute_missing", field="/title", message="Item Name")
    assert [one.field for one in missing(record(title=""), SHOPIFY, unmet=[broken])] == ["/title"]
