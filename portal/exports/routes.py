"""Taking the catalog out: which file, what it cannot carry, and the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream
from sqlalchemy import func, select

from portal.errors import NotFound
from portal.exports import service, sheet
from portal.exports.sheet import Sheet
from portal.i18n import _
from portal.models.catalog import Product
from portal.web import PortalRequest, page, runtime, visitor


@get("/exports")
async def index(request: PortalRequest) -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        products = await session.scalar(select(func.count()).select_from(Product))
    sheets = [(one, _lacks(one)) for one in service.SHEETS.values()]
    return await page(request, "exports/index.html", sheets=sheets, products=products)


@get("/exports/{key:str}")
async def download(request: PortalRequest, key: FromPath[str]) -> Stream:
    """The file, written as it is sent."""
    asking = visitor(request)
    chosen = service.SHEETS.get(key)
    if chosen is None:
        raise NotFound
    name = quote(chosen.file_name)
    return Stream(
        service.write(runtime(request), asking.merchant_id, chosen),
        media_type=f"text/{'csv' if chosen.delimiter == ',' else 'tab-separated-values'}; charset={chosen.encoding}",
        headers={"Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"},
    )


def _lacks(chosen: Sheet) -> Sequence[str]:
    """What the file has no place for, in words."""
    words = {
        sheet.HANDLES: _("web addresses"),
        sheet.ALTS: _("the words for images"),
        sheet.COSTS: _("costs"),
        sheet.WEIGHTS: _("weights"),
        sheet.TAGS: _("tags"),
        sheet.TYPES: _("types and categories"),
        sheet.SEO: _("texts for search engines"),
        sheet.VARIANT_PRICES: _("a price for each variant"),
        sheet.STOCK: _("stock"),
        sheet.IMAGES: _("images"),
        sheet.VARIANT_IMAGES: _("images of variants"),
        sheet.OPTION_NAMES: _("options other than color and size"),
        sheet.THIRD_OPTION: _("a third option"),
        sheet.DETAILS: _("what other channels ask"),
        sheet.VENDOR: _("vendors"),
        sheet.FLAGS: _("whether stock is counted, taxed or shipped"),
        sheet.BARCODES: _("barcodes of variants"),
        sheet.STATUS: _("whether a product is active"),
        sheet.ARCHIVED: _("whether a hidden product is archived"),
        sheet.OPTION_SIGNS: _("the signs # & : = in options"),
        sheet.MORE_IMAGES: _("more images than the channel shows"),
        sheet.NOTES: _("columns that were kept as notes"),
        sheet.SINGLE_SKUS: _("SKUs of products without options"),
    }
    return [text for name, text in words.items() if name in chosen.lacks]


ROUTES = [index, download]
