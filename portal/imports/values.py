"""What one cell says: amounts, numbers, codes, yes and no, addresses. A cell that can't be read raises Misread."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from connectors.money import digits
from portal.i18n import _

MAX_INTEGER: Final = 2**31 - 1
MAX_MINOR: Final = 10**15
MAX_URL_CHARACTERS: Final = 2_048
# Decimal counts with 28 digits; this leaves room for a currency's three and for grams in a kilogram.
_MAX_NUMBER_CHARACTERS: Final = 24

_SIGNS: Final = {
    # In Shift_JIS the yen sign has the backslash's byte, and comes out as one.
    "JPY": ("JP¥", "¥", "円", "\\"),
    "CNY": ("CN¥", "RMB", "¥", "元"),
    "EUR": ("€",),
    "GBP": ("£",),
    "KRW": ("₩", "원"),
    "INR": ("₹",),
    "USD": ("US$", "$"),
    "CAD": ("CA$", "C$", "$"),
    "AUD": ("AU$", "A$", "$"),
    "NZD": ("NZ$", "$"),
    "SGD": ("S$", "$"),
    "HKD": ("HK$", "$"),
    "TWD": ("NT$", "$"),
    "MXN": ("MX$", "$"),
}
_ANY_SIGN = re.compile("|".join(re.escape(sign) for signs in _SIGNS.values() for sign in signs))
_ONE_SEPARATOR = re.compile(r"(\d*)([.,])(\d+)")
_COMMA_GROUPS = re.compile(r"(\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.(\d+))?")
_POINT_GROUPS = re.compile(r"(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?")
_SPACE_GROUPS = re.compile(r"(\d{1,3}(?:[ '’]\d{3})+)(?:[.,](\d+))?")
_SPREADSHEET_ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
_ROUNDED_SKU = re.compile(r"\d([.,]\d+)?E\+\d+")
_SPACED_DIGITS = re.compile(r"\d[\d\s]*\d")
_WEIGHT = re.compile(r"([\d.,' ]*\d)\s*([a-z]*)")
_GRAMS: Final = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
}
_YES = frozenset(["true", "yes", "y", "1", "on", "continue", "はい", "有", "○", "是", "真"])
_NO = frozenset(["false", "no", "n", "0", "off", "deny", "いいえ", "無", "×", "否", "假"])
# Looks only from where a run of separators begins, so that a cell full of commas costs no more than its length.
_NEXT_URL = re.compile(r"(?<![\s,;|])[\s,;|]++(?=https?://|//)")


class Misread(Exception):
    """A cell doesn't say what its column is for: what we expected, and what the merchant can do."""

    def __init__(self, code: str, expected: str, fix: str) -> None:
        self.code = code
        self.expected = expected
        self.fix = fix
        super().__init__(code)


@dataclass(frozen=True)
class Rounded:
    """A whole number, and whether it differs from what was written."""

    value: int
    changed: bool


def half_width(text: str) -> str:
    """The text in its compatible half-width form, without spaces around it."""
    return unicodedata.normalize("NFKC", text).strip()


def minor_units(text: str, currency: str, *, point_is_decimal: bool) -> Rounded:
    """The amount in minor units of `currency`, rounded half up where the currency has decimals. Raises Misread.

    "１，９８０円" is 1980 in a JPY catalog and unreadable in any other. `point_is_decimal` is for files whose numbers
    are known to be written with a decimal point; elsewhere "1.980" could be either and is refused.
    """
    plain = half_width(text).replace("−", "-").upper()
    if plain.startswith("-") and any(letter.isdigit() for letter in plain):
        raise Misread("below_zero", _("a price of zero or more"), _("Take out the minus sign."))
    plain = _without_currency(plain, currency)
    if _ANY_SIGN.search(plain):
        raise Misread(
            "other_currency",
            _("an amount in {currency}").format(currency=currency),
            _("Write it in {currency}, in digits only.").format(currency=currency),
        )
    places = digits(currency)
    amount = _decimal(plain, places, point_is_decimal=point_is_decimal).scaleb(places)
    rounded = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if rounded != amount and places == 0:
        raise Misread(
            "has_decimals",
            _("a whole number of {currency}").format(currency=currency),
            _("{currency} has no decimals. Check that the file's prices are in {currency}.").format(currency=currency),
        )
    if rounded > MAX_MINOR:
        raise _not_a_number()
    return Rounded(int(rounded), rounded != amount)


def whole_number(text: str, *, point_is_decimal: bool) -> int:
    """A count, below zero if it is written so; "12.0" is 12. Raises Misread."""
    plain = half_width(text).replace("−", "-")
    number = _decimal(plain.removeprefix("-"), 0, point_is_decimal=point_is_decimal)
    if number != number.to_integral_value() or number > MAX_INTEGER:
        raise Misread("not_a_whole_number", _("a whole number"), _("Write it in digits, such as 12."))
    return -int(number) if plain.startswith("-") else int(number)


def grams(text: str, unit: str, *, point_is_decimal: bool) -> Rounded:
    """The weight in whole grams; `unit` is for a number that has none beside it. Raises Misread.

    `changed` is for what rounding makes of a very light thing: more than a hundredth of its weight.
    """
    match = _WEIGHT.fullmatch(half_width(text[: _MAX_NUMBER_CHARACTERS + 1]).lower())
    factor = _GRAMS.get((match[2] or unit.lower()) if match else "")
    if not match or factor is None:
        raise Misread(
            "not_a_weight", _("a weight with its unit"), _("Write the number and g, kg, oz or lb, such as 450 g.")
        )
    exact = _decimal(match[1].strip(), 3, point_is_decimal=point_is_decimal) * factor
    rounded = exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if rounded > MAX_INTEGER:
        raise _not_a_number()
    return Rounded(int(rounded), abs(rounded - exact) * 100 > exact)


def yes_or_no(text: str) -> bool:
    """Raises Misread for what is neither."""
    word = half_width(text).lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Misread("not_yes_or_no", _("true or false"), _("Write true or false."))


def barcode(text: str) -> str:
    """The code as text, half-width, zeros in front kept, spaces between digits taken out. Raises Misread."""
    code = half_width(text)
    if _SPREADSHEET_ROUNDED.fullmatch(code):
        raise _rounded_code()
    return re.sub(r"\s", "", code) if _SPACED_DIGITS.fullmatch(code) else code


def sku(text: str) -> str:
    """The SKU as it is written. Raises Misread for one a spreadsheet has turned into a rounded number."""
    if _ROUNDED_SKU.fullmatch(text):
        raise _rounded_code()
    return text


def addresses(text: str) -> list[str]:
    """The web addresses in a cell, one or several. Raises Misread for what is no web address."""
    urls = ["https:" + url if url.startswith("//") else url for url in _NEXT_URL.split(text.strip())]
    for url in urls:
        known = url.lower().startswith(("http://", "https://"))
        if not known or len(url) > MAX_URL_CHARACTERS or re.search(r"\s", url):
            raise Misread(
                "not_an_address", _("a web address"), _("Put the image online and paste its address, with https://.")
            )
    return urls


def words(text: str, separators: str) -> tuple[str, ...]:
    """The distinct words between separators, in order."""
    parts = (part.strip() for part in re.split(f"[{re.escape(separators)}]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def _without_currency(text: str, currency: str) -> str:
    for sign in (currency, *_SIGNS.get(currency, ())):
        if text.startswith(sign):
            text = text[len(sign) :].lstrip()
        if text.endswith(sign):
            text = text[: -len(sign)].rstrip()
    return text


def _decimal(text: str, places: int, *, point_is_decimal: bool) -> Decimal:
    if len(text) > _MAX_NUMBER_CHARACTERS or not text.isascii():
        raise _not_a_number()
    if text.isdigit():
        return Decimal(text)
    if match := _ONE_SEPARATOR.fullmatch(text):
        return _around_one_separator(match[1], match[2], match[3], places, point_is_decimal)
    for groups in (_COMMA_GROUPS, _POINT_GROUPS, _SPACE_GROUPS):
        if match := groups.fullmatch(text):
            whole = re.sub(r"\D", "", match[1])
            return Decimal(f"{whole}.{match[2] or 0}")
    raise _not_a_number()


def _around_one_separator(whole: str, sign: str, rest: str, places: int, point_is_decimal: bool) -> Decimal:
    """Three digits after the only separator may be thousands or decimals; the rest of the cell has to tell."""
    may_be_thousands = len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    if may_be_thousands and not (sign == "." and point_is_decimal):
        if sign == "," and (point_is_decimal or places != 3):
            return Decimal(whole + rest)
        if sign == "," or places != 3:
            raise Misread(
                "ambiguous_number",
                _("a number that can be read in one way"),
                _("Write it without a thousands separator, such as 1980 or 1980.00."),
            )
    return Decimal(f"{whole or 0}.{rest}")


def _not_a_number() -> Misread:
    return Misread("not_a_number", _("a number"), _("Write digits only, such as 1980 or 19.80."))


def _rounded_code() -> Misread:
    return Misread(
        "rounded_code",
        _("every digit of the code"),
        _("A spreadsheet has rounded it. Format the column as text, paste the codes again and upload the file."),
    )
