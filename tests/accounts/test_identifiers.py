"""User names and addresses: one compared form, no look-alikes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import identifiers


@pytest.mark.parametrize("typed", ["alice", " Alice ", "ＡＬＩＣＥ", "aLiCe\t"])
def test_width_case_and_blanks_make_no_second_person(typed: str) -> None:
    assert identifiers.username(typed) == "alice"


@pytest.mark.parametrize(
    "typed", ["аlice", "al ice", "ali\u0307ce", "ab", "-alice", "alice.", "a" * 65, "alice@x", "", "ali\u200bce"]
)
def test_look_alikes_and_odd_shapes_are_no_user_names(typed: str) -> None:
    assert identifiers.username(typed) is None


@pytest.mark.parametrize("typed", ["Alice@Example.COM", " alice@example.com", "ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"])
def test_an_address_has_one_form(typed: str) -> None:
    assert identifiers.email(typed) == "alice@example.com"


@pytest.mark.parametrize(
    "typed",
    [
        "alice",
        "alice@",
        "@example.com",
        "alice@localhost",
        "a b@example.com",
        "alice@example.com\r\nBcc: x@example.com",
        "alice@example.com,bob@example.com",
        "alice@-example.com",
        "аlice@example.com",
        "a" * 65 + "@example.com",
        "alice@" + "a." * 130 + "com",
        '"a b"@example.com',
        "alice@exa\u0000mple.com",
    ],
)
def test_what_cannot_be_an_address_is_none(typed: str) -> None:
    assert identifiers.email(typed) is None


@given(st.text(max_size=80))
def test_the_compared_form_is_its_own_compared_form(text: str) -> None:
    for form in (identifiers.username, identifiers.email):
        found = form(text)
        assert found is None or (form(found) == found and found.isascii() and found.isprintable())
