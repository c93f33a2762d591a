"""Keeping an uploaded file, and the dry run over it; all of it outside any transaction."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from litestar.datastructures import UploadFile

from portal.errors import FormInvalid
from portal.i18n import _
from portal.imports.counts import Counts
from portal.imports.formats import ABOUT_THE_KNOWN
from portal.imports.known import Known
from portal.imports.layouts.opening import mapping_of, open_file, rows_of
from portal.imports.mapping import Mapping, overridden, usable
from portal.imports.products import read_products
from portal.imports.reading import Table
from portal.imports.records import RowProblem

LARGEST_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
PROBLEMS_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Tried:
    """A file as it would be imported: how it is read, what its columns are for, what it brings, what is wrong."""

    table: Table
    mapping: Mapping
    counts: Counts
    problems: list[RowProblem]


async def keep(upload: UploadFile, folder: Path, file_id: UUID) -> int:
    """The upload is a file of ours in `folder`; its size. Raises FormInvalid when it is empty or too large."""
    path = folder / str(file_id)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := await upload.read(CHUNK_BYTES):
            size += len(chunk)
            if size > LARGEST_BYTES:
                break
            await asyncio.to_thread(file.write, chunk)
    if 0 < size <= LARGEST_BYTES:
        return size
    path.unlink()
    if size:
        raise FormInvalid({"file": _("This file is larger than 64 MB. Split it and import the parts one by one.")})
    raise FormInvalid({"file": _("This file is empty. Choose the file your shop exported.")})


async def try_out(
    path: Path,
    currency: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    uses: dict[str, str] | None = None,
    known: Callable[[], Awaitable[Known]] | None = None,
) -> Tried:
    """The dry run over the whole file, with what was guessed where nothing is given. Raises UnreadableFile.

    Headings of which we guess nothing are no refusal: the merchant says next which column is which. `known` is asked
    for a file that is about what is there.
    """
    table = await asyncio.to_thread(open_file, path, encoding, delimiter)
    mapping = overridden(
        mapping_of(table), {header: use for header, use in (uses or {}).items() if header in table.headers}
    )
    there = await known() if known and mapping.format in ABOUT_THE_KNOWN else None
    return await asyncio.to_thread(_try_out, path, currency, table, mapping, bool(uses), there)


def _try_out(path: Path, currency: str, table: Table, mapping: Mapping, chosen: bool, known: Known | None) -> Tried:
    counts = Counts()
    problems: list[RowProblem] = []
    if not chosen and not usable(mapping):
        counts.rows = sum(1 for _row in rows_of(path, table))
        # With nothing under them, headings we don't know are rather the sign of another kind of file.
        if counts.rows:
            return Tried(table, mapping, counts, problems)
    for product, found in read_products(path, table, mapping, currency, known):
        counts.add(product, found)
        problems.extend(found[: max(0, PROBLEMS_KEPT - len(problems))])
    return Tried(table, mapping, counts, problems)
