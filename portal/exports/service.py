"""The catalog written out as one of the files, a page of products at a time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.exports import amazon, rakuten, shopify, yahoo
from portal.exports.sheet import Cells, Sheet
from portal.imports.guards import guarded
from portal.models.accounts import Merchant
from portal.models.catalog import Product
from portal.runtime import Runtime

SHEETS: Final[Mapping[str, Sheet]] = MappingProxyType(
    {one.key: one for one in (shopify.SHEET, amazon.SHEET, rakuten.SHEET, yahoo.SHEET)}
)
PAGE: Final = 50
_REFERENCE: Final = re.compile(r"&(#\d{2,7};)")


async def write(runtime: Runtime, merchant_id: UUID, sheet: Sheet) -> AsyncIterator[bytes]:
    """The file's bytes. A character that its encoding does not have becomes the HTML character reference for it."""
    yield _encoded(sheet, [*sheet.above, sheet.columns])
    after: UUID | None = None
    while True:
        async with runtime.sessions.read(merchant_id) as session:
            currency = (await session.get_one(Merchant, merchant_id)).currency
            query = select(Product).options(selectinload(Product.variants), selectinload(Product.images))
            query = query.where(Product.id > after) if after else query
            products = (await session.scalars(query.order_by(Product.id).limit(PAGE))).all()
        if not products:
            return
        after = products[-1].id
        yield _encoded(sheet, [_line(sheet, row) for product in products for row in sheet.rows(product, currency)])


def _line(sheet: Sheet, row: Cells) -> list[str]:
    """The cells in the columns' order; one that a spreadsheet would run is marked, and unmarked when it comes back."""
    return [guarded(row.get(column, "")) for column in sheet.columns]


def _encoded(sheet: Sheet, lines: list[object]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=sheet.delimiter).writerows(lines)  # type: ignore[arg-type]  # sequences of texts
    text = written.getvalue()
    if sheet.encoding != "utf-8":
        # What stands there as a reference already must not be taken for one of ours.
        text = _REFERENCE.sub(r"&#38;\1", text).translate(_changed_by(sheet.encoding))
    return text.encode(sheet.encoding, "xmlcharrefreplace")


@cache
def _changed_by(encoding: str) -> dict[int, str]:
    """Characters that the encoding writes as others, such as £ in Shift_JIS, and the references that keep them."""
    written = ((one, chr(one).encode(encoding, "ignore").decode(encoding)) for one in range(0xFFFF))
    return {one: f"&#{one};" for one, read in written if read not in {chr(one), ""}}
