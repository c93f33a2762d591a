"""What the item API refuses of an item as a whole. [itemapi2_0/itemsupsert], [itemapi2_0/responsecodesreference]"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors import measures
from connectors.rakuten.practice import selector_rules, variant_rules
from connectors.rakuten.practice.answers import Refusal
from connectors.rakuten.practice.genres import GENRES, Genre

FIELDS = frozenset(
    """itemNumber title tagline productDescription salesDescription precautions itemType images whiteBgImage video
    genreId tags hideItem unlimitedInventoryFlag customizationOptions releaseDate purchasablePeriod subscription
    buyingClub features accessControl payment pointCampaign itemDisplaySequence layout variantSelectors
    variants""".split()
)
ITEM_TYPES = frozenset({"NORMAL", "PRE_ORDER", "BUYING_CLUB"})
IMAGE_TYPES = frozenset({"CABINET", "GOLD"})
IMAGES_LIMIT, VARIANTS_LIMIT = 20, 400
DESCRIPTION_BYTES = 10_240
# Bytes are those of a double-byte encoding. [unsure: it may be UTF-8]
_BYTES = "double_bytes"

_TAG = re.compile(r"<\s*/?\s*([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_FORBIDDEN_TAGS = frozenset("script iframe object embed style form input link meta base applet frame frameset".split())
_FORBIDDEN_ATTRIBUTE = re.compile(r"\b(on[a-z]+)\s*=", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOCATION = re.compile(r"[0-9A-Za-z./:_-]+")
_EXTENSION = re.compile(r"\.(gif|jpg|jpeg|png)$", re.IGNORECASE)


def check(body: Mapping[str, Any]) -> list[Refusal]:
    """Everything that is wrong with the item, in the order of its fields; empty when it is taken."""
    strange = [name for name in body if name not in FIELDS]
    if strange:
        return [Refusal("IE0002", f"Unrecognized field {name}.", name) for name in strange]
    return [*_texts(body), *_kind(body), *_images(body), *_settings(body), *_variants(body)]


# ---- texts ----


def _texts(body: Mapping[str, Any]) -> Iterator[Refusal]:
    yield from _title(body.get("title"))
    yield from _length(body.get("itemNumber"), "itemNumber", 32)
    yield from _length(body.get("tagline"), "tagline", 174)
    descriptions = body.get("productDescription") or {}
    if not isinstance(descriptions, Mapping):
        yield Refusal("IE0002", "productDescription has an invalid value.", "productDescription")
        return
    for name in ("pc", "sp"):
        yield from _html(descriptions.get(name), f"productDescription.{name}")
    yield from _html(body.get("salesDescription"), "salesDescription")


def _title(title: Any) -> Iterator[Refusal]:
    if title is None:
        yield Refusal("IE0001", "title is mandatory.", "title")
    elif not isinstance(title, str):
        yield Refusal("IE0002", "title has an invalid value.", "title")
    elif not title.strip():
        yield Refusal("IE0425", "title cannot be blank or space only.", "title")
    else:
        yield from _length(title, "title", 255)
        if "\n" in title or "\r" in title:
            yield Refusal("IE0177", "title cannot include new line.", "title")
        if _TAG.search(title):
            yield Refusal("IE0218", "HTML not allowed in title.", "title")


def _length(text: Any, path: str, limit: int) -> Iterator[Refusal]:
    if text is None:
        return
    if not isinstance(text, str):
        yield Refusal("IE0002", f"{path} has an invalid value.", path)
    elif measures.size(text, _BYTES) > limit:
        yield Refusal("IE0004", f"Max length of {path} must be within {limit} bytes.", path)
    elif _CONTROL.search(text):
        yield Refusal("IE0270", "Machine dependent characters cannot be registered.", path)


def _html(text: Any, path: str) -> Iterator[Refusal]:
    yield from _length(text, path, DESCRIPTION_BYTES)
    for tag in _TAG.finditer(text) if isinstance(text, str) else ():
        name = tag.group(1).lower()
        if name in _FORBIDDEN_TAGS:
            yield Refusal("IE0215", f"Cannot set {name} in {path}.", path)
            return
        attribute = _FORBIDDEN_ATTRIBUTE.search(tag.group(2))
        if attribute:
            yield Refusal("IE0216", f"Cannot set attribute {attribute.group(1)} to {name} in {path}.", path)
            return


# ---- kind and genre ----


def _kind(body: Mapping[str, Any]) -> Iterator[Refusal]:
    item_type = body.get("itemType")
    if item_type is None:
        yield Refusal("IE0001", "itemType is mandatory.", "itemType")
    elif item_type not in ITEM_TYPES:
        yield Refusal("IE0007", "Invalid choice selected for itemType.", "itemType")
    elif item_type == "PRE_ORDER" and not body.get("releaseDate"):
        yield Refusal("IE0265", "releaseDate is mandatory when item type was PRE_ORDER.", "releaseDate")
    elif item_type == "BUYING_CLUB" and not body.get("buyingClub"):
        yield Refusal("IE0265", "buyingClub is mandatory when item type was BUYING_CLUB.", "buyingClub")
    yield from _genre(body.get("genreId"))


def _genre(genre_id: Any) -> Iterator[Refusal]:
    if genre_id is None or genre_id == "":
        yield Refusal("IE0001", "genreId is mandatory.", "genreId")
    elif not str(genre_id).isdecimal():
        yield Refusal("IE0212", "Only integer number can be set in genreId.", "genreId")
    elif not 100_000 <= int(genre_id) <= 999_999:
        yield Refusal("IE0003", "genreId must be between 100000 and 999999.", "genreId")
    elif (genre := GENRES.get(str(genre_id))) is None or not genre.lowest:
        yield Refusal("IE0146", "Failed to get the genre info.")
    elif genre.merged:
        words = "The genreId is merged genre and already expired, cannot register it to an item."
        yield Refusal("IE0274", words)


def genre_of(body: Mapping[str, Any]) -> Genre | None:
    return GENRES.get(str(body.get("genreId")))


# ---- images and settings ----


def _images(body: Mapping[str, Any]) -> Iterator[Refusal]:
    images = body.get("images") or []
    if not isinstance(images, list):
        yield Refusal("IE0002", "images has an invalid value.", "images")
        return
    if len(images) > IMAGES_LIMIT:
        yield Refusal("IE0119", "images exceeds the maximum number of entries allowed.", "images")
    for number, image in enumerate(images):
        yield from image_refusals(image, f"images[{number}]")


def image_refusals(image: Any, path: str) -> Iterator[Refusal]:
    """What is wrong with one image of an item or a SKU."""
    if not isinstance(image, Mapping):
        yield Refusal("IE0002", f"{path} has an invalid value.", path)
        return
    if image.get("type") not in IMAGE_TYPES:
        yield Refusal("IE0007", f"Invalid choice selected for {path}.type.", f"{path}.type")
    location, where = image.get("location"), f"{path}.location"
    if not isinstance(location, str) or not location:
        yield Refusal("IE0001", f"{where} is mandatory.", where)
    elif "://" in location:
        yield Refusal("IE0252", f"Unsupported protocol is set in {where}.", where)
    elif not _LOCATION.fullmatch(location):
        words = "may only contain alphanumeric characters, hyphen, underscore, period, colon, and forward slashes."
        yield Refusal("IE0223", f"{where} {words}", where)
    elif not _EXTENSION.search(location):
        yield Refusal("IE0224", "Invalid file extension. Only gif, jpg, jpeg, and png are allowed.", where)
    else:
        yield from _length(location, where, 255)


def _settings(body: Mapping[str, Any]) -> Iterator[Refusal]:
    for name in ("hideItem", "unlimitedInventoryFlag"):
        if not isinstance(body.get(name, False), bool | None):
            yield Refusal("IE0002", f"{name} has an invalid value.", name)
    if body.get("unlimitedInventoryFlag") is True:
        yield Refusal("IE0181", "The merchant can not use unlimited inventory.", "unlimitedInventoryFlag")
    payment = body.get("payment") or {}
    rate = payment.get("taxRate") if isinstance(payment, Mapping) else None
    if rate not in (None, "0", "0.08", "0.1"):
        yield Refusal("IE0109", "payment.taxRate may be one of 0, 0.08, 0.1 or NULL", "payment.taxRate")


# ---- variants ----


def _variants(body: Mapping[str, Any]) -> Iterator[Refusal]:
    variants = body.get("variants")
    if variants is None:
        yield Refusal("IE0001", "variants is mandatory.", "variants")
        return
    if not isinstance(variants, Mapping) or not all(isinstance(one, Mapping) for one in variants.values()):
        yield Refusal("IE0002", "variants has an invalid value.", "variants")
        return
    if not 1 <= len(variants) <= VARIANTS_LIMIT:
        yield Refusal("IE0119", "variants exceeds the maximum number of entries allowed.", "variants")
        return
    yield from selector_rules.check(body.get("variantSelectors"), variants)
    genre = genre_of(body)
    for code, variant in variants.items():
        yield from variant_rules.check(code, variant, genre)
        for number, image in enumerate(variant.get("images") or []):
            yield from image_refusals(image, f"variants.{code}.images[{number}]")
