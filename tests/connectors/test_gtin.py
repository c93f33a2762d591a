"""Product codes: one number in four lengths, its check digit, and the numbers that are good in one's own shop only."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors import gtin

BODIES = st.sampled_from([7, 11, 12, 13]).flatmap(lambda size: st.text("0123456789", min_size=size, max_size=size))


def with_check_digit(body: str) -> str:
    """GS1's own way of saying it: from the right, threes and ones by turns, up to the next ten."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


@given(BODIES)
def test_one_check_digit_of_ten_is_right_and_a_wrong_one_is_answered_with_it(body: str) -> None:
    right = with_check_digit(body)
    assert gtin.is_valid(right)
    assert gtin.wrong_digit(right) == ""
    for digit in "0123456789".replace(right[-1], ""):
        assert not gtin.is_valid(body + digit)
        assert gtin.wrong_digit(body + digit) == right[-1]


@given(BODIES)
def test_a_code_is_the_same_in_every_length_it_can_be_written_in(body: str) -> None:
    code = with_check_digit(body)
    written = gtin.spellings(code)
    assert code in written
    assert {gtin.whole(one) for one in written} == {code.zfill(14)}
    assert {gtin.is_in_store(one) for one in written} == {gtin.is_in_store(code)}
    assert all(gtin.is_valid(one) for one in written)


@given(BODIES, BODIES)
def test_two_codes_are_one_only_where_zeros_in_front_tell_them_apart(left: str, right: str) -> None:
    one, other = with_check_digit(left), with_check_digit(right)
    assume(int(one) != int(other))
    assert gtin.whole(one) != gtin.whole(other)


@given(st.text(max_size=20))
def test_what_is_no_code_is_said_to_be_none_and_nothing_falls_over(text: str) -> None:
    if not gtin.is_valid(text):
        assert (gtin.whole(text), gtin.spellings(text), gtin.is_in_store(text)) == ("", [], False)
    gtin.wrong_digit(text)
    gtin.for_marketplaces(text)
    gtin.in_thirteen(text)


@pytest.mark.parametrize(
    ("start", "length", "in_store"),
    [
        ("02", 13, True),
        ("03", 13, False),
        ("04", 13, True),
        ("05", 13, False),
        ("19", 13, False),
        ("2", 13, True),
        ("299", 13, True),
        ("30", 13, False),
        ("2", 12, True),
        ("4", 12, True),
        ("3", 12, False),
        ("6", 12, False),
        ("0", 8, True),
        ("2", 8, True),
        ("4", 8, False),
        ("12", 14, True),
        ("14", 14, False),
        ("02", 14, True),
    ],
)
def test_numbers_for_restricted_circulation_are_known_by_their_prefix(start: str, length: int, in_store: bool) -> None:
    code = with_check_digit(start.ljust(length - 1, "5"))
    assert gtin.is_in_store(code) is in_store
    assert gtin.for_marketplaces(code) == ("" if in_store else code)


def test_a_jan_has_thirteen_digits_or_eight() -> None:
    assert gtin.in_thirteen("036000291452") == "0036000291452"
    assert gtin.in_thirteen("04006381333931") == "4006381333931"
    assert gtin.in_thirteen("73513537") == "73513537"
    assert gtin.in_thirteen("490-1234567-894") == "4901234567894"


@given(st.integers(6, 11).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)), st.data())
def test_a_number_of_a_prefix_is_a_valid_code_that_begins_with_it(prefix: str, data: st.DataObject) -> None:
    room = 10 ** (12 - len(prefix))
    items = data.draw(st.lists(st.integers(0, room - 1), unique=True, max_size=50))
    codes = [gtin.numbered(prefix, item) for item in items]
    assert len(set(codes)) == len(items)
    assert all(gtin.is_valid(code) and len(code) == 13 and code.startswith(prefix) for code in codes)
    with pytest.raises(ValueError, match=str(room)):
        gtin.numbered(prefix, room)
