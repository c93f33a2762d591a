"""The one field a product lacks, filled in where it is missed: in its row of the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from portal.catalog import details, forms, queries, service
from portal.catalog.fragments import control_label, field_label
from portal.catalog.sheets import Sheet, sheet_of
from portal.errors import Conflict, FormInvalid, NotFound
from portal.i18n import _
from portal.inbox.choosing import Offer
from portal.listings.fixes import edit_url
from portal.models.catalog import Product
from portal.models.inbox import InboxItem

# What is one short text; everything else is mended in the product's editor.
FILLABLE = {"title", "sku", "barcode", "price", *(one.name for one in details.DETAILS if not one.lines)}


@dataclass(frozen=True, slots=True)
class Gap:
    """A control of the product's editor whose text keeps the product off a channel."""

    control: str
    label: str
    text: str


def gap_of(product: Product, offers: Sequence[Offer], currency: str) -> Gap | None:
    """The first field to fill in; None where nothing is missed, or nothing that is one short text."""
    lacks = [lack for offer in offers for lack in offer.lacks]
    if not lacks:
        return None
    sheet = sheet_of(product, product.variants, product.images, currency)
    variants = [variant.id for variant in product.variants]
    controls = [edit_url(product.id, lack.field, variants).partition("#field-")[2] for lack in lacks]
    control = next((one for one in controls if _fillable(sheet, one)), "")
    if not control:
        return None
    alone = len(product.variants) == 1
    label = field_label(control.rpartition("-")[2]) if alone else control_label(control, sheet)
    return Gap(control, label, sheet.flat()[control])


def _fillable(sheet: Sheet, control: str) -> bool:
    return control in sheet.flat() and control.rpartition("-")[2] in FILLABLE


async def fill(
    session: AsyncSession,
    item_id: UUID,
    control: str,
    text: str,
    *,
    seen: str,
    currency: str,
    made_by: str,
    now: datetime,
) -> None:
    """The item's product has the text in this field, under the rules of its editor.

    `seen` is what stood there when somebody began to type. Raises FormInvalid at `text`, Conflict where another
    text has come there since, and NotFound.
    """
    item = await session.get(InboxItem, item_id)
    if item is None:
        raise NotFound
    product = await queries.product(session, item.product_id, lock=True)
    sheet = sheet_of(product, product.variants, product.images, currency)
    if not _fillable(sheet, control):
        raise NotFound
    if sheet.flat()[control] not in {seen, text}:
        raise Conflict(_("This has changed meanwhile"), _("Look at what stands there now, and fill it in again."))
    sheet.put(control, text)
    try:
        edit = forms.parse(sheet, currency)
    except FormInvalid as invalid:
        said = invalid.errors.get(control) or _("Something else needs a look: open the product.")
        raise FormInvalid({"text": said}) from invalid
    await service.save(session, product, edit, made_by=made_by, now=now)
