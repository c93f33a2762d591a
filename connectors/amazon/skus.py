"""What our products are called at Amazon. SKUs are the merchant's own; only a parent of variants has one of ours."""

from __future__ import annotations

import hashlib
import re

from connectors.records import ProductRecord

LONGEST = 40
_DIGEST = 12
_PLAIN = re.compile(r"[^A-Za-z0-9]+")


def parent_sku(product: ProductRecord) -> str:
    """The parent's SKU: the handle, and a digest of our key, which no SKU of the merchant's own ends in."""
    digest = hashlib.sha256(product.key.encode()).hexdigest()[:_DIGEST]
    plain = _PLAIN.sub("-", product.handle).strip("-")[: LONGEST - _DIGEST - 1].rstrip("-")
    return f"{plain or 'product'}-{digest}"


def channel_id(product: ProductRecord) -> str:
    """The SKU that stands for the whole product: its parent's, or its only variant's."""
    return parent_sku(product) if product.option_names else product.variants[0].sku
