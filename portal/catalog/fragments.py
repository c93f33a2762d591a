"""The parts of the catalog's pages that are fetched again by themselves, and what their partials are given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from portal.catalog import conflicts, descriptions, details, queries, sources, typed
from portal.catalog.sheets import Sheet, sheet_of
from portal.errors import NotFound
from portal.i18n import _
from portal.models.accounts import Role
from portal.models.catalog import Product, ProductStatus
from portal.web import Fragment, Visitor

_SHOWN_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a product fares. `units` is None where none of it is counted."""

    id: UUID
    status: ProductStatus
    channels: Sequence[str]
    units: int | None
    updated_at: datetime
    updated_by: str
    source: str
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One difference in words; `choice` is the side that is taken unless somebody says otherwise."""

    name: str
    label: str
    mine: str
    theirs: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The form as it is to be shown. `errors` answers "" for a control without one.

    `seen` is what its writer was looking at, `against` what the choices between `differences` are made on.
    `unsaved` says it holds what is not stored yet, so that Save is offered at once. `focus` is the control to go on
    with.
    """

    key: UUID
    is_new: bool
    sheet: Sheet
    seen: str = ""
    errors: Mapping[str, str] = field(default_factory=lambda: defaultdict(str))
    differences: Sequence[Choice] = ()
    against: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None
    on_hand: Mapping[str, int] = field(default_factory=dict)
    unsaved: bool = False
    focus: str = ""

    @property
    def action(self) -> str:
        return "/products" if self.is_new else f"/products/{self.key}"

    @property
    def asked(self) -> Sequence[details.Asked]:
        """What single channels ask of a product."""
        return details.asked()

    @property
    def filled(self) -> set[str]:
        """Fields of the product that hold something, or are refused."""
        return {name for name, text in self.sheet.values.items() if text or self.errors.get(name)}

    @property
    def leave(self) -> str:
        return "/products" if self.is_new else f"/products/{self.key}"

    @property
    def summary(self) -> list[dict[str, str]]:
        """The errors in the order of the form, each naming its row where several have the same words."""
        order = {name: at for at, name in enumerate(self.sheet.flat())}
        named = sorted(
            ((name, text) for name, text in self.errors.items() if text), key=lambda pair: order.get(pair[0], -1)
        )
        return [{"field": name, "message": text} for name, text in named]

    @property
    def notes(self) -> dict[str, str]:
        """What is odd about a row's barcode; said, not refused."""
        return {key: typed.barcode_note(typed.barcode(row["barcode"])) for key, row in self.sheet.variants.items()}

    @property
    def open_rows(self) -> set[str]:
        """Rows somebody must look at: refused ones, and the one just added."""
        ids = [name for name, text in self.errors.items() if text] + [self.focus.removeprefix("field-")]
        return {key for key in self.sheet.variants if any(name.startswith(f"variant-{key}-") for name in ids)}

    def label(self, key: str) -> str:
        return conflicts.label(self.sheet, key)


def stored(product: Product, currency: str) -> Editor:
    """The editor as it stands for what is stored."""
    sheet = sheet_of(product, product.variants, product.images, currency)
    on_hand = {str(variant.id): variant.on_hand for variant in product.variants if variant.tracked}
    return Editor(key=product.id, is_new=False, sheet=sheet, seen=conflicts.seen(sheet), on_hand=on_hand)


def choices(mine: Sheet, theirs: Sheet, found: Sequence[conflicts.Difference]) -> list[Choice]:
    """Differences in words. What only they touched is theirs unless chosen otherwise, and the reverse."""
    return [
        Choice(
            name=difference.name,
            label=control_label(difference.name, theirs if difference.theirs is not None else mine),
            mine=_shown(difference.mine),
            theirs=_shown(difference.theirs),
            choice="mine" if difference.touched else "theirs",
        )
        for difference in found
    ]


async def summary(session: AsyncSession, product: Product) -> Summary:
    counted = [variant.on_hand for variant in product.variants if variant.tracked]
    return Summary(
        id=product.id,
        status=product.status,
        channels=await queries.live_channels(session, product.id),
        units=sum(counted) if counted else None,
        updated_at=product.updated_at,
        updated_by=product.updated_by,
        source=sources.named(product.source),
        handle=product.handle,
    )


async def product_rows(session: AsyncSession, _visitor: Visitor, ids: Sequence[UUID]) -> list[Fragment]:
    rows = await queries.rows(session, ids)
    return [Fragment(f"product-row-{row.id}", "catalog/_row.html", {"row": row}) for row in rows]


async def product_summaries(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> list[Fragment]:
    found = []
    for product_id in ids:
        try:
            product = await queries.product(session, product_id)
        except NotFound:
            continue
        context = {"summary": await summary(session, product), "may_edit": visitor.may(Role.MANAGER)}
        found.append(Fragment(f"product-summary-{product_id}", "catalog/_summary.html", context))
    return found


def editor_part(editor: Editor, visitor: Visitor) -> Fragment:
    context: dict[str, Any] = {"editor": editor, "may_edit": visitor.may(Role.MANAGER)}
    return Fragment(f"product-editor-{editor.key}", "catalog/_editor.html", context)


async def whole(session: AsyncSession, visitor: Visitor, product_id: UUID) -> list[Fragment]:
    """Every part of the product's page that a save may have changed."""
    product = await queries.product(session, product_id)
    context = {"product": product, "description": description_of(product)}
    return [
        Fragment(f"product-header-{product_id}", "catalog/_header.html", context),
        editor_part(stored(product, visitor.currency), visitor),
        *await product_summaries(session, visitor, [product_id]),
        Fragment(f"product-preview-{product_id}", "catalog/_preview.html", context),
    ]


def description_of(product: Product) -> Markup:
    """The description as it may be shown. Cleaned once more: what is stored may be older than the rules."""
    return Markup(descriptions.clean(product.description_html))  # noqa: S704 - clean() is what makes it safe


def control_label(name: str, sheet: Sheet) -> str:
    """A control's name as the form shows it; a variant's carries the variant."""
    if label := field_label(name):
        return label
    key = next((key for key in sheet.variants if name == f"variant-{key}" or name.startswith(f"variant-{key}-")), "")
    variant = (conflicts.label(sheet, key) if key else "") or _("Variant")
    cell = field_label(name.removeprefix(f"variant-{key}-"))
    return f"{variant}: {cell}" if cell else variant


def field_label(name: str) -> str:
    """What a field of the form is called, of whichever variant; empty for one nobody knows."""
    return {
        "title": _("Title"),
        "description_html": _("Description"),
        "vendor": _("Vendor"),
        "product_type": _("Type"),
        "category": _("Category"),
        "tags": _("Tags"),
        "status": _("Status"),
        "seo_title": _("Page title"),
        "seo_description": _("Page description"),
        "option-1": _("Option 1"),
        "option-2": _("Option 2"),
        "option-3": _("Option 3"),
        "images": _("Images"),
        "sku": _("SKU"),
        "barcode": _("Barcode"),
        "price": _("Price"),
        "compare_at": _("Compare-at price"),
        "cost": _("Cost"),
        "grams": _("Weight"),
        "tracked": _("Count its stock"),
        "sell_when_out": _("Keep selling when out of stock"),
    }.get(name) or details.label(name)


def _shown(text: str | None) -> str:
    if text is None:
        return _("not there")
    return text[:_SHOWN_CHARACTERS] + "…" if len(text) > _SHOWN_CHARACTERS else text or _("empty")


FRAGMENTS = {"product-row": product_rows, "product-summary": product_summaries}
