"""What each product type asks of a listing: schemas of our own, in the form that Amazon gives to its."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from connectors.amazon.marketplaces import Marketplace
from connectors.amazon.practice.state import PLACES

Json = dict[str, Any]
META = "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"


@dataclass(frozen=True, slots=True)
class Kind:
    """`words` are what it is searched by, `required` what it asks beside what every type does."""

    english: str
    japanese: str
    words: str
    required: tuple[str, ...] = ()


TYPES: Mapping[str, Kind] = {
    "HOME": Kind("Home", "ホーム", "home house candle vase lamp pillow cushion blanket garden pot"),
    "DRINKING_CUP": Kind("Drinking cup", "カップ", "cup mug glass tumbler マグ カップ 器", ("material",)),
    "SHIRT": Kind(
        "Shirt", "シャツ", "shirt tee jacket top blouse sweater シャツ", ("color", "size", "fabric_type", "department")
    ),
    "NECKLACE": Kind(
        "Necklace", "ネックレス", "necklace bracelet ring jewelry earring ネックレス", ("material", "metal_type")
    ),
    "LUGGAGE": Kind("Luggage", "スーツケース", "luggage bag suitcase backpack カバン", ("material",)),
    "SNOWBOARD": Kind("Snowboard", "スノーボード", "snowboard board ski スノーボード", ("size",)),
    "PRODUCT": Kind("Product", "商品", "product"),
}
CODES = (
    "externally_assigned_product_identifier",
    "supplier_declared_has_product_identifier_exemption",
    "merchant_suggested_asin",
)
_COMMON = ("item_name", "brand", "product_description", "country_of_origin")
_SOLD = ("condition_type", "purchasable_offer")
_COUNTRIES = {"JP": "Japan", "CN": "China", "US": "United States", "VN": "Vietnam", "IT": "Italy", "DE": "Germany"}
_METALS = {"gold": "Gold", "silver": "Silver", "steel": "Steel", "brass": "Brass"}
_DEPARTMENTS = {"mens": "Men", "womens": "Women", "unisex_adult": "Unisex", "kids": "Kids"}
_CONDITIONS = {"new_new": "New", "used_good": "Used - Good"}
_THEMES = ("COLOR", "SIZE", "COLOR/SIZE", "STYLE", "COLOR/STYLE", "SIZE/STYLE", "MATERIAL")
_OFFER_SELECTORS = ["marketplace_id", "currency", "audience"]
_AMOUNT = {"type": "number", "minimum": 0}
_SKU = {"type": "string", "maxLength": 40}


@cache
def schema(name: str, marketplace_id: str) -> Json:
    """What the type asks of a listing on the marketplace."""
    place = next(one for one in PLACES if one.id == marketplace_id)
    return {
        "$schema": META,
        "$id": f"https://schemas.amazon.com/practice/{name}/{marketplace_id}",
        "$comment": "Practice schema",
        "type": "object",
        "properties": _properties(place),
        "additionalProperties": False,
        "allOf": [
            {
                "if": {
                    "required": ["parentage_level"],
                    "properties": {"parentage_level": {"contains": {"properties": {"value": {"const": "parent"}}}}},
                },
                "then": {"required": ["item_name", "brand", "variation_theme"]},
                "else": {
                    "required": [*_COMMON, *_SOLD, *TYPES[name].required],
                    "anyOf": [{"required": [one]} for one in CODES],
                },
            }
        ],
    }


def _properties(place: Marketplace) -> Json:
    text = _Texts(place)
    images = ["main_product_image_locator", *(f"other_product_image_locator_{n}" for n in range(1, 9))]
    return {
        "item_name": text.localized("Item Name", maxLength=200),
        "brand": text.localized("Brand Name", maxLength=100),
        "product_description": text.localized("Product Description", maxLength=2000, maxUtf8ByteLength=6000),
        "bullet_point": text.localized("Bullet Point", most=5, maxLength=700),
        "item_type_keyword": text.plain("Item Type Keyword"),
        "material": text.localized("Material", most=3, maxLength=100),
        "metal_type": text.plain("Metal Type", _METALS),
        "fabric_type": text.localized("Fabric Type", maxLength=200),
        "department": text.plain("Department", _DEPARTMENTS),
        "style": text.localized("Style", maxLength=100),
        "color": text.localized("Color", maxLength=100),
        "size": text.localized("Size", maxLength=50),
        "country_of_origin": text.plain("Country of Origin", _COUNTRIES),
        "condition_type": text.plain("Item Condition", _CONDITIONS),
        "merchant_suggested_asin": text.plain("Merchant Suggested ASIN", maxLength=10),
        "externally_assigned_product_identifier": text.fields(
            "External Product ID",
            {"type": {"type": "string", "enum": ["ean", "gtin", "upc"]}, "value": {"type": "string", "maxLength": 14}},
        ),
        "supplier_declared_has_product_identifier_exemption": text.fields(
            "Product Identifier Exemption", {"value": {"type": "boolean"}}
        ),
        "purchasable_offer": text.fields("Purchasable Offer", _offer(place), selectors=_OFFER_SELECTORS),
        "list_price": text.fields("List Price", {"currency": {"type": "string"}, "value": _AMOUNT}),
        "fulfillment_availability": _availability(),
        "parentage_level": text.plain("Parentage Level", {"parent": "Parent", "child": "Child"}),
        "variation_theme": text.fields("Variation Theme", {"name": {"type": "string", "enum": list(_THEMES)}}),
        "child_parent_sku_relationship": text.fields(
            "Parentage",
            {"child_relationship_type": {"type": "string", "enum": ["variation"]}, "parent_sku": _SKU},
        ),
        **{name: text.fields("Image", {"media_location": {"type": "string", "format": "uri"}}) for name in images},
    }


def _offer(place: Marketplace) -> Json:
    amount = {"type": "integer" if place.currency == "JPY" else "number", "exclusiveMinimum": 0}
    schedule = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "object", "required": ["value_with_tax"], "properties": {"value_with_tax": amount}},
    }
    prices = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "object", "required": ["schedule"], "properties": {"schedule": schedule}},
    }
    return {
        "currency": {"type": "string", "enum": [place.currency]},
        "our_price": prices,
        "audience": {"type": "string", "enum": ["ALL", "B2B"]},
    }


def _availability() -> Json:
    return {
        "title": "Fulfillment Availability",
        "type": "array",
        "minItems": 1,
        "selectors": ["fulfillment_channel_code"],
        "maxUniqueItems": 1,
        "items": {
            "type": "object",
            "required": ["fulfillment_channel_code"],
            "additionalProperties": False,
            "properties": {
                "fulfillment_channel_code": {"type": "string", "enum": ["DEFAULT"]},
                "quantity": {"type": "integer", "minimum": 0},
                "lead_time_to_ship_max_days": {"type": "integer", "minimum": 0},
            },
        },
    }


class _Texts:
    """Attributes of one marketplace in the shapes that Amazon's schemas repeat."""

    def __init__(self, place: Marketplace) -> None:
        self._marketplace = {"marketplace_id": {"type": "string", "enum": [place.id]}}
        self._language = {"language_tag": {"type": "string", "enum": [place.language]}}

    def localized(self, title: str, *, most: int = 1, **limits: int) -> Json:
        value = {"value": {"title": title, "type": "string", "minLength": 1, **limits}}
        selectors = ["marketplace_id", "language_tag"]
        return self._attribute(title, value | self._language, ["value", "language_tag"], selectors, most)

    def plain(self, title: str, choices: Mapping[str, str] | None = None, **limits: int) -> Json:
        listed: Json = {"enum": list(choices), "enumNames": list(choices.values())} if choices else {}
        value = {"value": {"title": title, "type": "string", **listed, **limits}}
        return self._attribute(title, value, ["value"], ["marketplace_id"], 1)

    def fields(self, title: str, properties: Json, *, selectors: list[str] | None = None) -> Json:
        required = [name for name in properties if name != "audience"]
        return self._attribute(title, properties, required, selectors or ["marketplace_id"], 1)

    def _attribute(self, title: str, properties: Json, required: list[str], selectors: list[str], most: int) -> Json:
        return {
            "title": title,
            "type": "array",
            "minItems": 1,
            "minUniqueItems": 1,
            "maxUniqueItems": most,
            "selectors": selectors,
            "items": {
                "type": "object",
                "required": required,
                "properties": properties | self._marketplace,
                "additionalProperties": False,
            },
        }
