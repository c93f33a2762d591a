"""Who uses a code, and what has become of the codes of the merchant's own prefixes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import gtin
from portal.models.catalog import Product, ProductStatus, Variant

# A statement takes so many thousand values.
AT_ONCE = 5000


async def users(session: AsyncSession, codes: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """The products (id and title) that have each code in whatever length, by the code in 14 digits.

    An archived product is for sale nowhere and has given its code free.
    """
    wanted = sorted({spelled for code in codes for spelled in gtin.spellings(code)})
    found: dict[str, list[tuple[str, str]]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        rows = await session.execute(
            select(Variant.barcode, Product.id, Product.title)
            .join(Product, Product.id == Variant.product_id)
            .where(Variant.barcode.in_(wanted[start : start + AT_ONCE]), Product.status != ProductStatus.ARCHIVED)
            .order_by(Product.id)
        )
        for code, product_id, title in rows.all():
            found.setdefault(gtin.whole(code), []).append((str(product_id), title))
    return found
