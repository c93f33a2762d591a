"""Our product record as Rakuten's item and back. Pure: no network, no clock.

Names of fields and their limits: [itemapi2_0/itemsupsert].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import InvalidOperation
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors import gtin, money
from connectors.errors import Problem, ProblemClass
from connectors.rakuten import attributes, names
from connectors.records import (
    Found,
    FoundItem,
    LinkedItem,
    ListingState,
    Money,
    Observed,
    ObservedItem,
    ProductRecord,
    Published,
    PublishItem,
    VariantRecord,
)

Item = Mapping[str, Any]
Body = dict[str, Any]

CURRENCY = "JPY"
IMAGES_LIMIT = 20
# exemptionReason 5: the product has no code of this kind.
NO_PRODUCT_CODE = 5
# Rakuten keeps stock of every item (IE0181), so what is not counted gets all the units there can be.
MOST_UNITS = 99_999
_IMAGE_HOST = "image.rakuten.co.jp"
# What an item says of itself that a write may not say.
_READ_ONLY = frozenset({"manageNumber", "created", "updated"})


# ---- what we refuse ourselves ----


def unfit(product: ProductRecord) -> Problem | None:
    """Why the product cannot be sent at all, None where it can."""
    if not product.details.get("genre_id", "").strip():
        return Problem(problem_class=ProblemClass.DATA, code="genre_missing", field="/details/genre_id")
    if not _attributes_readable(product):
        return Problem(problem_class=ProblemClass.DATA, code="attributes_unreadable", field="/details/genre_attributes")
    return wrong_currency(product)


def wrong_currency(product: ProductRecord) -> Problem | None:
    for position, variant in enumerate(product.variants):
        if variant.price.currency != CURRENCY:
            return currency_mismatch(f"/variants/{position}/price")
    return None


def currency_mismatch(field: str = "") -> Problem:
    return Problem(problem_class=ProblemClass.DATA, code="currency_mismatch", field=field)


def _attributes_readable(product: ProductRecord) -> bool:
    try:
        _attributes(product)
    except ValueError:
        return False
    return True


def _attributes(product: ProductRecord) -> list[Body]:
    return attributes.read(product.details.get("genre_attributes", ""))


# ---- out ----


def chosen_ids(item: PublishItem, there: Item | None) -> dict[str, str]:
    """Our variant key to the SKU code to write: the linked one, else one of its own.

    A code the item already has keeps its options, so a variant whose options changed gets a new one.
    """
    product = item.product
    held = _variants(there or {})
    parts = {link.key: names.split_item_id(link.channel_id) for link in item.links}
    linked = {key: pair[1] for key, pair in parts.items() if pair is not None and pair[1] in held}
    ids = names.variant_ids(product.variants, linked)
    wanted = _selector_values(product)
    for variant in product.variants:
        code = ids[variant.key]
        if code in held and dict(held[code].get("selectorValues") or {}) != wanted[variant.key]:
            ids[variant.key] = names.renamed_variant_id(variant)
    return ids


def full_body(
    product: ProductRecord, ids: Mapping[str, str], *, locations: Mapping[str, str], there: Item | None
) -> Body:
    """The whole item for items.upsert. `locations` are where its pictures lie in the R-Cabinet, by their addresses.

    A full write clears what it leaves out, so what the item has beyond our fields is sent back as it was read:
    shipping, points and layout are the merchant's. That Rakuten takes all it gives is likely, not written. [unsure]
    """
    ours = {"variantSelectors", "productDescription", "images"}
    kept = {
        name: value
        for name, value in (there or {}).items()
        if name not in _READ_ONLY and name not in ours and value is not None
    }
    body: Body = kept | _item_fields(product) | _images_of(product, locations, there or {})
    if product.option_names:
        body["variantSelectors"] = _selectors(product)
    held = _variants(there or {})
    options = _selector_values(product)
    body["variants"] = {
        ids[variant.key]: _variant(variant, product, options[variant.key], held.get(ids[variant.key], {}), locations)
        for variant in product.variants
    }
    return body


def fields_body(item: PublishItem) -> Body:
    """What an item of ours says of a product as a whole, for items.patch. Attributes stand on each SKU there."""
    product = item.product
    listed = _attributes(product)
    codes = {pair[1] for link in item.links if (pair := names.split_item_id(link.channel_id)) is not None}
    variants = {code: {"attributes": listed} for code in sorted(codes)} if listed else {}
    description = product.description_html or None  # null clears it
    return (
        _fields(product)
        | {"productDescription": {"pc": description, "sp": description}}
        | ({"variants": variants} if variants else {})
    )


def _fields(product: ProductRecord) -> Body:
    return {
        "title": product.title,
        "genreId": product.details["genre_id"].strip(),
        "hideItem": not product.active,
    }


def linked_body(item: PublishItem, *, fields: bool, variants: bool) -> Body:
    """Single fields of an item the merchant made; what our record leaves empty stays theirs. May be empty."""
    product = item.product
    body: Body = {}
    if fields:
        body["title"] = product.title
        if product.description_html:
            body["productDescription"] = _description(product)
    prices = _linked_variants(item) if variants else {}
    return body | ({"variants": prices} if prices else {})


def _linked_variants(item: PublishItem) -> Body:
    codes = {link.key: names.split_item_id(link.channel_id) for link in item.links}
    changed: Body = {}
    for variant in item.product.variants:
        parts = codes.get(variant.key)
        if parts is not None:
            code = gtin.for_marketplaces(variant.barcode)
            barcode = {"articleNumber": {"value": code}} if code else {}
            changed[parts[1]] = {"standardPrice": money.to_text(variant.price), **barcode}
    return changed


def _item_fields(product: ProductRecord) -> Body:
    return {
        "itemNumber": names.mark(product),
        "itemType": "NORMAL",
        "unlimitedInventoryFlag": False,
        **_fields(product),
        **({"productDescription": _description(product)} if product.description_html else {}),
    }


def _description(product: ProductRecord) -> Body:
    """The same text for both kinds of page; most buyers see the one for phones."""
    return {"pc": product.description_html, "sp": product.description_html}


def _images_of(product: ProductRecord, locations: Mapping[str, str], there: Item) -> Body:
    """The product's images in their order; where it has none, those the merchant put there stay, and ours go."""
    shown = [one for one in product.images if one.url in locations]
    images = [_image(locations[one.url], one.alt) for one in shown[:IMAGES_LIMIT]] or _not_ours(there)
    return {"images": images} if images else {}


def _not_ours(there: Item) -> list[Any]:
    """The images of an item or a SKU that lie elsewhere than in our folder."""
    folder = f"/{names.FOLDER}/"
    return [one for one in there.get("images") or [] if not str(one.get("location")).startswith(folder)]


def _image(location: str, alt: str) -> Body:
    return {"type": "CABINET", "location": location} | ({"alt": alt} if alt else {})


def cabinet_location(url: str, shop: str) -> str:
    """The path in the shop's own R-Cabinet of an image that lies there; "" for any other image."""
    parts = urlsplit(url)
    root = f"/{shop}/cabinet"
    path = unquote(parts.path)
    return path.removeprefix(root) if parts.hostname == _IMAGE_HOST and path.startswith(f"{root}/") else ""


def _selectors(product: ProductRecord) -> list[Body]:
    """The options in their order; the same key for an option that is renamed."""
    return [
        {
            "key": _selector_key(position),
            "displayName": name,
            "values": [{"displayValue": value} for value in _values_of(product, position)],
        }
        for position, name in enumerate(product.option_names)
    ]


def _selector_key(position: int) -> str:
    return f"option{position + 1}"


def _values_of(product: ProductRecord, position: int) -> list[str]:
    return list(dict.fromkeys(variant.option_values[position] for variant in product.variants))


def _selector_values(product: ProductRecord) -> dict[str, dict[str, str]]:
    return {
        variant.key: {_selector_key(position): value for position, value in enumerate(variant.option_values)}
        for variant in product.variants
    }


def _variant(
    variant: VariantRecord,
    product: ProductRecord,
    options: Mapping[str, str],
    held: Item,
    locations: Mapping[str, str],
) -> Body:
    # Without options a SKU has neither of these (IE0158); a set's codes go with a set that has no code itself (IE0411).
    unfit = {
        "selectorValues",
        "images",
        *(("articleNumberForSet",) if gtin.for_marketplaces(variant.barcode) else ()),
    }
    body: Body = {name: value for name, value in held.items() if value is not None and name not in unfit}
    location = locations.get(variant.image_url, "")
    images = ([_image(location, "")] if location else _not_ours(held)) if options else []
    return (
        body
        | {
            "standardPrice": money.to_text(variant.price),
            "articleNumber": _article_number(variant, held),
            # We return stock ourselves, by what the merchant decides; Rakuten doing it too would count it twice.
            "restockOnCancel": False,
            "attributes": _attributes(product) or body.get("attributes") or [],
        }
        | ({"selectorValues": dict(options)} if options else {})
        | ({"merchantDefinedSkuId": variant.sku} if variant.sku else {})
        | ({"images": images} if images else {})
    )


def _article_number(variant: VariantRecord, held: Item) -> Body:
    """Our barcode; without one, the reason for having none that the merchant gave there, else that there is none.

    An in-store number is none.
    """
    if code := gtin.for_marketplaces(variant.barcode):
        return {"value": code}
    reason = (held.get("articleNumber") or {}).get("exemptionReason")
    return {"exemptionReason": reason or NO_PRODUCT_CODE}


def quantities(product: ProductRecord, ids: Mapping[str, str]) -> dict[str, int]:
    """Units to sell by SKU code; all there can be where stock is not counted."""
    return {
        ids[variant.key]: MOST_UNITS if variant.quantity is None else variant.quantity for variant in product.variants
    }


def positions(product: ProductRecord, ids: Mapping[str, str]) -> dict[str, int]:
    """Our position of each variant by its SKU code."""
    return {ids[variant.key]: position for position, variant in enumerate(product.variants)}


# ---- in ----


def is_ours(item: Item, product: ProductRecord) -> bool:
    return item.get("itemNumber") == names.mark(product)


def published(manage_number: str, product: ProductRecord, ids: Mapping[str, str], *, shop: str) -> Published:
    """What the store holds of our product after a full write."""
    links = tuple(_link(variant.key, manage_number, ids[variant.key]) for variant in product.variants)
    return Published(
        channel_id=manage_number, handle=manage_number, url=names.item_url(shop, manage_number), links=links
    )


def _link(key: str, manage_number: str, variant_id: str) -> LinkedItem:
    at = names.item_id(manage_number, variant_id)
    return LinkedItem(key=key, channel_id=at, stock_id=at)


def found(item: Item, product: ProductRecord, *, matched_by: str, shop: str) -> Found:
    """An item already in the store, with the SKUs it has there."""
    manage_number = str(item["manageNumber"])
    ours = is_ours(item, product)
    return Found(
        channel_id=manage_number,
        # A handle may have had to be folded into the code that was asked for.
        handle=product.handle if manage_number == names.manage_number(product) else manage_number,
        title=str(item.get("title") or ""),
        matched_by="mark" if ours else matched_by,
        mark=product.key if ours else "",
        url=names.item_url(shop, manage_number),
        items=tuple(_found_items(manage_number, item)),
    )


def _found_items(manage_number: str, item: Item) -> Iterable[FoundItem]:
    keys = [str(selector.get("key")) for selector in item.get("variantSelectors") or []]
    for variant_id, variant in _variants(item).items():
        at = names.item_id(manage_number, variant_id)
        chosen = variant.get("selectorValues") or {}
        yield FoundItem(
            channel_id=at,
            stock_id=at,
            sku=str(variant.get("merchantDefinedSkuId") or variant_id),
            barcode=str((variant.get("articleNumber") or {}).get("value") or ""),
            option_values=tuple(str(chosen[key]) for key in keys if key in chosen),
        )


def has_sku(item: Item, sku: str) -> bool:
    """Whether one of the item's SKUs is this one; a search finds parts of words too."""
    return any(
        sku == variant_id or sku == variant.get("merchantDefinedSkuId")
        for variant_id, variant in _variants(item).items()
    )


def state(channel_id: str, item: Item | None, stock: Mapping[str, int], *, shop: str) -> ListingState:
    """What the store shows of a listing: an item that is gone, or in the warehouse with all its SKUs, is ended.

    `stock` are units by the variants' ids; a variant without a row there has no number.
    """
    if item is None:
        return ListingState(channel_id=channel_id, observed=Observed.ENDED)
    variants = _variants(item)
    hidden = bool(item.get("hideItem")) or all(bool(variant.get("hidden")) for variant in variants.values())
    return ListingState(
        channel_id=channel_id,
        observed=Observed.ENDED if hidden else Observed.LIVE,
        url=names.item_url(shop, channel_id),
        items=tuple(
            ObservedItem(
                channel_id=(at := names.item_id(channel_id, variant_id)),
                quantity=stock.get(at),
                price=_price(variant),
            )
            for variant_id, variant in variants.items()
        ),
    )


def _price(variant: Item) -> Money | None:
    try:
        return money.from_text(str(variant["standardPrice"]), CURRENCY)
    except (KeyError, InvalidOperation):
        return None


def item_ids(items: Iterable[Item]) -> list[str]:
    """The ids of all variants of the items."""
    return [names.item_id(str(item["manageNumber"]), variant_id) for item in items for variant_id in _variants(item)]


def _variants(item: Item) -> dict[str, Item]:
    return dict(item.get("variants") or {})
