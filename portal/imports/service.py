"""Files a merchant brings: kept, read, tried, and committed by a job in pieces that each are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from portal import db
from portal.catalog import service as catalog
from portal.catalog.records import SavedProduct
from portal.errors import Conflict, NotFound
from portal.i18n import _
from portal.imports.convert import new_product
from portal.imports.counts import Counts
from portal.imports.formats import STOCK_ALONE
from portal.imports.layouts.opening import mapping_of, open_file
from portal.imports.mapping import Mapping, overridden
from portal.imports.products import Outcome
from portal.imports.reading import Table
from portal.imports.records import ImportedProduct, RowProblem
from portal.imports.refusals import UnreadableFile
from portal.models.imports import Import, ImportProblem, ImportState
from portal.stock import service as stock
from portal.stock.service import Count, Move
from portal.tasks import kinds
from portal.tasks import service as tasks

CAUSE = "import"
PROBLEMS_AT_ONCE = 1000


def folder(data_dir: Path) -> Path:
    """Where uploaded files are kept, under names of ours, outside everything that is served."""
    return data_dir / "uploads"


class FileGone(UnreadableFile):
    """The uploaded file is no longer in the data folder; what was imported from it stays."""

    status = HTTPStatus.GONE

    def __init__(self) -> None:
        super().__init__(_("This file is no longer here"), _("Bring it again to go on."))


def kept_file(data_dir: Path, record: Import) -> Path:
    """Where the import's file lies. Raises FileGone."""
    path = folder(data_dir) / record.stored_as
    if not path.is_file():
        raise FileGone
    return path


def reopen(path: Path, record: Import) -> tuple[Table, Mapping]:
    """The file and the use of its columns as they were chosen. Raises UnreadableFile."""
    table = open_file(path, record.encoding, record.delimiter)
    return table, overridden(mapping_of(table), record.mapping)


def describe(record: Import, table: Table, mapping: Mapping, counts: Counts) -> None:
    """The record says how the file is read and what the dry run found."""
    record.format = mapping.format
    record.encoding, record.delimiter = table.encoding, table.delimiter
    record.mapping = mapping.uses()
    record.expected = said(counts)


def said(counts: Counts) -> dict[str, Any]:
    """The counts as they are kept and shown."""
    return {**asdict(counts), "causes": dict(counts.causes)}


def restored(kept: dict[str, Any]) -> Counts:
    """What `said` kept; nothing kept is nothing counted."""
    counts = Counts(**{name: value for name, value in kept.items() if name != "causes"})
    counts.causes.update(kept.get("causes", {}))
    return counts


async def one(session: AsyncSession, import_id: UUID) -> Import:
    """The merchant's import. Raises NotFound."""
    record = await session.get(Import, import_id)
    if record is None:
        raise NotFound
    return record


async def commit(session: AsyncSession, record: Import, *, now: datetime) -> bool:
    """The import runs; False when it ran already: a second press changes nothing. Raises Conflict when empty."""
    if not record.expected.get("products"):
        raise Conflict(_("There is nothing to import"), _("No row of this file makes a product. The report says why."))
    started = await session.execute(
        update(Import)
        .where(Import.id == record.id, Import.state.in_((ImportState.UPLOADED, ImportState.FAILED)))
        .values(state=ImportState.RUNNING, started_at=now, failure="")
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    if started.scalar_one_or_none() is None:
        return False
    # The report is written anew with the products it speaks of; the dry run's has served.
    if not record.last_row:
        await forget_problems(session, record)
    await tasks.enqueue(session, kinds.IMPORT, [str(record.id)], merchant_id=record.merchant_id, now=now)
    db.changed(session, record.merchant_id, f"import:{record.id}", "counts")
    return True


async def save_piece(
    session: AsyncSession,
    import_id: UUID,
    outcomes: Sequence[Outcome],
    mapping: Mapping,
    *,
    made_by: str,
    now: datetime,
) -> None:
    """These products, their stock and what is to be said of their rows are saved, and the import stands behind them.

    All in one transaction: a killed import goes on where its last whole piece ended.
    """
    record = await session.get_one(Import, import_id, with_for_update=True)
    counts = restored(record.counted)
    for product, problems in outcomes:
        counts.add(product, problems)
    products = [product for product, _problems in outcomes if product is not None]
    await _save_products(session, record, products, mapping, made_by=made_by, now=now)
    await keep_problems(session, record, [problem for _product, problems in outcomes for problem in problems])
    record.counted = said(counts)
    record.last_row = max(record.last_row, *(last_row_of(outcome) for outcome in outcomes))
    db.changed(session, record.merchant_id, f"import:{record.id}")


def last_row_of(outcome: Outcome) -> int:
    """The last row of the file that this outcome speaks of; it rises from one outcome to the next."""
    product, problems = outcome
    return max([problem.row for problem in problems] + ([product.last_row] if product else []), default=0)


async def finish(session: AsyncSession, record: Import, *, now: datetime) -> None:
    record.state, record.ended_at = ImportState.DONE, now
    db.changed(session, record.merchant_id, f"import:{record.id}", "counts")


async def fail(session: AsyncSession, record: Import, reason: str, *, now: datetime) -> None:
    """The import has stopped; what arrived stays, and it may be continued."""
    record.state, record.ended_at, record.failure = ImportState.FAILED, now, reason
    db.changed(session, record.merchant_id, f"import:{record.id}", "counts")


async def forget_problems(session: AsyncSession, record: Import) -> None:
    await session.execute(
        delete(ImportProblem).where(ImportProblem.import_id == record.id).execution_options(synchronize_session=False)
    )


async def keep_problems(session: AsyncSession, record: Import, problems: Sequence[RowProblem]) -> None:
    rows = [
        {
            "merchant_id": record.merchant_id,
            "import_id": record.id,
            "row": problem.row,
            "column": problem.column,
            "code": problem.code,
            "message": problem.message,
            "severity": problem.severity,
        }
        for problem in problems
    ]
    for start in range(0, len(rows), PROBLEMS_AT_ONCE):
        await session.execute(insert(ImportProblem), rows[start : start + PROBLEMS_AT_ONCE])


async def _save_products(
    session: AsyncSession,
    record: Import,
    products: Sequence[ImportedProduct],
    mapping: Mapping,
    *,
    made_by: str,
    now: datetime,
) -> None:
    if record.format in STOCK_ALONE:
        await stock.move(
            session, merchant_id=record.merchant_id, moves=_counts(record, products), made_by=made_by, now=now
        )
        return
    wanted = [new_product(product, mapping) for product in products]
    saved = await catalog.save_imported(
        session, record.merchant_id, wanted, source=record.format or "file", now=now, made_by=made_by
    )
    first, moves = _moves(record, products, saved)
    await stock.begin(session, merchant_id=record.merchant_id, moves=first, made_by=made_by, now=now)
    await stock.move(session, merchant_id=record.merchant_id, moves=moves, made_by=made_by, now=now)


def _counts(record: Import, products: Sequence[ImportedProduct]) -> list[Count]:
    """What each row of a file of stock alone has counted."""
    return [
        Count(
            variant_id=variant.known,
            quantity=variant.quantity or 0,
            cause=CAUSE,
            cause_id=f"{record.id}:{variant.row}:0",
        )
        for product in products
        for variant in product.variants
        if variant.known
    ]


def _moves(
    record: Import, products: Sequence[ImportedProduct], saved: Sequence[SavedProduct]
) -> tuple[list[Move], list[Move]]:
    """From what is on hand to what the file says: for new variants, and for known ones.

    A variant that the file names twice, under other options and one SKU, has the number that stands last.
    """
    asked = {
        variant.id: (variant, f"{record.id}:{product.first_row}:{place}")
        for product, outcome in zip(products, saved, strict=True)
        for place, variant in enumerate(outcome.variants)
        if variant.wanted is not None
    }
    first: list[Move] = []
    later: list[Move] = []
    for variant, cause_id in asked.values():
        quantity = (variant.wanted or 0) - (variant.previous or 0)
        if quantity:
            group = first if variant.previous is None else later
            group.append(Move(variant_id=variant.id, quantity=quantity, cause=CAUSE, cause_id=cause_id))
    return first, later
