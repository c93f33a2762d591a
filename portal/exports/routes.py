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
from portal.exports import service
from portal.exports.sheet import Lack, Sheet
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
    words: dict[Lack, str] = {
        Lack.HANDLES: _("web addresses"),
        Lack.ALTS: _("the words for images"),
        Lack.COSTS: _("costs"),
        Lack.WEIGHTS: _("weights"),
        Lack.TAGS: _("tags"),
        Lack.TYPES: _("types and categories"),
        Lack.SEO: _("texts for search engines"),
        Lack.SEO_TITLES: _("titles for search engines"),
        Lack.VARIANT_PRICES: _("a price for each variant"),
        Lack.STOCK: _("stock"),
        Lack.IMAGES: _("images"),
        Lack.VARIANT_IMAGES: _("images of variants"),
        Lack.OPTION_NAMES: _("options other than color and size"),
        Lack.THIRD_OPTION: _("a third option"),
        Lack.DETAILS: _("what other channels ask"),
        Lack.VENDOR: _("vendors"),
        Lack.FLAGS: _("whether stock is counted, taxed or shipped"),
        Lack.BARCODES: _("barcodes of variants"),
        Lack.STATUS: _("whether a product is active"),
        Lack.ARCHIVED: _("whether a hidden product is archived"),
        Lack.OPTION_SIGNS: _("the signs # & : = in options"),
        Lack.MORE_IMAGES: _("more images than the channel shows"),
        Lack.NOTES: _("columns that were kept as notes"),
        Lack.SINGLE_SKUS: _("SKUs of products without options"),
    }
    return [words[lack] for lack in Lack if lack in chosen.lacks]


ROUTES = [index, download]
