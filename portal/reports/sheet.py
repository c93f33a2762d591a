"""The comparison as a file, a thousand rows at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from connectors import money
from connectors.records import Money
from portal.db import Sessions
from portal.i18n import _, local
from portal.imports.guards import guarded
from portal.models.reports import ChannelReport
from portal.reports import queries, wording
from portal.reports.queries import Line

ROWS_AT_ONCE = 1000


async def write(
    sessions: Sessions, merchant_id: UUID, report: ChannelReport, *, channel: str, currency: str
) -> AsyncIterator[bytes]:
    """The file's bytes, in UTF-8 with the mark that spreadsheets know it by. `currency` is the merchant's."""
    yield "\ufeff".encode() + _encoded([_headers(report.currency, currency)])
    after = None
    while True:
        async with sessions.read(merchant_id) as session:
            found = await queries.some(session, report.id, after=after, number=ROWS_AT_ONCE)
        if not found:
            return
        after = found[-1].row
        yield _encoded([_cells(line, report, channel, currency) for line in found])


def _headers(reported: str, sent: str) -> list[str]:
    return [
        _("SKU"),
        _("Product"),
        _("Barcode"),
        _("Result"),
        _("What differs"),
        _("Uploaded price (%(currency)s)") % {"currency": sent},
        _("Price uploaded at"),
        _("Reported price (%(currency)s)") % {"currency": reported},
        _("Uploaded stock"),
        _("Stock uploaded at"),
        _("Reported stock"),
        _("Reported status"),
        _("Note"),
        _("Report of"),
    ]


def _cells(line: Line, report: ChannelReport, channel: str, currency: str) -> list[str]:
    row, note = line.row, line.note
    return [
        row.sku,
        row.title,
        row.barcode,
        wording.tab(row.verdict),
        ", ".join(wording.differing(row)),
        _amount(note.price_minor, currency),
        _moment(note.price_at),
        _amount(row.price_minor, report.currency),
        "" if note.quantity is None else str(note.quantity),
        _moment(note.quantity_at),
        "" if row.quantity is None else str(row.quantity),
        row.status,
        wording.told(row, note, channel),
        _moment(report.asked_at),
    ]


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else money.to_text(Money(minor, currency))


def _moment(moment: datetime | None) -> str:
    return local(moment).isoformat(" ", "minutes") if moment else ""


def _encoded(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(cell) for cell in line] for line in lines)
    return text.getvalue().encode()
