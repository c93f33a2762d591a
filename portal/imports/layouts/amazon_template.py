"""Amazon's category template of today: a column for each leaf of an attribute, such as `contribution_sku#1.value`.

https://sellercentral.amazon.com, "Add products via upload". A column's full name also says for which marketplace and
in which language: `item_name[marketplace_id=A1VC38T7YXB528][language_tag=ja_JP]#1.value`. Its choices are written in
the template's language, so nothing here relies on one: a row with a parent's SKU is a variant of it, and one that only
has a parentage level is a parent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from portal.imports.layouts.amazon_loader import deletes
from portal.imports.layouts.layout import Cells, Layout, Told, each_needs_its_own, text

SKU: Final = "contribution_sku#1.value"
PARENT: Final = "child_parent_sku_relationship#1.parent_sku"
PARENTAGE: Final = "parentage_level#1.value"
ACTION: Final = "::record_action"
THEME: Final = "variation_theme#1.name"
CODES: Final = {
    "amzn1.volt.ca.product_id_value": "amzn1.volt.ca.product_id_type",
    "externally_assigned_product_identifier#1.value": "externally_assigned_product_identifier#1.type",
}
BULLETS: Final = tuple(f"bullet_point#{n}.value" for n in range(1, 11))
OTHER_IMAGES: Final = tuple(f"other_product_image_locator_{n}#1.media_location" for n in range(1, 9))
MOST_OPTIONS: Final = 3
FIELDS: Final = {
    "handle": PARENT,
    "sku": SKU,
    "title": "item_name#1.value",
    "description_html": "product_description#1.value",
    "vendor": "brand#1.value",
    "amazon_product_type": "product_type#1.value",
    "amazon_attributes": BULLETS[0],
    "amazon_asin": "merchant_suggested_asin#1.value",
    "tags": "generic_keyword#1.value",
    "price": "purchasable_offer#1.our_price#1.schedule#1.value_with_tax",
    "compare_at": "list_price#1.value_with_tax",
    "quantity": "fulfillment_availability#1.quantity",
    "barcode": "externally_assigned_product_identifier#1.value",
    "weight": "item_weight#1.value",
    "weight_unit": "item_weight#1.unit",
    # The theme says which attributes these are, in each product's rows anew.
    "option1_name": f"{THEME} 1",
    "option1_value": f"{THEME} 1 =",
    "option2_name": f"{THEME} 2",
    "option2_value": f"{THEME} 2 =",
    "option3_name": f"{THEME} 3",
    "option3_value": f"{THEME} 3 =",
    "image_url": "main_product_image_locator#1.media_location",
    "variant_image": "swatch_product_image_locator#1.media_location",
}
_LIST_PRICES: Final = ("list_price#1.value_with_tax", "list_price#1.value")
_WORDS: Final = ("title", "description_html", "vendor", "amazon_product_type", "amazon_asin", "tags")
_OF_A_VARIANT: Final = ("sku", "price", "quantity", "weight")
_ATTRIBUTES: Final = ("color", "size", "style")
# The selectors that say which of a merchant's marketplaces and languages a column is for. Another audience than
# everybody has prices of its own, which are no prices of ours.
_SELECTOR = re.compile(r"\[(marketplace_id|language_tag)=[^\]]*\]|\[audience=ALL\]")
_SIZE = re.compile(r"(\w+_)?size#1\.(size|value)")
_DELETE: Final = ("delete", "削除", "删除")
_UNITS: Final = {
    **dict.fromkeys(("grams", "gram", "グラム", "克"), "g"),
    **dict.fromkeys(("kilograms", "kilogram", "キログラム", "千克"), "kg"),
    **dict.fromkeys(("ounces", "ounce", "オンス"), "oz"),
    **dict.fromkeys(("pounds", "pound", "ポンド"), "lb"),
}


def read(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Told]]:
    """A parent's row gives its product's words, each child's a variant; further images come as rows of their own."""
    parent, theme = "", ""
    for number, row in rows:
        if any(word in row.get(ACTION, "").lower() for word in _DELETE):
            yield number, deletes("Amazon")
            continue
        handle, is_child = text(row, PARENT, SKU), bool(row.get(PARENT))
        told: dict[str, str] = {"handle": handle, "image_url": text(row, FIELDS["image_url"])}
        # A child repeats its parent's words with its colour and size in them.
        told |= {} if is_child and handle == parent else _words(row, is_child=is_child)
        if row.get(PARENTAGE) and not is_child:
            parent, theme = handle, row.get(THEME, "")
        else:
            told |= _of_variant(row)
        if is_child:
            told |= _options(row, row.get(THEME) or (theme if handle == parent else ""))
            told["variant_image"] = text(row, FIELDS["variant_image"], FIELDS["image_url"])
        yield number, told
        for column in OTHER_IMAGES:
            if row.get(column):
                yield number, {"handle": handle, "image_url": row[column]}


def _words(row: Cells, *, is_child: bool) -> dict[str, str]:
    """What the row says of the product; a colour or size that makes no variant is an attribute."""
    told = {field: text(row, FIELDS[field]) for field in _WORDS}
    listed = {"bullet_point": [row[column] for column in BULLETS if row.get(column)]}
    for name in () if is_child else _ATTRIBUTES:
        listed[name] = [row[column] for column in (f"{name}#1.value",) if row.get(column)]
    # The bar stands between values (connectors.amazon.attributes), so none may have one.
    lines = [
        f"{name}: " + " | ".join(" ".join(value.replace("|", "/").split()) for value in values)
        for name, values in listed.items()
        if values
    ]
    return told | {"amazon_attributes": "\n".join(lines)}


def _of_variant(row: Cells) -> dict[str, str]:
    told = {field: text(row, FIELDS[field]) for field in _OF_A_VARIANT}
    unit = row.get(FIELDS["weight_unit"], "")
    code = next((row[column] for column, kind in CODES.items() if row.get(column) and row.get(kind) != "ASIN"), "")
    return told | {
        "compare_at": text(row, *_LIST_PRICES),
        "barcode": code,
        "weight_unit": _UNITS.get(unit.lower(), unit),
    }


def _options(row: Cells, theme: str) -> dict[str, str]:
    """The theme names the attributes by which variants differ (SIZE/COLOR); without one, those that are filled do."""
    names = [name.strip().lower().removesuffix("_name") for name in theme.split("/") if name.strip()]
    names = names or [name for name in ("color", "size") if _chosen(row, name)]
    told: dict[str, str] = {}
    for place, name in enumerate(names[:MOST_OPTIONS], start=1):
        told |= {f"option{place}_name": name.replace("_", " ").capitalize(), f"option{place}_value": _chosen(row, name)}
    return told


def _chosen(row: Cells, name: str) -> str:
    if value := row.get(f"{name}#1.value"):
        return value
    # Clothes and shoes have their size in an attribute of their own: apparel_size, footwear_size.
    return next((row[key] for key in row if name == "size" and row[key] and _SIZE.fullmatch(key)), "")


def _used(name: str) -> bool:
    attributes = (f"{attribute}#1.value" for attribute in _ATTRIBUTES)
    others = {*OTHER_IMAGES, *BULLETS, *CODES, *CODES.values(), *_LIST_PRICES, PARENTAGE, ACTION, THEME, *attributes}
    return name in {*FIELDS.values(), *others}


LAYOUT: Final = Layout(
    fields=FIELDS,
    used=_used,
    read=read,
    spelled=lambda name: _SELECTOR.sub("", name),
    needs=each_needs_its_own(FIELDS)
    | {
        "barcode": tuple(CODES),
        "compare_at": _LIST_PRICES,
        "amazon_attributes": (*BULLETS, *(f"{name}#1.value" for name in _ATTRIBUTES)),
        "variant_image": (FIELDS["variant_image"], FIELDS["image_url"]),
    },
)
