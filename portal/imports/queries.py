"""What the import pages show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.imports.counts import Counts
from portal.imports.formats import STOCK_ALONE, Format, name_of
from portal.imports.known import Known, KnownVariant
from portal.imports.service import restored
from portal.models.catalog import Product, Variant
from portal.models.connections import Connection
from portal.models.imports import Import, ImportProblem, ImportState
from portal.models.listings import ListingItem

PAGE = 50


@dataclass(frozen=True, slots=True)
class View:
    """One import with its counts as they stand. `progress` is 0 to 100."""

    record: Import
    expected: Counts
    counted: Counts
    refused: int
    notes: int

    @property
    def format_name(self) -> str:
        return name_of(Format(self.record.format))

    @property
    def stock_alone(self) -> bool:
        """Whether the file only counts what is there."""
        return self.record.format in STOCK_ALONE

    @property
    def progress(self) -> int:
        if self.record.state is ImportState.DONE:
            return 100
        return min(99, 100 * self.counted.rows // max(1, self.expected.rows))

    @property
    def shown(self) -> Counts:
        """What arrived, once it has begun to arrive; before, what would."""
        return self.expected if self.record.state is ImportState.UPLOADED else self.counted


@dataclass(frozen=True, slots=True)
class Cause:
    """Problems of one kind: how many, and the first few rows."""

    code: str
    severity: str
    count: int
    example: str
    rows: tuple[int, ...]


async def page(session: AsyncSession, before: UUID | None) -> tuple[list[View], UUID | None]:
    """Imports, newest first, and the cursor of the next page."""
    query = select(Import).order_by(Import.id.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(Import.id < before)
    records = list((await session.scalars(query)).all())
    views = [await view(session, record) for record in records[:PAGE]]
    return views, records[PAGE - 1].id if len(records) > PAGE else None


async def view(session: AsyncSession, record: Import) -> View:
    rows = await session.execute(
        select(ImportProblem.severity, func.count(func.distinct(ImportProblem.row)).label("number"))
        .where(ImportProblem.import_id == record.id)
        .group_by(ImportProblem.severity)
    )
    by_severity = {row.severity: row.number for row in rows}
    return View(
        record,
        restored(record.expected),
        restored(record.counted),
        by_severity.get("row", 0),
        by_severity.get("note", 0),
    )


async def causes(session: AsyncSession, import_id: UUID) -> list[Cause]:
    """Problems grouped by what is to be done, the ones that cost rows first."""
    grouped = await session.execute(
        select(ImportProblem.code, ImportProblem.severity, func.count(ImportProblem.id))
        .where(ImportProblem.import_id == import_id)
        .group_by(ImportProblem.code, ImportProblem.severity)
    )
    found = []
    for code, severity, count in grouped.all():
        first = await session.execute(
            select(ImportProblem)
            .where(ImportProblem.import_id == import_id, ImportProblem.code == code, ImportProblem.severity == severity)
            .order_by(ImportProblem.row)
            .limit(5)
        )
        problems = list(first.scalars())
        found.append(Cause(code, severity, count, problems[0].message, tuple(p.row for p in problems)))
    return sorted(found, key=lambda cause: (cause.severity != "row", -cause.count))


async def problems(session: AsyncSession, import_id: UUID, *, after: int = 0) -> tuple[Sequence[ImportProblem], int]:
    """A page of the report in the file's order, and the offset of the next (0 at the end)."""
    rows = await session.execute(
        select(ImportProblem)
        .where(ImportProblem.import_id == import_id)
        .order_by(ImportProblem.severity.desc(), ImportProblem.row, ImportProblem.id)
        .offset(after)
        .limit(PAGE + 1)
    )
    found = rows.scalars().all()
    return found[:PAGE], after + PAGE if len(found) > PAGE else 0


async def known(session: AsyncSession) -> Known:
    """The merchant's variants, by every name that a file may have for them."""
    columns = (Variant.id, Variant.sku, Variant.option_values, Variant.barcode, Variant.price_minor)
    rows = await session.execute(
        select(*columns, Product.handle, Product.title, Product.option_names).join(
            Product, Product.id == Variant.product_id
        )
    )
    variants = [
        (sku, KnownVariant(variant_id, handle, title, tuple(names), tuple(values), barcode, price))
        for variant_id, sku, values, barcode, price, handle, title, names in rows
    ]
    of_product = Counter(variant.handle for _sku, variant in variants)
    by_id = {variant.id: variant for _sku, variant in variants}
    named = [(f"{variant.handle}:{sku}", variant) for sku, variant in variants if sku]
    alone = [(variant.handle, variant) for _sku, variant in variants if of_product[variant.handle] == 1]
    listed = await session.execute(
        select(ListingItem.channel_id, ListingItem.variant_id)
        .join(Connection, Connection.id == ListingItem.connection_id)
        .where(Connection.channel == "yahoo", ListingItem.channel_id != "")
    )
    return Known(
        by_sku=_one_each((sku, variant) for sku, variant in variants if sku),
        listed=_one_each((channel_id, by_id[variant_id]) for channel_id, variant_id in listed if variant_id in by_id),
        named=_one_each([*named, *alone]),
    )


def _one_each(pairs: Iterable[tuple[str, KnownVariant]]) -> dict[str, KnownVariant | None]:
    found: dict[str, KnownVariant | None] = {}
    for name, variant in pairs:
        found[name] = variant if found.get(name, variant) == variant else None
    return found


async def refused_rows(session: AsyncSession, import_id: UUID) -> dict[int, list[str]]:
    """Each row that did not arrive, with every reason."""
    rows = await session.execute(
        select(ImportProblem.row, ImportProblem.message)
        .where(ImportProblem.import_id == import_id, ImportProblem.severity == "row")
        .order_by(ImportProblem.row)
    )
    found: dict[int, list[str]] = {}
    for number, message in rows.all():
        found.setdefault(number, []).append(message)
    return found
