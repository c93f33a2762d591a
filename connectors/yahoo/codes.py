"""The names a product and its variants have at Yahoo!: item codes and subcodes. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from connectors.records import LinkedItem, ProductRecord, VariantRecord

# https://developer.yahoo.co.jp/webapi/shopping/editItem.html: half-width letters, digits and "-", at most 99.
_CODE = re.compile(r"[A-Za-z0-9-]{1,99}", re.ASCII)
# setStock names a row by its item code alone, or by item code and subcode.
_STOCK_ID = re.compile(r"[A-Za-z0-9-]{1,99}(:[A-Za-z0-9-]{1,99})?", re.ASCII)
_DERIVED = "cd-"
_DERIVED_DIGITS = 24


def item_code(product: ProductRecord) -> str:
    """The handle where Yahoo! takes it as it is, else a code made of the product's key."""
    return product.handle if is_code(product.handle) else derived(product.key)


def is_mark(code: str, product: ProductRecord) -> bool:
    """Whether the code itself says that we made the item: no merchant chooses a code derived from our key."""
    return code == derived(product.key)


def subcodes(product: ProductRecord, links: Sequence[LinkedItem] = ()) -> list[str]:
    """One subcode a variant, in order; none where the product has no options.

    What is linked keeps the subcode it has, because its stock hangs on it. Else it is the SKU, or a code made of
    the variant's key where Yahoo! would not take the SKU or another variant has it already.
    """
    if not product.option_names:
        return []
    kept = {link.key: subcode_of(link.channel_id) for link in links}
    taken = {code for code in kept.values() if code}
    chosen: list[str] = []
    for variant in product.variants:
        code = kept.get(variant.key) or _free(variant, taken)
        taken.add(code)
        chosen.append(code)
    return chosen


def _free(variant: VariantRecord, taken: set[str]) -> str:
    return variant.sku if is_code(variant.sku) and variant.sku not in taken else derived(variant.key)


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def is_stock_id(text: str) -> bool:
    return _STOCK_ID.fullmatch(text) is not None


def derived(key: str) -> str:
    """A code that only this key has."""
    return _DERIVED + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:_DERIVED_DIGITS]


def joined(code: str, subcode: str) -> str:
    """How a variant is named where a call names variants: item code, or item code and subcode."""
    return f"{code}:{subcode}" if subcode else code


def subcode_of(channel_id: str) -> str:
    """The subcode in a variant's name, empty where it has none."""
    return channel_id.partition(":")[2]
