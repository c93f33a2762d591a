"""A channel's refusal in plain words: what it is, the one thing to do, and the button that does it.

Matched on codes, never on text. What no table knows keeps the channel's own words and claims no cause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import ProblemClass
from portal.catalog import details
from portal.i18n import _
from portal.listings import words_amazon, words_common, words_rakuten, words_shopify, words_yahoo
from portal.listings.wording import Button, Wording

_BY_CHANNEL: Mapping[str, Mapping[str, Wording]] = {
    "shopify": words_shopify.WORDINGS,
    "amazon": words_amazon.WORDINGS,
    "rakuten": words_rakuten.WORDINGS,
    "yahoo": words_yahoo.WORDINGS,
}


@dataclass(frozen=True, slots=True)
class Explained:
    """`field` is the pointer the edit button leads to, `label` the button's words, `source` where ours come from."""

    title: str
    body: str
    button: Button
    field: str
    label: str
    source: str
    retry_helps: bool


def explain(problem: Mapping[str, Any], *, channel: str, channel_name: str) -> Explained:
    """The problem (connectors.errors.Problem as kept on the listing) as the merchant reads it."""
    code, kind = str(problem.get("code", "")), ProblemClass(problem["problem_class"])
    known = wording_of(channel, code)
    wording = known or words_common.BY_CLASS[kind]
    field = str(problem.get("field", "")) or wording.field
    said = {"channel": channel_name, "code": code, "field": field_name(field)}
    title, body = _(wording.named if wording.named and said["field"] else wording.title) % said, _(wording.body) % said
    if code == words_common.NOT_READY:
        title, body = str(problem.get("message") or title), str(problem.get("recommended") or body)
    elif code == words_common.CODE_IN_CATALOG and problem.get("message"):
        body = _in_catalog(problem, said)
    return Explained(
        title=title,
        body=body,
        button=wording.button,
        field=field,
        label=_label(wording, field, said),
        source=_source(code, known=known is not None) % said,
        retry_helps=wording.retry_helps,
    )


def _source(code: str, *, known: bool) -> str:
    if not known:
        return _("We have no words of our own for %(code)s yet.")
    if code in words_common.OUR_OWN_LOOK:
        return _("From our own look before sending (%(code)s).")
    return _("Our words for %(channel)s's answer %(code)s.")


def _in_catalog(problem: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """The item there, and the ways out: selling on it where the product can, or another code."""
    there = _("It is %(item)s there. Buyers would see that item and its pictures, so nothing was sent.")
    sell = _("Is it yours? Enter %(ref)s as the item to sell on. If not, use a code of your own.")
    ways = sell if problem.get("recommended") else _("Use a code of your own.")
    return f"{there} {ways}" % {**said, "item": problem["message"], "ref": problem.get("recommended", "")}


def wording_of(channel: str, code: str) -> Wording | None:
    """The wording made for this code, or None where there are only the class's general words."""
    return _BY_CHANNEL.get(channel, {}).get(code) or words_common.WORDINGS.get(code)


def _label(wording: Wording, field: str, said: Mapping[str, str]) -> str:
    match wording.button:
        case Button.EDIT:
            name = field_name(field)
            return _("Edit %(field)s") % {"field": name} if name else _("Edit product")
        case Button.RECONNECT:
            return _("Reconnect %(channel)s") % said
        case Button.CHANNEL:
            return _("Open %(channel)s") % said
        case Button.WAIT | Button.NONE | Button.CHOOSE:
            return ""


_INDEX = re.compile(r"/\d+")


def field_name(pointer: str) -> str:
    """The field a pointer points to, as its label reads in the product editor; empty for none."""
    if pointer.startswith("/details/"):
        return details.label(pointer.removeprefix("/details/"))
    return {
        "/title": _("title"),
        "/handle": _("web address"),
        "/description_html": _("description"),
        "/vendor": _("vendor"),
        "/product_type": _("product type"),
        "/tags": _("tags"),
        "/active": _("status"),
        "/seo_title": _("search title"),
        "/seo_description": _("search description"),
        "/option_names": _("options"),
        "/images": _("images"),
        "/variants": _("variants"),
        "/variants/sku": _("SKU"),
        "/variants/barcode": _("barcode"),
        "/variants/price": _("price"),
        "/variants/compare_at": _("compare-at price"),
        "/variants/cost": _("cost"),
        "/variants/quantity": _("stock"),
        "/variants/option_values": _("option values"),
        "/variants/image_url": _("variant image"),
        "/variants/weight_grams": _("weight"),
        "/variants/taxable": _("tax"),
        "/variants/requires_shipping": _("shipping"),
        "/variants/sell_when_out": _("selling when out of stock"),
    }.get(_INDEX.sub("", pointer), "")
