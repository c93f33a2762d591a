"""A product's codes, held against what a channel does with them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors import gtin
from connectors.protocol import Capabilities
from connectors.records import ProductRecord
from portal.catalog import details
from portal.i18n import _

# A GTIN in 14 digits -> the products that have it: id and title each.
Users = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Said:
    """`index` is the variant's place in the record."""

    index: int
    text: str
    fix: str


def in_the_way(record: ProductRecord, capabilities: Capabilities, users: Users) -> Iterator[Said]:
    """What keeps the product's codes off a channel. `users` are the products that have them, this one among them."""
    if capabilities.codes == "any" or record.details.get(capabilities.item_detail):
        return
    matched = capabilities.codes == "matched"
    if matched and record.details.get(capabilities.exemption_detail):
        # No code is sent.
        return
    counted = Counter(gtin.whole(variant.barcode) for variant in record.variants)
    for index, variant in enumerate(record.variants):
        code, whole = variant.barcode, gtin.whole(variant.barcode)
        if code and not whole:
            yield Said(index, _("Barcode %(code)s can't be right") % {"code": code}, mended(code))
        elif matched and not code:
            yield Said(index, _("No barcode"), _without_code(capabilities))
        elif matched and gtin.is_in_store(code):
            yield Said(index, _("Barcode %(code)s is an in-store number") % {"code": code}, _in_store(capabilities))
        elif matched and counted[whole] > 1:
            text = _("Barcode %(code)s is there twice") % {"code": code}
            yield Said(index, text, _("Every variant has a barcode of its own. Check the labels."))
        elif matched and (others := [title for key, title in users.get(whole, ()) if key != record.key]):
            text = _("Barcode %(code)s is there twice") % {"code": code}
            said = {"product": others[0]}
            yield Said(index, text, _("Also on %(product)s. Every product has a barcode of its own.") % said)


def _without_code(capabilities: Capabilities) -> str:
    fix = _("Add the barcode printed on the product.")
    if not capabilities.exemption_detail:
        return fix
    said = {"channel": capabilities.name, "exemption": details.label(capabilities.exemption_detail)}
    return fix + " " + _("None? Where %(channel)s has exempted your brand, fill in %(exemption)s.") % said


def _in_store(capabilities: Capabilities) -> str:
    said = {"channel": capabilities.name, "exemption": details.label(capabilities.exemption_detail)}
    return (
        _(
            "%(channel)s takes registered codes only. Give it one of your own GS1 prefix, "
            "or fill in %(exemption)s if your brand is exempted."
        )
        % said
    )


def mended(code: str) -> str:
    """What to do about a barcode that fails its check: the digit it should end in, or the length it should have."""
    if right := gtin.wrong_digit(code):
        return _("The last digit should be %(digit)s. Check the label.") % {"digit": right}
    said = {"count": len(gtin.digits_of(code))}
    return _("It has %(count)s digits. A UPC has 12, an EAN or JAN 13. A spreadsheet may have dropped a zero.") % said
