"""The names our products get at Rakuten: item page, SKU, and the mark that says a page is ours.

A name is made from the product alone, so the same product always asks for the same page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from connectors.records import ProductRecord, VariantRecord

# [itemapi2_0/itemsupsert]: letters, digits, hyphen and underscore, at most 32 bytes. Rakuten lowers an item's letters.
NAME_BYTES = 32
# Ours in the shop's R-Cabinet. How many files one folder may hold is not known (3006). [unsure]
FOLDER = "crossdock"
_ITEM_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_VARIANT_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def manage_number(product: ProductRecord) -> str:
    """The item's own code, which is also its address: the handle, or a name made of our key where it does not fit."""
    lowered = product.handle.lower()
    if _ITEM_NAME.fullmatch(lowered):
        return lowered
    return f"cd-{_hex(product.key)[:24]}"


def mark(product: ProductRecord) -> str:
    """What we write into an item's itemNumber, by which it is known as ours."""
    return _hex(product.key)


def _hex(key: str) -> str:
    """Our key without its hyphens; the digest of one that is no UUID and too long or strange to stand there."""
    bare = key.replace("-", "").lower()
    fits = len(bare) == NAME_BYTES and _ITEM_NAME.fullmatch(bare)
    return bare if fits else hashlib.sha256(key.encode()).hexdigest()[:NAME_BYTES]


def variant_ids(variants: Iterable[VariantRecord], linked: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Our variant key to the SKU code: the linked one, else the SKU where it fits and is free, else one of our key."""
    given: dict[str, str] = {}
    taken = set(linked.values())
    for variant in variants:
        code = linked.get(variant.key, "")
        if not code:
            fits = _VARIANT_NAME.fullmatch(variant.sku) and variant.sku not in taken
            code = variant.sku if fits else _hex(variant.key)
        given[variant.key] = code
        taken.add(code)
    return given


def renamed_variant_id(variant: VariantRecord) -> str:
    """A code for a variant whose options changed: Rakuten never lets the same code mean other options (IE0416)."""
    said = "\n".join((variant.key, *variant.option_values))
    return hashlib.sha256(said.encode()).hexdigest()[:NAME_BYTES]


def picture_place(url: str) -> str:
    """Where the picture from the address lies in the R-Cabinet, as an item names it. A file's name has 20 bytes."""
    return f"/{FOLDER}/{hashlib.sha256(url.encode()).hexdigest()[:16]}.jpg"


def item_id(manage_number: str, variant_id: str) -> str:
    """A variant's id, unique within the store; stock is set by the same."""
    return f"{manage_number}/{variant_id}"


def split_item_id(channel_id: str) -> tuple[str, str] | None:
    """Item code and SKU code of an id made by `item_id`; None for anything else."""
    item, slash, variant = channel_id.partition("/")
    if slash and _ITEM_NAME.fullmatch(item) and _VARIANT_NAME.fullmatch(variant):
        return item, variant
    return None


def is_manage_number(channel_id: str) -> bool:
    return _ITEM_NAME.fullmatch(channel_id) is not None


def is_variant_id(sku: str) -> bool:
    return _VARIANT_NAME.fullmatch(sku) is not None


def item_url(shop: str, manage_number: str) -> str:
    """Where buyers see the item."""
    return f"https://item.rakuten.co.jp/{shop}/{manage_number}/"
