"""Our product as Amazon's listings: one for each SKU, and one more above them where a product has options."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nh3

from connectors import gtin, money
from connectors.amazon import attributes, skus
from connectors.amazon.attributes import Attributes
from connectors.amazon.marketplaces import Marketplace
from connectors.records import Money, ProductRecord, VariantRecord

TYPE = "amazon_product_type"
LINES = "amazon_attributes"
ASIN = "amazon_asin"
EXEMPTION = "amazon_code_exemption"
# The generic type: for offers on what Amazon's catalog has, and for changes of stock and price alone.
GENERIC = "PRODUCT"
LISTING, OFFER_ONLY = "LISTING", "LISTING_OFFER_ONLY"
MOST_IMAGES = 9
# What merchants call the two options that every type with variations knows.
_OPTIONS = {
    "color": "color colour colors カラー 色 颜色",
    "size": "size sizes サイズ 大きさ 尺码 尺寸",
}
_OPTION_ATTRIBUTES = {word: name for name, words in _OPTIONS.items() for word in words.split()}
_CODE_TYPES = {8: "ean", 12: "upc", 13: "ean", 14: "gtin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """One listing to write. `variant` is the number of the variant it is for, None for the parent."""

    sku: str
    product_type: str
    requirements: str
    attributes: Attributes
    variant: int | None


def listings(
    product: ProductRecord, requirements: Mapping[str, Any] | None, place: Marketplace, *, with_stock: bool
) -> list[Sku]:
    """What the product is made of at Amazon, the parent first. `with_stock` sends quantities along.

    Raises ValueError for attributes that cannot be read.
    """
    if product.details.get(ASIN):
        return [_offer(product, place, with_stock=with_stock)]
    schema = (requirements or {}).get("schema", {})
    build = _Builder(product, schema, place, _common(product, schema, place))
    if not product.option_names:
        return [build.sku(0, with_stock=with_stock)]
    return [build.parent(), *(build.sku(n, with_stock=with_stock) for n in range(len(product.variants)))]


def offer(price: Money, place: Marketplace) -> list[dict[str, Any]]:
    """A price as `purchasable_offer`. Its instance is the one for everybody; one for businesses stays as it is."""
    schedule = [{"value_with_tax": _number(price)}]
    return [offer_instance(place) | {"our_price": [{"schedule": schedule}]}]


def offer_instance(place: Marketplace) -> dict[str, Any]:
    return {"marketplace_id": place.id, "currency": place.currency, "audience": "ALL"}


def stock(quantity: int) -> list[dict[str, Any]]:
    """Units that the merchant ships; what Amazon itself ships is not ours to write."""
    return [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]


def option_attributes(product: ProductRecord, schema: Mapping[str, Any]) -> list[str | None]:
    """The attribute that each option is at Amazon; None where the type has none for it."""
    found: list[str | None] = []
    for name in product.option_names:
        bare = name.strip().casefold()
        known = _OPTION_ATTRIBUTES.get(bare) or bare.replace(" ", "_")
        found.append(next((one for one in (known, "style") if attributes.has(one, schema) and one not in found), None))
    return found


def variation_theme(product: ProductRecord, schema: Mapping[str, Any]) -> str:
    """The theme whose parts are the product's options; ours as it would be spelled where the type lists none."""
    parts = [name.upper() for name in option_attributes(product, schema) if name]
    listed = attributes.entry_of("variation_theme", schema).get("name", {}).get("enum", [])
    return next((one for one in listed if sorted(one.split("/")) == sorted(parts)), "/".join(parts))


def plain_text(description_html: str) -> str:
    """The words of a description, a line for each block."""
    broken = description_html
    for tag in ("</p>", "</li>", "</div>", "<br>", "<br/>", "<br />", "</h1>", "</h2>", "</h3>", "</tr>"):
        broken = broken.replace(tag, f"{tag}\n")
    words = html.unescape(nh3.clean(broken, tags=set()))
    return "\n".join(filter(None, (" ".join(line.split()) for line in words.splitlines())))


@dataclass(frozen=True, slots=True)
class _Builder:
    product: ProductRecord
    schema: Mapping[str, Any]
    place: Marketplace
    common: Attributes

    def parent(self) -> Sku:
        theme = {"name": variation_theme(self.product, self.schema)}
        told = self.common | {
            "parentage_level": self._shaped("parentage_level", ["parent"]),
            "variation_theme": self._shaped("variation_theme", [theme]),
        }
        return self._sku(skus.parent_sku(self.product), told, None)

    def sku(self, number: int, *, with_stock: bool) -> Sku:
        variant = self.product.variants[number]
        told = self.common | self._code(variant) | {"condition_type": self._shaped("condition_type", ["new_new"])}
        told["purchasable_offer"] = offer(variant.price, self.place)
        if variant.compare_at is not None and variant.compare_at.minor > variant.price.minor:
            listed = {"currency": self.place.currency, "value": _number(variant.compare_at)}
            told["list_price"] = self._shaped("list_price", [listed])
        if with_stock and variant.quantity is not None:
            told["fulfillment_availability"] = stock(variant.quantity)
        if variant.image_url:
            told["main_product_image_locator"] = self._image("main_product_image_locator", variant.image_url)
        if self.product.option_names:
            told |= self._as_child(variant)
        return self._sku(variant.sku, told, number)

    def _code(self, variant: VariantRecord) -> Attributes:
        """The exemption where Amazon gave one, which keeps the listing apart from all others; else the code."""
        if self.product.details.get(EXEMPTION):
            name = "supplier_declared_has_product_identifier_exemption"
            return {name: self._shaped(name, [{"value": True}])}
        code = gtin.for_marketplaces(variant.barcode)
        if not code:
            return {}
        name = "externally_assigned_product_identifier"
        return {name: self._shaped(name, [{"type": _CODE_TYPES.get(len(code), "ean"), "value": code}])}

    def _as_child(self, variant: VariantRecord) -> Attributes:
        parent = {"child_relationship_type": "variation", "parent_sku": skus.parent_sku(self.product)}
        theme = {"name": variation_theme(self.product, self.schema)}
        told = {
            "parentage_level": self._shaped("parentage_level", ["child"]),
            "child_parent_sku_relationship": self._shaped("child_parent_sku_relationship", [parent]),
            "variation_theme": self._shaped("variation_theme", [theme]),
        }
        names = option_attributes(self.product, self.schema)
        options = zip(names, variant.option_values, strict=True)
        return told | {name: self._shaped(name, [value]) for name, value in options if name}

    def _image(self, place: str, url: str) -> list[dict[str, Any]]:
        return self._shaped(place, [{"media_location": url}])

    def _shaped(self, name: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        place = self.place
        return attributes.shaped(name, values, self.schema, marketplace_id=place.id, language=place.language)

    def _sku(self, sku: str, told: Attributes, variant: int | None) -> Sku:
        kind = self.product.details.get(TYPE, GENERIC)
        return Sku(sku=sku, product_type=kind, requirements=LISTING, attributes=told, variant=variant)


def _common(product: ProductRecord, schema: Mapping[str, Any], place: Marketplace) -> Attributes:
    """What all listings of a product say alike."""

    def shaped(name: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        return attributes.shaped(name, values, schema, marketplace_id=place.id, language=place.language)

    told = {
        "item_name": [product.title],
        "brand": [product.vendor],
        "product_description": [plain_text(product.description_html)],
    }
    found = {name: shaped(name, values) for name, values in told.items() if all(values)}
    found |= {name: shaped(name, values) for name, values in attributes.read(product.details.get(LINES, "")).items()}
    for where, image in zip(_image_places(), product.images, strict=False):
        found[where] = shaped(where, [{"media_location": image.url}])
    return found


def _offer(product: ProductRecord, place: Marketplace, *, with_stock: bool) -> Sku:
    """An offer on an item of Amazon's catalog: whose words and images stay Amazon's."""
    variant = product.variants[0]
    told: Attributes = {
        "merchant_suggested_asin": [{"value": product.details[ASIN], "marketplace_id": place.id}],
        "condition_type": [{"value": "new_new", "marketplace_id": place.id}],
        "purchasable_offer": offer(variant.price, place),
    }
    if with_stock and variant.quantity is not None:
        told["fulfillment_availability"] = stock(variant.quantity)
    return Sku(sku=variant.sku, product_type=GENERIC, requirements=OFFER_ONLY, attributes=told, variant=0)


def _image_places() -> list[str]:
    others = [f"other_product_image_locator_{n}" for n in range(1, MOST_IMAGES)]
    return ["main_product_image_locator", *others]


def _number(amount: Money) -> int | float:
    """A price as Amazon's JSON wants it: a number with the currency's digits."""
    text = money.to_text(amount)
    return float(text) if "." in text else int(text)
