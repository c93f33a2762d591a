"""The words of the comparison, on the page and in its file."""

from __future__ import annotations

from datetime import datetime

from portal.i18n import _, day
from portal.models.reports import ChannelReportRow, Verdict
from portal.reports.comparing import PRICE, STATUS, STOCK
from portal.reports.notes import Note, Story


def tab(verdict: Verdict) -> str:
    return {
        Verdict.DIFFERS: _("Differs"),
        Verdict.HERE: _("Only here"),
        Verdict.THERE: _("Only there"),
        Verdict.SINCE: _("Sent since"),
        Verdict.SAME: _("Same"),
    }[verdict]


def differing(row: ChannelReportRow) -> list[str]:
    """What differs, in words."""
    words = {PRICE: _("Price"), STOCK: _("Stock"), STATUS: _("Status")}
    return [words[name] for name in row.differs]


def told(row: ChannelReportRow, note: Note, channel: str) -> str:
    """A sentence on what became of the SKU, empty where there is nothing to tell."""
    if note.story is Story.RENAMED:
        said = {"sku": note.sku or "–", "date": _day(note.at)}
        return _("Its SKU was renamed to %(sku)s on %(date)s.") % said
    if note.story is Story.DELETED:
        said = {"title": note.title, "date": _day(note.at), "channel": channel}
        words = _("Deleted from your catalog on %(date)s: it was a variant of “%(title)s”. End it on %(channel)s.")
        return words % said
    if row.verdict is Verdict.THERE:
        if note.story is Story.UNLISTED:
            return _("In your catalog as “%(title)s”, but not listed here by Crossdock.") % {"title": note.title}
        return _("Not in your catalog.") if note.story is Story.UNKNOWN else _("Listed after the report was made.")
    if row.verdict is Verdict.HERE:
        said = {"channel": channel}
        return _("%(channel)s took it, but its report doesn't have it. Open the listing and try again.") % said
    return ""


def _day(moment: datetime | None) -> str:
    return day(moment) if moment else "–"
