"""Which encoding a file is in, by its bytes alone, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from portal.i18n import _
from portal.imports.refusals import NoHeader, NotATable, NulFound, WrongEncoding

# cp932, not shift_jis: ①, ㈱, 髙 and ～ exist only in the former, and Japanese spreadsheets write them.
NAMES: Final = {
    "utf-8": "UTF-8",
    "cp932": "Shift_JIS",
    "gb18030": "GB18030",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": "Windows-1252",
}
HEAD_BYTES: Final = 64 * 1024
CHUNK_BYTES: Final = 1024 * 1024
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def find_encoding(path: Path) -> str:
    """A key of NAMES in which the whole file decodes. Raises NoHeader, NotATable, NulFound, WrongEncoding."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    _refuse_other_kinds(head)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return checked(path, encoding)
    if b"\0" in head:
        return _utf16_without_bom(path, head)
    candidates = ["utf-8", "cp932", "gb18030"]
    if _is_mostly_half_width_kana(head):
        candidates = ["utf-8", "gb18030", "cp932"]
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    if _may_be_western(head) and _decodes(path, "cp1252"):
        return "cp1252"
    raise WrongEncoding(
        _("We can't read the letters in this file"),
        _("Save it again as “CSV UTF-8”, or choose the encoding it was saved in."),
    )


def checked(path: Path, encoding: str) -> str:
    """`encoding`, which the whole file decodes in. Raises WrongEncoding, also for one we don't offer."""
    if encoding not in NAMES or not _decodes(path, encoding):
        raise WrongEncoding(
            _("This file isn't {encoding}").format(encoding=NAMES.get(encoding, encoding)),
            _("Choose another encoding, or save the file again as “CSV UTF-8”."),
        )
    return encoding


def _refuse_other_kinds(head: bytes) -> None:
    if not head.strip():
        raise NoHeader(_("This file is empty"), _("Choose a CSV file with column names in its first row."))
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise NotATable(
            _("This is an Excel or ZIP file, not a CSV file"),
            _("Open it in your spreadsheet, save it as “CSV UTF-8” and upload that."),
        )
    binary = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
    markup = (b"<", b"{", b"[")
    if head.startswith(binary) or head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").startswith(markup):
        raise NotATable(
            _("This isn't a product file"), _("Choose a CSV file: rows of text with column names in the first row.")
        )


def _utf16_without_bom(path: Path, head: bytes) -> str:
    """Latin letters, commas and line ends leave their NULs on one side; which side says the byte order."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    if max(even, odd) > 4 * min(even, odd) and _decodes(path, encoding):
        return encoding
    raise NulFound(
        _("This file holds characters that aren't text"), _("Save it again as “CSV UTF-8” from your spreadsheet.")
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_half_width_kana(head: bytes) -> bool:
    """Chinese text in GB18030 often passes as cp932, but as rows of half-width kana that nobody wrote."""
    text = head.decode("cp932", errors="replace")
    kana = sum("\uff61" <= letter <= "\uff9f" for letter in text)
    wide = sum(letter > "\x7f" for letter in text)
    return kana * 2 > wide


def _may_be_western(head: bytes) -> bool:
    """Nearly any bytes decode as cp1252, so they must look it too: few accents in a row, no controls."""
    return not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|[\x80-\xff]{4}", head)
