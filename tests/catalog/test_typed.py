"""What people type is understood; what could mean two things is asked about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.money import to_text
from connectors.records import Money
from portal.catalog import typed


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("１，２００円", "JPY", 1200),
        ("¥1,980", "JPY", 1980),
        ("1.980", "JPY", 1980),
        ("1,234.5", "USD", 123450),
        ("$19.80", "USD", 1980),
        ("US$ 5", "USD", 500),
        ("1,980", "USD", 198000),
        ("19,80", "EUR", 1980),
        ("1.234,56 €", "EUR", 123456),
        ("1'234.50", "USD", 123450),
        ("1.980.000", "EUR", 198000000),
        ("1.500", "KWD", 1500),
        ("0", "USD", 0),
    ],
)
def test_a_price_is_read_as_it_was_meant(text: str, currency: str, minor: int) -> None:
    assert typed.amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [("", "USD"), ("abc", "USD"), ("¥500", "USD"), ("-1", "USD"), ("1.5", "JPY"), ("1.980", "USD"), ("1,98,0", "USD")],
)
def test_a_price_that_is_none_or_could_be_two_is_asked_about(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="Enter") as caught:
        typed.amount(text, currency)
    assert "half" not in str(caught.value)


@given(st.integers(0, typed.MOST_MINOR), st.sampled_from(["JPY", "USD", "EUR", "KWD"]))
def test_what_the_form_shows_is_read_back_as_the_same(minor: int, currency: str) -> None:
    assert typed.amount(to_text(Money(minor, currency)), currency) == minor


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_sentence(text: str) -> None:
    for read in (typed.units, typed.grams, lambda some: typed.amount(some, "USD")):
        try:
            said = ""
            number = read(text)
        except ValueError as error:
            said, number = str(error), 0
        assert isinstance(number, int)
        assert not said or said.endswith(".")


@pytest.mark.parametrize(("text", "number"), [("１２", 12), ("+3", 3), ("－3", -3), ("−3", -3), ("1,234", 1234)])
def test_units_may_be_full_width_and_carry_a_sign(text: str, number: int) -> None:
    assert typed.units(text) == number


@pytest.mark.parametrize(("text", "grams"), [("450", 450), ("1.2 kg", 1200), ("１，２００", 1200), ("16oz", 454)])
def test_a_weight_may_have_its_unit(text: str, grams: int) -> None:
    assert typed.grams(text) == grams


def test_a_barcode_loses_spaces_and_width_and_no_zero() -> None:
    assert typed.barcode(" ０４９０ 1234-567894 ") == "04901234567894"
    assert typed.barcode("AB-12 X") == "AB-12 X"


def test_a_wrong_check_digit_is_said_with_the_right_one() -> None:
    assert "should be 4" in typed.barcode_note("4901234567890")
    assert typed.barcode_note("4901234567894") == ""
    assert "8, 12, 13 or 14" in typed.barcode_note("123")
    assert typed.barcode_note("") == ""
