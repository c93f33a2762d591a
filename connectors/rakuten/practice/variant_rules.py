"""What the item API refuses of one SKU."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stdnum import ean

from connectors import measures
from connectors.rakuten.practice import attribute_rules
from connectors.rakuten.practice.answers import Refusal
from connectors.rakuten.practice.genres import Genre

FIELDS = frozenset(
    """merchantDefinedSkuId selectorValues images restockOnCancel backOrderFlag normalDeliveryDateId
    backOrderDeliveryDateId orderQuantityLimit referencePrice features hidden standardPrice subscriptionPrice
    articleNumberForSet articleNumber shipping specs attributes""".split()
)
HIGHEST_PRICE = 999_999_999
EXEMPTIONS = frozenset({1, 2, 3, 4, 5})
_CODE = re.compile(r"[A-Za-z0-9_-]+")


def check(code: str, variant: Mapping[str, Any], genre: Genre | None) -> Iterator[Refusal]:
    """Everything wrong with the SKU of this code; attributes are checked once the genre is known."""
    at = f"variants.{code}"
    if not _CODE.fullmatch(code):
        yield Refusal("IE0002", f"variantId has an invalid value : {code}.", at)
    elif len(code) > 32:
        yield Refusal("IE0004", "Max length of variantId must be within 32 bytes.", at)
    for name in variant:
        if name not in FIELDS:
            yield Refusal("IE0002", f"Unrecognized field {at}.{name}.", f"{at}.{name}")
    yield from _price(variant.get("standardPrice"), f"{at}.standardPrice")
    yield from _article_number(variant, at)
    number = variant.get("merchantDefinedSkuId")
    if isinstance(number, str) and measures.size(number, "double_bytes") > 96:
        path = f"{at}.merchantDefinedSkuId"
        yield Refusal("IE0004", f"Max length of {path} must be within 96 bytes.", path)
    limit = variant.get("orderQuantityLimit")
    if limit is not None and not (isinstance(limit, int) and 0 <= limit <= 400):
        path = f"{at}.orderQuantityLimit"
        yield Refusal("IE0003", f"{path} must be between 0 and 400.", path)
    if genre is not None:
        yield from attribute_rules.check(variant.get("attributes"), genre, f"{at}.attributes")


def _price(price: Any, path: str) -> Iterator[Refusal]:
    """A number or its text is taken."""
    text = str(price) if not isinstance(price, bool) else ""
    if price is None or price == "":
        yield Refusal("IE0001", f"{path} is mandatory.", path)
    elif re.fullmatch(r"-?\d+\.\d+", text):
        yield Refusal("IE0118", f"Fraction digits of {path} does not match the currency JPY.", path)
    elif not re.fullmatch(r"-?\d+", text):
        yield Refusal("IE0002", f"{path} has an invalid value : {text}.", path)
    elif not 0 <= int(text) <= HIGHEST_PRICE:
        # The words of the page's own sample, which are not those of its table.
        yield Refusal("IE0003", f"{path} must be between 0 to {HIGHEST_PRICE}.", path)


def _article_number(variant: Mapping[str, Any], at: str) -> Iterator[Refusal]:
    given = variant.get("articleNumber") or {}
    value, reason = given.get("value"), given.get("exemptionReason")
    path = f"{at}.articleNumber"
    if value:
        if not (isinstance(value, str) and ean.is_valid(value)):
            yield Refusal("IE0228", "Invalid articleNumber is set.", f"{path}.value")
        if variant.get("articleNumberForSet"):
            words = "Cannot set variants.articleNumberForSet, when variants.articleNumber.value is registered."
            yield Refusal("IE0411", words, f"{at}.articleNumberForSet")
    elif reason is None:
        words = "Either articleNumber.value or articleNumber.exemptionReason should be mandatory."
        yield Refusal("IE0229", words, path)
    elif reason not in EXEMPTIONS:
        words = "The exemption reason only allows integer of [1, 2, 3, 4, 5, 6]."
        yield Refusal("IE0182", words, f"{path}.exemptionReason")
    elif reason == 1 and not variant.get("articleNumberForSet"):
        words = "When the articleNumber.exemptionReason is 1, the articleNumberForSet is mandatory."
        yield Refusal("IE0429", words, f"{at}.articleNumberForSet")
