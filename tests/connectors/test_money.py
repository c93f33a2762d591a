from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import money
from connectors.records import Money

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KRW", "KWD", "TND", "CNY"])


@given(st.integers(min_value=-(10**12), max_value=10**12), CURRENCIES)
def test_an_amount_comes_back_from_its_text(minor: int, currency: str) -> None:
    assert money.from_text(money.to_text(Money(minor, currency)), currency) == Money(minor, currency)


@given(st.integers(min_value=0, max_value=10**9), CURRENCIES, st.integers(min_value=0, max_value=5))
def test_zeros_at_the_end_change_nothing(minor: int, currency: str, zeros: int) -> None:
    text = money.to_text(Money(minor, currency))
    longer = (text if "." in text else text + ".0") + "0" * zeros
    assert money.from_text(longer, currency) == Money(minor, currency)


@given(st.integers(min_value=0, max_value=10**12), CURRENCIES)
def test_the_text_is_plain_digits_with_the_currencys_places(minor: int, currency: str) -> None:
    text = money.to_text(Money(minor, currency))
    assert "e" not in text.lower()
    assert len(text.partition(".")[2]) == money.digits(currency)
    assert Decimal(text) * 10 ** money.digits(currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("24.00", "EUR", 2400),
        ("24.0", "EUR", 2400),
        ("1200.0", "JPY", 1200),
        ("0.005", "EUR", 1),
        ("1.234", "KWD", 1234),
    ],
)
def test_both_looks_of_an_amount_are_read(text: str, currency: str, minor: int) -> None:
    assert money.from_text(text, currency) == Money(minor, currency)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidOperation):
        money.from_text("free", "EUR")
