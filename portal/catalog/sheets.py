"""The editor's form as text: what a product looks like in it, what came back, rows added and moved. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.money import to_text
from connectors.records import Money
from portal.catalog import details
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant

OPTIONS: Final = ("option-1", "option-2", "option-3")
FIELDS: Final = (
    "title", "description_html", "vendor", "product_type", "category", "tags", "status", *OPTIONS, "seo_title",
    "seo_description", *details.NAMES,
)  # fmt: skip
VARIANT_FIELDS: Final = (
    *OPTIONS, "sku", "barcode", "price", "compare_at", "cost", "grams", "tracked", "sell_when_out", "remove",
)  # fmt: skip
_NEW_VARIANT: Final = dict.fromkeys(VARIANT_FIELDS, "") | {"tracked": "1"}
MOST_ROWS: Final = 2048


@dataclass(slots=True)
class ImageLine:
    key: str
    url: str = ""
    alt: str = ""


@dataclass(slots=True)
class Sheet:
    """`variants` maps a row's key to its cells: the key is the variant's id, or new1, new2… before it has one."""

    values: dict[str, str]
    variants: dict[str, dict[str, str]] = field(default_factory=dict)
    images: list[ImageLine] = field(default_factory=list)

    def flat(self) -> dict[str, str]:
        """Every control's name with its text; all images count as one."""
        cells = {f"variant-{key}-{name}": text for key, row in self.variants.items() for name, text in row.items()}
        return {**self.values, **cells, "images": "\n".join(f"{line.url} {line.alt}" for line in self.images)}

    def put(self, control: str, text: str) -> None:
        """The text stands in this one of the controls `flat` names, images aside."""
        if control in self.values:
            self.values[control] = text
            return
        key, _dash, name = control.removeprefix("variant-").rpartition("-")
        self.variants[key][name] = text


def blank() -> Sheet:
    """A new product's form: one plain variant, nothing filled in."""
    values = dict.fromkeys(FIELDS, "") | {"status": ProductStatus.ACTIVE.value}
    return Sheet(values=values, variants={"new1": dict(_NEW_VARIANT)})


def sheet_of(product: Product, variants: Sequence[Variant], images: Sequence[ProductImage], currency: str) -> Sheet:
    """The form as it stands for what is stored."""
    values = {
        "title": product.title,
        "description_html": product.description_html,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "category": product.category,
        "tags": ", ".join(product.tags),
        "status": product.status.value,
        **_options(product.option_names),
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
        **{name: str(product.details.get(name, "")) for name in details.NAMES},
    }
    return Sheet(
        values=values,
        variants={str(variant.id): _row(variant, currency) for variant in variants},
        images=[ImageLine(str(image.id), image.url, image.alt) for image in images],
    )


def read(pairs: Iterable[tuple[str, object]]) -> Sheet:
    """The form as it was sent; a control that is not there is empty, one nobody knows is left out."""
    sent: dict[str, list[str]] = {}
    for name, value in pairs:
        if isinstance(value, str):
            sent.setdefault(name, []).append(value.replace("\0", "").replace("\r\n", "\n"))

    def text(name: str) -> str:
        return sent.get(name, [""])[0]

    variants = {
        key: {name: text(f"variant-{key}-{name}") for name in VARIANT_FIELDS}
        for key in sent.get("variant", [])[:MOST_ROWS]
    }
    images = [ImageLine(key, text(f"image-{key}-url"), text(f"image-{key}-alt")) for key in sent.get("image", [])]
    return Sheet(values={name: text(name) for name in FIELDS}, variants=variants, images=images)


def rearrange(sheet: Sheet, command: str) -> str:
    """The sheet after a button that only changes the form; returns the id of the control to go on with.

    Commands are add-variant, add-image, up:<image key> and down:<image key>; any other changes nothing.
    """
    verb, _, key = command.partition(":")
    if verb == "add-variant" and len(sheet.variants) < MOST_ROWS:
        new = _free_key(sheet.variants)
        sheet.variants[new] = dict(_NEW_VARIANT)
        return f"field-variant-{new}-{'option-1' if sheet.values['option-1'] else 'sku'}"
    if verb == "add-image":
        new = _free_key(line.key for line in sheet.images)
        sheet.images.append(ImageLine(new))
        return f"field-image-{new}-url"
    keys = [line.key for line in sheet.images]
    if verb in {"up", "down"} and key in keys:
        at = keys.index(key)
        to = max(0, min(len(keys) - 1, at + (-1 if verb == "up" else 1)))
        sheet.images.insert(to, sheet.images.pop(at))
        return f"image-{key}-{verb}"
    return ""


def _row(variant: Variant, currency: str) -> dict[str, str]:
    def price(minor: int | None) -> str:
        return "" if minor is None else to_text(Money(minor, currency))

    return {
        **_options(variant.option_values),
        "sku": variant.sku,
        "barcode": variant.barcode,
        "price": price(variant.price_minor),
        "compare_at": price(variant.compare_at_minor),
        "cost": price(variant.cost_minor),
        "grams": "" if variant.grams is None else str(variant.grams),
        "tracked": "1" if variant.tracked else "",
        "sell_when_out": "1" if variant.sell_when_out else "",
        "remove": "",
    }


def _options(texts: Sequence[str]) -> dict[str, str]:
    return dict(zip(OPTIONS, [*texts, "", "", ""], strict=False))


def _free_key(taken: Iterable[str]) -> str:
    used = set(taken)
    return next(key for number in range(1, MOST_ROWS + 2) if (key := f"new{number}") not in used)
