"""Why a whole file can't be read, in the merchant's words; nothing of such a file arrives.

UnreadableFile       422
├── NotATable        it is something else: a spreadsheet file, a picture, a web page
├── WrongEncoding    its bytes are not text in the encoding chosen, or in any we know
├── TooLarge         a cell, row or number of columns no catalog has
├── NulFound         a NUL, which no text holds
├── OpenQuote        a quote that never closes, so the rows after it can't be told apart
├── NoHeader         the first row holds data, or there is none
├── NoProducts       a channel's file of something else
└── MappingRefused   a column was given to a field that can't take it
"""

from __future__ import annotations

from http import HTTPStatus

from portal.errors import PortalError


class UnreadableFile(PortalError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class NotATable(UnreadableFile):
    pass


class WrongEncoding(UnreadableFile):
    pass


class TooLarge(UnreadableFile):
    pass


class NulFound(UnreadableFile):
    pass


class OpenQuote(UnreadableFile):
    pass


class NoHeader(UnreadableFile):
    pass


class NoProducts(UnreadableFile):
    pass


class MappingRefused(UnreadableFile):
    pass
