from __future__ import annotations

import contextlib
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports import values
from portal.imports.values import Misread


def minor(text: str, currency: str = "EUR", *, point_is_decimal: bool = False) -> int:
    return values.minor_units(text, currency, point_is_decimal=point_is_decimal).value


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("12.50", "EUR", 1250),
        ("12,50", "EUR", 1250),
        ("12,5 €", "EUR", 1250),
        ("€ 1.234,50", "EUR", 123450),
        ("1,234.50", "USD", 123450),
        ("$1,980", "USD", 198000),
        ("US$ 5", "USD", 500),
        ("19.80 usd", "USD", 1980),
        ("1 234,50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("1,00,000.00", "INR", 10000000),
        ("1.234.567", "EUR", 123456700),
        ("0.980", "EUR", 98),
        (".5", "EUR", 50),
        ("150.00", "JPY", 150),
        ("1,980", "JPY", 1980),
        ("１，９８０円", "JPY", 1980),
        ("￥１９８０", "JPY", 1980),
        ("\\1980", "JPY", 1980),
        ("1.250", "KWD", 1250),
        ("0", "EUR", 0),
    ],
)
def test_a_price_is_read_as_it_is_meant(text: str, currency: str, expected: int) -> None:
    assert minor(text, currency) == expected


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("1,980円", "EUR", "other_currency"),
        ("$5", "EUR", "other_currency"),
        ("US$5", "CAD", "other_currency"),
        ("1.980", "EUR", "ambiguous_number"),
        ("1,250", "KWD", "ambiguous_number"),
        ("1.980", "JPY", "ambiguous_number"),
        ("19.5", "JPY", "has_decimals"),
        ("-3", "EUR", "below_zero"),
        ("−3", "EUR", "below_zero"),
        ("(3.00)", "EUR", "not_a_number"),
        ("3e5", "EUR", "not_a_number"),
        ("1,2,3", "EUR", "not_a_number"),
        ("1,23,45", "EUR", "not_a_number"),
        ("free", "EUR", "not_a_number"),
        ("9" * 24, "EUR", "not_a_number"),
        ("9" * 39, "EUR", "not_a_number"),
        ("9" * 500_000, "EUR", "not_a_number"),
        ("三百", "JPY", "not_a_number"),
        ("٣", "EUR", "not_a_number"),
    ],
)
def test_a_price_that_could_be_something_else_is_not_guessed(text: str, currency: str, code: str) -> None:
    with pytest.raises(Misread) as refused:
        minor(text, currency)
    assert refused.value.code == code
    assert refused.value.expected
    assert refused.value.fix


def test_a_files_known_decimal_point_settles_what_would_be_ambiguous() -> None:
    assert minor("1.980", point_is_decimal=True) == 198
    assert minor("1,980", point_is_decimal=True) == 198000


def test_more_decimals_than_the_currency_has_are_rounded_and_said() -> None:
    assert values.minor_units("12.3456", "EUR", point_is_decimal=True) == values.Rounded(1235, changed=True)
    assert values.minor_units("12.3400", "EUR", point_is_decimal=True) == values.Rounded(1234, changed=False)


@given(amount=st.integers(0, 10**12), currency=st.sampled_from(["JPY", "EUR", "KWD"]))
def test_any_amount_survives_being_written_and_read(amount: int, currency: str) -> None:
    places = {"JPY": 0, "EUR": 2, "KWD": 3}[currency]
    exact = Decimal(amount).scaleb(-places)

    assert minor(format(exact, "f"), currency, point_is_decimal=True) == amount
    assert minor(f"{currency} {exact:,.{places}f}", currency, point_is_decimal=True) == amount
    full_width = format(exact, "f").translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert minor(full_width, currency, point_is_decimal=True) == amount


@given(amount=st.integers(0, 10**12), currency=st.sampled_from(["JPY", "EUR"]))
def test_any_amount_in_another_countrys_writing_survives(amount: int, currency: str) -> None:
    places = {"JPY": 0, "EUR": 2}[currency]
    english = f"{Decimal(amount).scaleb(-places):,.{places}f}"
    german = english.translate({ord(","): ".", ord("."): ","})

    assert minor(english, currency) == amount
    if places:
        assert minor(german, currency) == amount


@given(st.text(max_size=30))
def test_no_cell_breaks_the_reading_of_a_price(text: str) -> None:
    with contextlib.suppress(Misread):
        assert minor(text, "JPY") >= 0


@pytest.mark.parametrize(
    ("text", "expected"), [("12", 12), ("12.0", 12), ("1,200", 1200), ("１２", 12), ("-2", -2), ("−2", -2), ("007", 7)]
)
def test_a_count_is_read(text: str, expected: int) -> None:
    assert values.whole_number(text, point_is_decimal=True) == expected


@pytest.mark.parametrize("text", ["1.5", "many", "1e3", "2147483648", "--2", "-"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(Misread):
        values.whole_number(text, point_is_decimal=True)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        *(("250.0201143", "g", 250), ("0.45 kg", "", 450), ("450G", "", 450), ("16oz", "", 454), ("2", "lb", 907)),
        *(("0,35", "kg", 350), ("４５０ｇ", "", 450)),
    ],
)
def test_a_weight_becomes_whole_grams(text: str, unit: str, expected: int) -> None:
    assert values.grams(text, unit, point_is_decimal=False) == values.Rounded(expected, changed=False)


def test_a_weight_that_rounding_would_change_is_said() -> None:
    assert values.grams("0.4", "g", point_is_decimal=True) == values.Rounded(0, changed=True)


@pytest.mark.parametrize(("text", "unit"), [("450", ""), ("450 stone", "g"), ("heavy", "g"), ("1" * 100_000, "g")])
def test_a_weight_without_a_unit_is_not_guessed(text: str, unit: str) -> None:
    with pytest.raises(Misread):
        values.grams(text, unit, point_is_decimal=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("0123456789012", "0123456789012"), ("00123", "00123"), ("1-2", "1-2"), ("978-4-00-310101-8",) * 2),
        *(("49 01234 56790 0", "4901234567900"), ("４９０１", "4901"), ("A 1", "A 1")),
    ],
)
def test_a_barcode_stays_text(text: str, expected: str) -> None:
    assert values.barcode(text) == expected


@pytest.mark.parametrize("text", ["4.90123E+12", "4,90123E+12", "4.9e12", "４.９０１２３E+12"])
def test_a_barcode_a_spreadsheet_has_rounded_is_never_stored(text: str) -> None:
    with pytest.raises(Misread, match="rounded_code"):
        values.barcode(text)


@pytest.mark.parametrize("text", ["00123", "1-2", "2E10", "ＡＢ－１", "=1", "12345678901234567890"])
def test_a_sku_stays_exactly_what_it_is(text: str) -> None:
    assert values.sku(text) == text


def test_a_sku_a_spreadsheet_has_rounded_is_never_stored() -> None:
    with pytest.raises(Misread, match="rounded_code"):
        values.sku("4.90123E+12")


@pytest.mark.parametrize("text", ["TRUE", "true", "1", "yes", "ＴＲＵＥ", "はい", "是", "continue"])
def test_yes_in_any_writing_is_yes(text: str) -> None:
    assert values.yes_or_no(text) is True


@pytest.mark.parametrize("text", ["FALSE", "0", "No", "deny", "いいえ", "否"])
def test_no_in_any_writing_is_no(text: str) -> None:
    assert values.yes_or_no(text) is False


def test_one_cell_may_hold_several_addresses() -> None:
    assert values.addresses("https://a.example/1,2.jpg") == ["https://a.example/1,2.jpg"]
    assert values.addresses("https://a.example/1.jpg, //b.example/2.jpg;http://c.example/3") == [
        *("https://a.example/1.jpg", "https://b.example/2.jpg", "http://c.example/3")
    ]


@pytest.mark.parametrize(
    "text", ["C:\\photos\\a.jpg", "a.jpg", "javascript:alert(1)", "https://a b", "https://a/" + "x" * 3000]
)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(Misread):
        values.addresses(text)


@pytest.mark.parametrize("text", ["," * 1_000_000, "//a," * 250_000, " ;" * 500_000, "9," * 500_000])
def test_a_hostile_cell_costs_no_more_than_its_length(text: str) -> None:
    started = time.monotonic()
    for read in (values.addresses, values.barcode, values.sku, lambda cell: values.words(cell, ",，、;")):
        try:
            read(text)
        except Misread:
            continue
    assert time.monotonic() - started < 3
