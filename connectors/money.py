"""Amounts between our minor units and the decimal text channels speak; ISO 4217 digits, no floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connectors.records import Money

# ISO 4217 list one: every currency not named here has two digits.
_WITHOUT_DIGITS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_WITH_THREE_DIGITS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


def digits(currency: str) -> int:
    """How many digits the minor unit of an ISO 4217 currency has."""
    if currency in _WITHOUT_DIGITS:
        return 0
    return 3 if currency in _WITH_THREE_DIGITS else 2


def to_text(money: Money) -> str:
    """The amount as plain decimal text: "24.00", "-0.05", "1200"."""
    return format(Decimal(money.minor).scaleb(-digits(money.currency)), "f")


def from_text(text: str, currency: str) -> Money:
    """The amount a channel wrote, however many zeros it wrote: "24.0" and "24.00" are the same.

    Digits the currency does not have are rounded half up. Raises decimal.InvalidOperation for what is no number.
    """
    minor = Decimal(text).scaleb(digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money(int(minor), currency)
