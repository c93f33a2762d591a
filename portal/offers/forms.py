"""What is typed to find an item and to offer it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.catalog import typed
from portal.errors import FormInvalid, NotFound
from portal.i18n import _

MOST_CODES = 20
LONGEST_CODE = 40
LONGEST_SKU = 255
LONGEST_TITLE = 1000
_CODE = re.compile(r"[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Item:
    """The item of the channel's catalog, as its search told of it. `code` is the barcode it was met by, or empty."""

    ref: str
    title: str
    brand: str = ""
    code: str = ""
    kind: str = ""
    image_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """An offer that holds its own stock, under `product_id`, which the form carried: sent twice, it is made once."""

    product_id: UUID
    item: Item
    sku: str
    price_minor: int
    quantity: int


def codes(text: str) -> list[str]:
    """The product codes typed, each once: any width, with hyphens, several to a line. Raises FormInvalid."""
    found = [re.sub(r"[-‐]", "", word).upper() for word in re.split(r"[\s,、;]+", typed.half_width(text)) if word]
    found = list(dict.fromkeys(found))
    if not found:
        raise FormInvalid({"codes": _("Enter a barcode or an ASIN.")})
    if len(found) > MOST_CODES:
        said = {"most": MOST_CODES, "count": len(found)}
        raise FormInvalid({"codes": _("Enter at most %(most)s codes at once; these are %(count)s.") % said})
    for code in found:
        if len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
            raise FormInvalid(
                {"codes": _("%(code)s is no barcode or ASIN. Correct it.") % {"code": code[:LONGEST_CODE]}}
            )
    return found


def item(form: Mapping[str, str]) -> Item:
    """The item that the form carries along from the search. Raises NotFound for a form that is not ours."""
    ref, title = form.get("ref", ""), form.get("title", "").strip()[:LONGEST_TITLE]
    if not _CODE.fullmatch(ref) or len(ref) > LONGEST_CODE:
        raise NotFound
    code = form.get("code", "")
    return Item(
        ref=ref,
        title=title or ref,
        brand=form.get("brand", "").strip()[:LONGEST_SKU],
        code=code if code.isdecimal() and len(code) <= LONGEST_CODE else "",
        kind=form.get("kind", "")[:LONGEST_SKU],
        image_url=form.get("image_url", ""),
    )


def statement(form: Mapping[str, str]) -> dict[str, str]:
    """What is wrong where the merchant has not said that it is the same item."""
    words = _(
        "Compare your item with the one shown, then tick this. Selling another item under it gets accounts closed."
    )
    return {} if form.get("same") else {"same": words}


def parse(form: Mapping[str, str], currency: str) -> NewOffer:
    """Raises FormInvalid with every sentence at once, and NotFound for a form that is not ours."""
    errors = statement(form)
    sku = typed.half_width(form.get("sku", ""))
    if not sku:
        errors["sku"] = _("Enter a SKU of your own for this offer.")
    elif len(sku) > LONGEST_SKU:
        errors["sku"] = _("Use at most {count} characters.").format(count=LONGEST_SKU)

    def number(name: str, reader: Callable[[str], int], least: int, words: str) -> int:
        try:
            value = reader(form.get(name, ""))
        except ValueError as error:
            errors[name] = str(error)
            return 0
        if value < least:
            errors[name] = words
        return value

    price = number("price", lambda text: typed.amount(text, currency), 1, _("Add a price above zero."))
    quantity = number("quantity", typed.units, 0, _("Enter zero or more."))
    if errors:
        raise FormInvalid(errors)
    try:
        product_id = UUID(form.get("id", ""))
    except ValueError as error:
        raise NotFound from error
    return NewOffer(product_id=product_id, item=item(form), sku=sku, price_minor=price, quantity=quantity)
