"""Product records to Shopify's inputs and Shopify's answers to records. Pure: no network, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors import locations, money
from connectors.errors import Problem
from connectors.locations import Location
from connectors.records import (
    Found,
    FoundItem,
    Identity,
    ImageRecord,
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
from connectors.shopify import errors

MARK_NAMESPACE = "$app:hub"
MARK_KEY = "master_id"
# How Shopify names the option and value of a product that has no options.
NO_OPTION = "Title"
NO_OPTION_VALUE = "Default Title"
LARGEST_PAGE = 250

Node = Mapping[str, Any]


# ---- products out ----


def create_input(product: ProductRecord, *, location_id: str) -> dict[str, Any]:
    """ProductSetInput of a product Shopify does not have: with its handle, our mark and its quantities."""
    files = _files(product, images={})
    return {
        **_product_fields(product),
        "productOptions": _options(product),
        "handle": product.handle,
        "files": list(files.values()),
        "metafields": [_mark(product)],
        "variants": [
            {**_variant_fields(variant, product, files), **_quantities(variant, location_id)}
            for variant in product.variants
        ],
    }


def replace_input(product: ProductRecord, *, ids: Mapping[str, str], images: Mapping[str, str]) -> dict[str, Any]:
    """ProductSetInput that replaces a product of ours. `ids`: variant key to id; `images`: image URL to media id.

    Left out, so kept as they are: the handle (links to the product go on working), metafields and
    collections (the merchant may have added some) and quantities (sent with a create only).
    """
    files = _files(product, images=images)
    return {
        **_product_fields(product),
        "productOptions": _options(product),
        "files": list(files.values()),
        "variants": [
            {**({"id": ids[variant.key]} if variant.key in ids else {}), **_variant_fields(variant, product, files)}
            for variant in product.variants
        ],
    }


def without_variant_files(value: Mapping[str, Any]) -> dict[str, Any]:
    """The ProductSetInput with its variants' images left out: those of existing variants stay as they are."""
    variants = [{name: one[name] for name in one if name != "file"} for one in value["variants"]]
    return {**value, "variants": variants}


def _product_fields(product: ProductRecord) -> dict[str, Any]:
    return {
        "title": product.title,
        "descriptionHtml": product.description_html,
        "vendor": product.vendor,
        "productType": product.product_type,
        "status": "ACTIVE" if product.active else "DRAFT",
        "tags": list(product.tags),
        "seo": {"title": product.seo_title, "description": product.seo_description},
    }


def _options(product: ProductRecord) -> list[dict[str, Any]]:
    names = product.option_names or (NO_OPTION,)
    return [
        {
            "name": name,
            "position": position + 1,
            "values": [{"name": value} for value in _values_at(product, position)],
        }
        for position, name in enumerate(names)
    ]


def _values_at(product: ProductRecord, position: int) -> list[str]:
    values = (dict(_option_pairs(variant, product)) for variant in product.variants)
    names = product.option_names or (NO_OPTION,)
    return list(dict.fromkeys(of_variant[names[position]] for of_variant in values if names[position] in of_variant))


def _option_pairs(variant: VariantRecord, product: ProductRecord) -> list[tuple[str, str]]:
    if not product.option_names:
        return [(NO_OPTION, NO_OPTION_VALUE)]
    return list(zip(product.option_names, variant.option_values, strict=False))


def _variant_fields(
    variant: VariantRecord, product: ProductRecord, files: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "sku": variant.sku,
        "barcode": variant.barcode,
        **_offer(variant),
        "optionValues": [{"optionName": name, "name": value} for name, value in _option_pairs(variant, product)],
        "inventoryItem": _inventory_item(variant),
    }
    if variant.image_url:
        fields["file"] = files[variant.image_url]
    return fields


def _offer(variant: VariantRecord) -> dict[str, Any]:
    return {
        "price": money.to_text(variant.price),
        "compareAtPrice": money.to_text(variant.compare_at) if variant.compare_at else None,
        "taxable": variant.taxable,
        "inventoryPolicy": "CONTINUE" if variant.sell_when_out else "DENY",
    }


def _inventory_item(variant: VariantRecord) -> dict[str, Any]:
    item: dict[str, Any] = {"tracked": variant.quantity is not None, "requiresShipping": variant.requires_shipping}
    if variant.cost is not None:
        item["cost"] = money.to_text(variant.cost)
    if variant.weight_grams is not None:
        item["measurement"] = {"weight": {"value": variant.weight_grams, "unit": "GRAMS"}}
    return item


def _quantities(variant: VariantRecord, location_id: str) -> dict[str, Any]:
    if variant.quantity is None:
        return {}
    level = {"locationId": location_id, "name": "available", "quantity": variant.quantity}
    return {"inventoryQuantities": [level]}


def _mark(product: ProductRecord) -> dict[str, str]:
    return {"namespace": MARK_NAMESPACE, "key": MARK_KEY, "type": "single_line_text_field", "value": product.key}


def update_input(item: PublishItem) -> dict[str, Any]:
    """ProductUpdateInput of a listed product; of one that is not ours, nothing that our record leaves empty.

    An empty text of ours is far more often never filled in than meant to erase the shop's own.
    """
    product = item.product
    if item.ours:
        return {"id": item.channel_id, **_product_fields(product)}
    fields = {
        "descriptionHtml": product.description_html,
        "vendor": product.vendor,
        "productType": product.product_type,
    }
    seo = {"title": product.seo_title, "description": product.seo_description}
    said: dict[str, Any] = {name: text for name, text in fields.items() if text}
    if any(seo.values()):
        said["seo"] = {name: text for name, text in seo.items() if text}
    return {"id": item.channel_id, "title": product.title, **said}


def variant_update_input(variant: VariantRecord, *, channel_id: str, ours: bool) -> dict[str, Any]:
    """ProductVariantsBulkInput for one variant; of a product that is not ours, nothing that our record leaves empty."""
    item = _inventory_item(variant)
    if ours:
        item["sku"] = variant.sku
        return {"id": channel_id, **_offer(variant), "barcode": variant.barcode, "inventoryItem": item}
    # Whether stock is tracked is the shop's choice there; setting stock turns it on when it is needed.
    del item["tracked"]
    if variant.sku:
        item["sku"] = variant.sku
    offer = _offer(variant)
    if variant.compare_at is None:
        del offer["compareAtPrice"]
    barcode = {"barcode": variant.barcode} if variant.barcode else {}
    return {"id": channel_id, **offer, **barcode, "inventoryItem": item}


def price_input(channel_id: str, price: Money, compare_at: Money | None) -> dict[str, Any]:
    """ProductVariantsBulkInput that sets one variant's prices; no compare-at price clears it."""
    return {
        "id": channel_id,
        "price": money.to_text(price),
        "compareAtPrice": money.to_text(compare_at) if compare_at else None,
    }


def currencies(product: ProductRecord) -> set[str]:
    """Every currency an amount of the product is in."""
    amounts = (amount for variant in product.variants for amount in (variant.price, variant.compare_at, variant.cost))
    return {amount.currency for amount in amounts if amount is not None}


# ---- images ----


def _files(product: ProductRecord, *, images: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """FileSetInput by image URL: the product's images in order, then those only a variant has."""
    only_of_variants = [ImageRecord(variant.image_url) for variant in product.variants if variant.image_url]
    files: dict[str, dict[str, Any]] = {}
    for image in (*product.images, *only_of_variants):
        if image.url not in files:
            files[image.url] = _file(image, images.get(image.url, ""))
    return files


def _file(image: ImageRecord, media_id: str) -> dict[str, Any]:
    if media_id:
        return {"id": media_id, "alt": image.alt}
    file = {"originalSource": image.url, "alt": image.alt, "contentType": "IMAGE"}
    name = file_name(image.url)
    return {**file, "filename": name} if name else file


def file_name(url: str) -> str:
    """The name an image is uploaded under: it tells the source, so a later write can keep the file it made.

    Empty where the URL has no file extension; Shopify then chooses the name.
    """
    path = PurePosixPath(unquote(urlsplit(url).path))
    if not path.suffix or not path.suffix[1:].isalnum():
        return ""
    stem = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in path.stem).strip("-")[:60]
    return f"{stem or 'image'}-{_token(url)}{path.suffix.lower()}"


def _token(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:12]


def images_kept(product: ProductRecord, node: Node) -> dict[str, str]:
    """Image URL to media id for the images the channel already holds from an earlier write of ours."""
    held = [
        (urlsplit((media.get("image") or {}).get("url") or "").path, str(media["id"]))
        for media in _nodes(node.get("media"))
    ]
    kept: dict[str, str] = {}
    for url in (*(image.url for image in product.images), *(variant.image_url for variant in product.variants)):
        match = next((media_id for path, media_id in held if url and _token(url) in path), "")
        if match:
            kept[url] = match
    return kept


def images_missing(
    product: ProductRecord, node: Node, variants: Iterable[Node], *, links: Sequence[LinkedItem]
) -> list[dict[str, str]] | None:
    """ProductVariantsBulkInput for each variant that does not have its image yet; None while Shopify fetches images.

    An image that could not be fetched is left out: reading the listing's state warns of it.
    """
    wanted = {variant.key: variant.image_url for variant in product.variants if variant.image_url}
    media = _nodes(node.get("media"))
    if wanted and any(one.get("status") in ("UPLOADED", "PROCESSING") for one in media):
        return None
    ids = _media_ids(product, node)
    held = {str(one["id"]): [str(file["id"]) for file in _nodes(one.get("media"))] for one in variants}
    chosen = {link.channel_id: ids.get(wanted.get(link.key, ""), "") for link in links}
    return [{"id": at, "mediaId": to} for at, to in chosen.items() if to and held.get(at) != [to]]


def _media_ids(product: ProductRecord, node: Node) -> dict[str, str]:
    """Image URL to media id. One whose URL gave it no name of ours is known by its place: files are sent in order."""
    media, urls = _nodes(node.get("media")), list(_files(product, images={}))
    by_place = zip(urls, media, strict=True) if len(urls) == len(media) else ()
    return {url: str(one["id"]) for url, one in by_place if one.get("status") == "READY"} | images_kept(product, node)


# ---- products in ----


def mark_of(node: Node) -> str:
    """The product key we left on it, empty where there is none."""
    return str((node.get("mark") or {}).get("value") or "")


def variants_of(node: Node) -> list[Node]:
    """The variants on this page of the product."""
    return _nodes(node.get("variants"))


def next_page(node: Node) -> str:
    """The cursor of the next page of variants, empty when there is none."""
    page = (node.get("variants") or {}).get("pageInfo") or {}
    return str(page.get("endCursor") or "") if page.get("hasNextPage") else ""


def published(node: Node, product: ProductRecord, variants: Iterable[Node]) -> Published:
    """What the channel holds of our product, each of our variants linked to its twin."""
    return Published(
        channel_id=str(node["id"]),
        handle=str(node["handle"]),
        url=str(node.get("onlineStoreUrl") or ""),
        links=_links(product, list(variants)),
    )


def ids_held(item: PublishItem, variants: Iterable[Node]) -> dict[str, str]:
    """Variant key to id of what the shop holds of our product: by our links, else by the options, which it has once."""
    nodes = list(variants)
    held = {str(node["id"]) for node in nodes}
    linked = {link.key: link.channel_id for link in item.links if link.channel_id in held}
    alike = {link.key: link.channel_id for link in _links(item.product, nodes)}
    return {key: at for key, at in alike.items() if at not in linked.values()} | linked


def _links(product: ProductRecord, variants: Sequence[Node]) -> tuple[LinkedItem, ...]:
    by_options = {_same_options(_selected(node)): node for node in variants}
    links = []
    for variant in product.variants:
        node = by_options.get(_same_options(_option_pairs(variant, product)))
        if node is not None:
            links.append(
                LinkedItem(key=variant.key, channel_id=str(node["id"]), stock_id=str(node["inventoryItem"]["id"]))
            )
    return tuple(links)


def _selected(node: Node) -> list[tuple[str, str]]:
    return [(str(option["name"]), str(option["value"])) for option in node.get("selectedOptions") or []]


def _same_options(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Shopify trims option names and values and does not tell upper from lower case when it compares them."""
    return frozenset((name.strip().casefold(), value.strip().casefold()) for name, value in pairs)


def shown_at(payload: Node | None) -> str:
    """The address in the Online Store of a product just published, empty where it has none."""
    return str(((payload or {}).get("publishable") or {}).get("onlineStoreUrl") or "")


def found(node: Node, *, matched_by: str, variants: Iterable[Node]) -> Found:
    """A product already in the shop, with the items it has there."""
    return Found(
        channel_id=str(node["id"]),
        handle=str(node["handle"]),
        title=str(node["title"]),
        matched_by=matched_by,
        mark=mark_of(node),
        url=str(node.get("onlineStoreUrl") or ""),
        items=tuple(_found_item(variant) for variant in variants),
    )


def _found_item(node: Node) -> FoundItem:
    values = [value for name, value in _selected(node) if (name, value) != (NO_OPTION, NO_OPTION_VALUE)]
    return FoundItem(
        channel_id=str(node["id"]),
        stock_id=str(node["inventoryItem"]["id"]),
        sku=str(node.get("sku") or ""),
        barcode=str(node.get("barcode") or ""),
        option_values=tuple(values),
    )


# ---- states in ----


def state(
    channel_id: str, node: Node | None, variants: Iterable[Node], *, currency: str, elsewhere: Mapping[str, int]
) -> ListingState:
    """What the shop shows of a listing; a product that is gone, hidden or no longer active is ended.

    `elsewhere` are the units of each variant, by its id, at the other locations that count.
    """
    if node is None:
        return ListingState(channel_id=channel_id, observed=Observed.ENDED)
    on_sale = node["status"] in ("ACTIVE", "UNLISTED") and node["publishedOnPublication"]
    return ListingState(
        channel_id=channel_id,
        observed=Observed.LIVE if on_sale else Observed.ENDED,
        url=str(node.get("onlineStoreUrl") or ""),
        items=tuple(_observed_item(variant, currency, elsewhere) for variant in variants),
        warnings=tuple(problem for media in _nodes(node.get("media")) for problem in _media_problems(media)),
    )


def _observed_item(node: Node, currency: str, elsewhere: Mapping[str, int]) -> ObservedItem:
    channel_id = str(node["id"])
    at_main, others = held_at(node), elsewhere.get(channel_id)
    return ObservedItem(
        channel_id=channel_id,
        quantity=at_main if others is None else (at_main or 0) + others,
        price=money.from_text(str(node["price"]), currency),
    )


def held_at(variant: Node) -> int | None:
    """Units of the variant available at the location it was read for, None when it is not stocked there."""
    return available((variant.get("inventoryItem") or {}).get("inventoryLevel"))


def available(level: Node | None) -> int | None:
    """Units available at a stock level, None when the item is not stocked there."""
    for quantity in (level or {}).get("quantities") or []:
        if quantity["name"] == "available":
            return int(quantity["quantity"])
    return None


def _media_problems(media: Node) -> list[Problem]:
    if media.get("status") != "FAILED":
        return []
    return [
        Problem(
            problem_class=errors.class_of(str(error.get("code") or "")),
            code=str(error.get("code") or "media_failed"),
            original=str(error.get("message") or ""),
            field="/images",
        )
        for error in media.get("mediaErrors") or [{}]
    ]


# ---- the shop in ----


def identity(shop: Node, installation: Node, places: Sequence[Node], publications: Sequence[Node]) -> Identity:
    """Which shop it is, with its locations, and the one and the publication the merchant most likely means."""
    settings = {
        **locations.first_choice(_locations(places), _main_location(places)),
        "publication_id": _online_store(publications),
        "time_zone": str(shop["ianaTimezone"]),
    }
    return Identity(
        external_id=str(shop["id"]),
        name=str(shop["name"]),
        domain=str(shop["myshopifyDomain"]),
        currency=str(shop["currencyCode"]),
        scopes=tuple(sorted(str(scope["handle"]) for scope in installation["accessScopes"])),
        settings={name: value for name, value in settings.items() if value},
    )


def _locations(places: Sequence[Node]) -> list[Location]:
    return [
        Location(id=str(place["id"]), name=str(place["name"]), own=not place["isFulfillmentService"])
        for place in places
        if place["isActive"]
    ]


def _main_location(places: Sequence[Node]) -> str:
    own = [place for place in places if place["isActive"] and not place["isFulfillmentService"]]
    for_online_orders = [place for place in own if place["fulfillsOnlineOrders"]]
    return next((str(place["id"]) for place in (*for_online_orders, *own)), "")


def _online_store(publications: Sequence[Node]) -> str:
    """The Online Store: known by its title, and where that is translated, as the one that can schedule."""
    titled = [place for place in publications if (place.get("catalog") or {}).get("title") == "Online Store"]
    scheduling = [place for place in publications if place["supportsFuturePublishing"]]
    return next((str(place["id"]) for place in (*titled, *scheduling)), "")


# ---- searching ----


def code_search(product: ProductRecord, *, at_most: int) -> str:
    """Search text for variants with one of the product's SKUs or barcodes; empty when it has none.

    The first `at_most` codes of each kind are enough to recognise a product.
    """
    skus = list(dict.fromkeys(variant.sku for variant in product.variants if variant.sku))[:at_most]
    barcodes = list(dict.fromkeys(variant.barcode for variant in product.variants if variant.barcode))[:at_most]
    terms = [f"sku:{quoted(sku)}" for sku in skus] + [f"barcode:{quoted(code)}" for code in barcodes]
    return " OR ".join(terms)


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def match_by_code(product: ProductRecord, hits: Sequence[Node]) -> tuple[str, str]:
    """Product id and how it was matched (mark, sku or barcode) of the best hit; two empty texts for none.

    The search matches loosely, so a hit counts only when the code is really the same.
    """
    skus = {variant.sku.casefold() for variant in product.variants if variant.sku}
    barcodes = {variant.barcode for variant in product.variants if variant.barcode}
    by_sku = [hit for hit in hits if str(hit.get("sku") or "").casefold() in skus]
    by_barcode = [hit for hit in hits if (hit.get("barcode") or "") in barcodes]
    for hit in (*by_sku, *by_barcode):
        if mark_of(hit["product"]) == product.key:
            return str(hit["product"]["id"]), "mark"
    for matched_by, matches in (("sku", by_sku), ("barcode", by_barcode)):
        if matches:
            return str(matches[0]["product"]["id"]), matched_by
    return "", ""


def _nodes(connection: Any) -> list[Node]:
    return list((connection or {}).get("nodes") or [])
