"""What people type, read generously: full-width digits, separators, currency signs, spaces in codes.

Each function raises ValueError with a sentence for the merchant.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_symbol
from stdnum import ean

from connectors.money import digits
from portal.i18n import _

MOST_MINOR: Final = 10**12
MOST_UNITS: Final = 1_000_000_000
_SPELLED: Final = {"JPY": {"円", "圓"}, "CNY": {"元"}, "TWD": {"元"}, "KRW": {"원"}}
_GRAMS_IN: Final = {
    "": Decimal(1),
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}
_BARCODE_LENGTHS: Final = {8, 12, 13, 14}


def half_width(text: str) -> str:
    """The text in its compatible half-width form, without spaces around it."""
    return unicodedata.normalize("NFKC", text).strip()


def amount(text: str, currency: str) -> int:
    """The price in minor units: "１，２００円" is 1200 in yen, "1,234.5" is 123450 in dollars."""
    number = _number(_without_currency(half_width(text).upper(), currency), digits(currency), currency)
    if number < 0:
        raise ValueError(_("Enter a price of zero or more."))
    minor = number.scaleb(digits(currency))
    if minor != minor.to_integral_value():
        raise ValueError(_too_fine(currency))
    if minor > MOST_MINOR:
        raise ValueError(_("Enter a smaller price."))
    return int(minor)


def units(text: str) -> int:
    """A whole number, with its sign if it has one."""
    plain = half_width(text).replace("−", "-").replace(" ", "")
    match = re.fullmatch(r"([+-]?)(\d+(?:,\d{3})*)", plain)
    if not match:
        raise ValueError(_("Enter a whole number, such as 12."))
    number = int(match[2].replace(",", ""))
    if number > MOST_UNITS:
        raise ValueError(_("Enter a smaller number."))
    return -number if match[1] == "-" else number


def grams(text: str) -> int:
    """A weight in whole grams; "1.2 kg" is 1200."""
    match = re.fullmatch(r"([\d.,]+)\s*(g|kg|oz|lb|)s?", half_width(text).lower())
    if not match:
        raise ValueError(_("Enter a weight in grams, such as 450, or with its unit, such as 1.2 kg."))
    weight = _number(match[1], 3, "") * _GRAMS_IN[match[2]]
    if weight > MOST_UNITS:
        raise ValueError(_("Enter a smaller number."))
    return round(weight)


def barcode(text: str) -> str:
    """The code half-width, without spaces and hyphens between its digits."""
    code = half_width(text)
    joined = re.sub(r"[\s\-‐]", "", code)
    return joined if joined.isdigit() else code


def barcode_note(code: str) -> str:
    """What is odd about a barcode, to be said and not to be refused; empty when nothing is."""
    if not code:
        return ""
    if not code.isdigit() or len(code) not in _BARCODE_LENGTHS:
        return _("Most channels expect 8, 12, 13 or 14 digits.")
    expected = ean.calc_check_digit(code[:-1])
    return "" if code[-1] == expected else _("Barcode's last digit should be {digit}.").format(digit=expected)


def words(text: str) -> tuple[str, ...]:
    """The distinct tags between commas, in order."""
    parts = (part.strip() for part in re.split(r"[,，、]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def _without_currency(text: str, currency: str) -> str:
    symbol = get_currency_symbol(currency, locale="en")
    for sign in (currency, currency[:2] + symbol[-1], symbol, symbol[-1], *_SPELLED.get(currency, ())):
        text = text.removeprefix(sign).strip().removesuffix(sign).strip()
    return text


def _number(text: str, places: int, currency: str) -> Decimal:
    """The last separator is the decimal one, unless what follows it can only be thousands."""
    plain = re.sub(r"[\s'’]", "", text.replace("−", "-"))
    if not re.fullmatch(r"-?\d[\d.,]*", plain) or len(plain) > 30:
        raise ValueError(_("Enter a number, such as 19.80 or 1980."))
    used = {sign for sign in plain if sign in ".,"}
    if not used:
        return Decimal(plain)
    last = max(plain.rfind("."), plain.rfind(","))
    sign, after = plain[last], plain[last + 1 :]
    thousands = len(after) == 3 and (sign == "," or places == 0)
    if len(used) == 1 and (plain.count(sign) > 1 or thousands):
        if not re.fullmatch(rf"-?\d{{1,3}}(?:{re.escape(sign)}\d{{2,3}})*{re.escape(sign)}\d{{3}}", plain):
            raise ValueError(_("Enter a number, such as 19.80 or 1980."))
        return Decimal(plain.replace(sign, ""))
    if len(after) > places:
        raise ValueError(_too_fine(currency))
    return Decimal(re.sub(r"[.,]", "", plain[:last]) + "." + (after or "0"))


def _too_fine(currency: str) -> str:
    places = digits(currency) if currency else 3
    if places == 0:
        return _("Enter a price without decimals: {currency} has none.").format(currency=currency)
    return _("Enter at most {count} digits after the point.").format(count=places)
