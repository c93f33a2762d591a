"""Who uses a code, and what has become of the codes of the merchant's own prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, distinct, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import gtin
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.codes import CodePrefix, IssuedCode

# A statement takes so many thousand values.
AT_ONCE = 5000
PAGE = 50


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


# An issued code that is on no variant, in thirteen digits or, as a UPC, in twelve.
_WORN = exists(
    select(Variant.id).where(
        Variant.merchant_id == IssuedCode.merchant_id,
        Variant.barcode.in_([IssuedCode.code, func.substr(IssuedCode.code, 2)]),
    )
)
FREE = and_(IssuedCode.given_to.is_(None), not_(_WORN))


@dataclass(frozen=True, slots=True)
class Counts:
    """The merchant's codes: those made, and those of them that are free."""

    all: int
    free: int

    @property
    def used(self) -> int:
        return self.all - self.free


async def counts(session: AsyncSession) -> Counts:
    made = await session.scalar(select(func.count(IssuedCode.id))) or 0
    return Counts(made, await session.scalar(select(func.count(IssuedCode.id)).where(FREE)) or 0)


def free(count: int) -> Select[IssuedCode]:
    """So many free codes, the lowest first."""
    return select(IssuedCode).where(FREE).order_by(IssuedCode.code).limit(count)


def without_code(*columns: Any) -> Select[Any]:
    """Variants without a barcode, of products that are not archived; the oldest products first."""
    query = select(*columns).join(Product, Product.id == Variant.product_id)
    query = query.where(Variant.barcode == "", Product.status != ProductStatus.ARCHIVED)
    return query.order_by(Variant.product_id, Variant.position)


@dataclass(frozen=True, slots=True)
class Lacking:
    """What has no barcode yet."""

    variants: int
    products: int


async def lacking(session: AsyncSession, product_id: UUID | None = None) -> Lacking:
    """In the catalog, or in one product of it."""
    query = without_code(func.count(Variant.id), func.count(distinct(Variant.product_id))).order_by(None)
    query = query.where(Variant.product_id == product_id) if product_id else query
    variants, products = (await session.execute(query)).one()
    return Lacking(variants, products)


async def latest_prefix(session: AsyncSession) -> CodePrefix | None:
    """The prefix that was used last."""
    query = select(CodePrefix).order_by(CodePrefix.used_at.desc(), CodePrefix.id.desc()).limit(1)
    found: CodePrefix | None = await session.scalar(query)
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One code. `product_id` and `title` are those of the product that has it, None and empty where there is none."""

    code: str
    is_free: bool
    given_at: datetime | None
    product_id: UUID | None
    title: str
    sku: str


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is the code to go on behind, empty at the end."""

    lines: Sequence[Line]
    after: str


async def page(session: AsyncSession, which: str, *, after: str = "") -> Page:
    """Fifty codes in order: all, or the `free` or `used` ones."""
    query = _of(which, select(IssuedCode, FREE.label("is_free"))).where(IssuedCode.code > after)
    rows = (await session.execute(query.order_by(IssuedCode.code).limit(PAGE + 1))).all()
    shown = rows[:PAGE]
    codes = [code.code for code, _is_free in shown]
    worn = await _worn_by(session, codes, [code.given_to for code, _is_free in shown if code.given_to])
    lines = [_line(code, worn.get(code.code) or worn.get(str(code.given_to)), is_free) for code, is_free in shown]
    return Page(lines, codes[-1] if len(rows) > PAGE else "")


async def written(session: AsyncSession, which: str) -> list[tuple[str, bool, datetime | None]]:
    """Every code, whether it is free and when it was given, for a file."""
    query = _of(which, select(IssuedCode.code, FREE, IssuedCode.given_at)).order_by(IssuedCode.code)
    return [(code, bool(is_free), given_at) for code, is_free, given_at in (await session.execute(query)).all()]


def _of(which: str, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.where({"free": FREE, "used": not_(FREE)}[which]) if which in {"free", "used"} else query


async def _worn_by(session: AsyncSession, codes: Sequence[str], given: Sequence[UUID]) -> dict[str, Any]:
    """The variant of each code: by the code that it wears, else by its id."""
    spelled = [one for code in codes for one in gtin.spellings(code)]
    rows = await session.execute(
        select(Variant.id, Variant.barcode, Variant.sku, Product.id.label("product_id"), Product.title)
        .join(Product, Product.id == Variant.product_id)
        .where(or_(Variant.barcode.in_(spelled), Variant.id.in_(given)))
    )
    found: dict[str, Any] = {}
    for row in rows.all():
        found |= {str(row.id): row, gtin.whole(row.barcode)[1:]: row}
    return found


def _line(code: IssuedCode, by: Any, is_free: bool) -> Line:
    return Line(
        code=code.code,
        is_free=is_free,
        given_at=code.given_at,
        product_id=by.product_id if by else None,
        title=by.title if by else "",
        sku=by.sku if by else "",
    )
