"""Product codes, judged: GTIN-8, -12 (UPC), -13 (EAN, JAN) and -14, which are one kind of number in four lengths.

GS1 General Specifications, section 1.4 (GS1 Prefixes; numbers for restricted circulation) and 7.9.1 (check digit).
"""

from __future__ import annotations

from stdnum import ean

LENGTHS = (8, 12, 13, 14)
# GS1 General Specifications 1.4.2: of a number in 13 digits; 02 and 04 are UPCs that begin with 2 and 4.
_IN_STORE = ("02", "04", "2")
# The same, 1.4.3, of a number of eight digits.
_IN_STORE_8 = ("0", "2")
# 1.4.2 again: GTIN-8s in 13 digits, serials, books, refund receipts and coupons.
_NO_COMPANYS = ("00000", "977", "978", "979", "980", "981", "982", "983", "984", "99")
# GS1's member organisations hand out prefixes of 4 to 12 digits; 6 to 11 is what a company of this size is given.
SHORTEST_PREFIX, LONGEST_PREFIX = 6, 11


def digits_of(code: str) -> str:
    """The code without the spaces and hyphens it may be printed with."""
    return ean.compact(code)


def is_valid(code: str) -> bool:
    """Whether it has a GTIN's length, digits alone, and the check digit these call for."""
    return bool(ean.is_valid(code))


def whole(code: str) -> str:
    """The code in 14 digits: two that are the same GTIN in different lengths are one. Empty for no GTIN."""
    return digits_of(code).zfill(14) if is_valid(code) else ""


def spellings(code: str) -> list[str]:
    """The same GTIN in every length it can be written in; empty for no GTIN."""
    full = whole(code)
    return [full[14 - length :] for length in LENGTHS if not full[: 14 - length].strip("0")] if full else []


def is_in_store(code: str) -> bool:
    """Whether it is a number for restricted circulation, which anybody may use in their own shop: nobody's outside."""
    full = whole(code)
    if not full:
        return False
    if full.startswith("000000"):
        return full[6:].startswith(_IN_STORE_8)
    return begins_in_store(full[1:])


def begins_in_store(digits: str) -> bool:
    """Whether a number of 13 digits that begins with these is for restricted circulation."""
    return digits.startswith(_IN_STORE)


def begins_as_a_companys(prefix: str) -> bool:
    """Whether a company can have been given the prefix, as far as its first digits say."""
    return not prefix.startswith((*_IN_STORE, *_NO_COMPANYS))


def room(prefix: str) -> int:
    """How many items a company prefix has numbers for."""
    return int(10 ** (12 - len(prefix)))


def for_marketplaces(code: str) -> str:
    """The code as it is sent to a marketplace. Empty for an in-store number: that one stays at home."""
    return "" if is_in_store(code) else digits_of(code)


def in_thirteen(code: str) -> str:
    """The GTIN as an EAN or JAN of 13 digits, or of 8 as it is; what has no such form stays as it is."""
    full = whole(code)
    return full[1:] if full.startswith("0") and len(digits_of(code)) != 8 else digits_of(code)


def wrong_digit(code: str) -> str:
    """The check digit that is right, where that alone is wrong; else empty."""
    digits = digits_of(code)
    if len(digits) not in LENGTHS or not (digits.isascii() and digits.isdecimal()):
        return ""
    right = str(ean.calc_check_digit(digits[:-1]))
    return right if right != digits[-1] else ""


def numbered(prefix: str, item: int) -> str:
    """The EAN-13 of a company prefix and the item's number. Raises ValueError where the number is too long for it."""
    if not 0 <= item < room(prefix):
        raise ValueError(item)
    body = f"{prefix}{item:0{12 - len(prefix)}d}"
    return body + str(ean.calc_check_digit(body))
