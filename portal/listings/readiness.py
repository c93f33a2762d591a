"""A channel's own rules, run before anything is sent: what a product still lacks there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectors import measures
from connectors.errors import Problem
from connectors.protocol import Capabilities
from connectors.records import ProductRecord, VariantRecord
from portal.catalog import details
from portal.codes import judging as codes
from portal.connections.naming import unit_name
from portal.i18n import _, ngettext
from portal.images import judging
from portal.models.images import KEPT, ImageCheck


@dataclass(frozen=True, slots=True)
class Missing:
    """`field` points into the product record as connectors.errors.Problem.field does; `title` says what, `fix` how."""

    field: str
    title: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the product's own record: what looks found at the addresses of its `images`, and which
    products of the catalog have its `codes`.
    """

    images: Mapping[str, ImageCheck] = field(default_factory=dict)
    codes: codes.Users = field(default_factory=dict)


NOTHING_KNOWN = Around()


def missing(
    record: ProductRecord,
    capabilities: Capabilities,
    *,
    currency: str = "",
    unmet: Sequence[Problem] = (),
    around: Around = NOTHING_KNOWN,
) -> list[Missing]:
    """What keeps the product off the channel; empty when it is ready.

    `currency` is the account's where known: prices in another one would be wrong there. `unmet` is what it breaks of
    the rules that the channel publishes for its kind of product.
    """
    found = [
        *_of_product(record, capabilities),
        *_of_currency(record, capabilities, currency),
        *_of_options(record, capabilities),
        *_of_details(record, capabilities),
        *_of_images(record, capabilities, around.images),
        *_of_variants(record, capabilities),
        *_of_codes(record, capabilities, around.codes),
    ]
    said = {one.field for one in found}
    return found + [_of_kind(problem) for problem in unmet if problem.field not in said]


def _of_product(record: ProductRecord, capabilities: Capabilities) -> Iterator[Missing]:
    if not record.active:
        yield Missing(
            "/active", _("Not active"), _("Set the status to Active. Drafts and archived products stay here.")
        )
    if not record.title.strip():
        yield Missing("/title", _("No title"), _("Add a title."))
        return
    size = measures.size(record.title, capabilities.title_unit)
    if size > capabilities.title_limit:
        said = {
            "size": size,
            "limit": capabilities.title_limit,
            "unit": unit_name(capabilities.title_unit),
            "over": size - capabilities.title_limit,
            "channel": capabilities.name,
        }
        title = _("Title %(size)s / %(limit)s %(unit)s") % said
        yield Missing("/title", title, _("Shorten it by %(over)s %(unit)s for %(channel)s.") % said)


def _of_currency(record: ProductRecord, capabilities: Capabilities, currency: str) -> Iterator[Missing]:
    if not record.variants or not currency or record.variants[0].price.currency == currency:
        return
    said = {"ours": record.variants[0].price.currency, "theirs": currency, "channel": capabilities.name}
    title = _("Prices are in %(ours)s, this %(channel)s account sells in %(theirs)s") % said
    yield Missing("/variants/0/price", title, _("Connect an account that sells in %(ours)s.") % said)


def _of_options(record: ProductRecord, capabilities: Capabilities) -> Iterator[Missing]:
    said = {
        "channel": capabilities.name,
        "options": capabilities.options_limit,
        "variants": capabilities.variants_limit,
    }
    if len(record.option_names) > capabilities.options_limit:
        title = _("%(count)s options") % {"count": len(record.option_names)}
        yield Missing("/option_names", title, _("%(channel)s takes %(options)s options. Remove the others.") % said)
    if not record.variants:
        yield Missing("/variants", _("No variant"), _("Add at least one variant with a price."))
    elif len(record.variants) > capabilities.variants_limit:
        title = _("%(count)s variants") % {"count": len(record.variants)}
        yield Missing("/variants", title, _("%(channel)s takes %(variants)s variants. Split the product.") % said)
    counted = Counter(variant.option_values for variant in record.variants)
    for index, variant in enumerate(record.variants):
        if len(variant.option_values) != len(record.option_names) or not all(variant.option_values):
            fix = _("Give this variant one value for each option.")
            yield Missing(f"/variants/{index}/option_values", _("A variant without an option value"), fix)
        elif counted[variant.option_values] > 1:
            name = " / ".join(variant.option_values) or _("the plain variant")
            fix = _("Change or remove one of them.")
            yield Missing(f"/variants/{index}/option_values", _("%(name)s is there twice") % {"name": name}, fix)


def _of_details(record: ProductRecord, capabilities: Capabilities) -> Iterator[Missing]:
    for detail in capabilities.details:
        if detail.required and not record.details.get(detail.name):
            said = {"what": details.label(detail.name)}
            yield Missing(f"/details/{detail.name}", _("No %(what)s") % said, details.hint(detail.name))


def _of_images(record: ProductRecord, capabilities: Capabilities, known: Mapping[str, ImageCheck]) -> Iterator[Missing]:
    shown = [(f"/images/{index}", image.url) for index, image in enumerate(record.images)]
    shown += [(f"/variants/{index}/image_url", one.image_url) for index, one in enumerate(record.variants)]
    urls = {url for _pointer, url in shown if url}
    if len(urls) > capabilities.images_limit:
        said = {"count": len(urls), "limit": capabilities.images_limit, "channel": capabilities.name}
        fix = _("%(channel)s takes %(limit)s images. Remove the others.") % said
        yield Missing("/images", _("%(count)s images") % said, fix)
    for pointer, url in shown:
        check = known.get(url)
        if not url or (check is not None and check.code == KEPT):
            continue
        if not _fetchable(url):
            title = _("An image without an https address")
            yield Missing(pointer, title, _("Use an address that begins with https://, or remove the image."))
        elif check is not None and (found := judging.in_the_way(check, capabilities.images)):
            yield Missing(pointer, found.text, found.fix)


def _fetchable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _of_variants(record: ProductRecord, capabilities: Capabilities) -> Iterator[Missing]:
    skus = Counter(variant.sku for variant in record.variants if variant.sku)
    unpriced = [index for index, variant in enumerate(record.variants) if variant.price.minor <= 0]
    if unpriced:
        title = ngettext("No price", "No price on %(num)s variants", len(unpriced)) % {"num": len(unpriced)}
        yield Missing(f"/variants/{unpriced[0]}/price", title, _("Add a price above zero."))
    for index, variant in enumerate(record.variants):
        if capabilities.needs_sku:
            yield from _of_sku(index, variant, skus)


def _of_sku(index: int, variant: VariantRecord, skus: Counter[str]) -> Iterator[Missing]:
    pointer = f"/variants/{index}/sku"
    if not variant.sku:
        yield Missing(pointer, _("No SKU"), _("Give the variant a SKU of its own."))
    elif skus[variant.sku] > 1:
        title = _("SKU %(sku)s is there twice") % {"sku": variant.sku}
        yield Missing(pointer, title, _("Give each variant a SKU of its own."))


def _of_codes(record: ProductRecord, capabilities: Capabilities, users: codes.Users) -> Iterator[Missing]:
    for said in codes.in_the_way(record, capabilities, users):
        yield Missing(f"/variants/{said.index}/barcode", said.text, said.fix)


def _of_kind(problem: Problem) -> Missing:
    """A rule of the product's kind in our words; `message` names the attribute, `recommended` what it may be."""
    said = {"what": problem.message, "allowed": problem.recommended}
    title, fix = {
        "attribute_missing": (_("No %(what)s"), _("This kind of product needs it.")),
        "attribute_refused": (_("%(what)s isn't one that is taken"), _("Change it.")),
        "attributes_unreadable": (_("A line of attributes can't be read"), _("Write name: value on each line.")),
        "option_unknown": (_("No attribute for the option %(what)s"), _("Rename it, for example to Color or Size.")),
        "sku_too_long": (_("SKU %(what)s is too long"), _("%(allowed)s characters at most.")),
        "unknown_product_type": (_("There is no kind of product %(what)s"), _("Choose one that the channel has.")),
    }.get(problem.code, (_("The channel doesn't take this yet"), "%(what)s"))
    if problem.code == "attribute_refused" and problem.recommended:
        fix = _("Allowed: %(allowed)s.")
    if problem.code == "attribute_missing" and problem.field.endswith("_attributes"):
        fix = _("This kind of product needs it. Add a line to the attributes.")
    return Missing(problem.field, title % said, fix % said)
