from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.guards import guarded, unguarded
from portal.imports.reading import iter_rows, open_table

DANGEROUS = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\u00a0=1", "a\n=1", "＝1", "'=1", "\tx"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_formula_is_marked_as_text_and_comes_back_as_it_was(text: str, tmp_path: Path) -> None:
    marked = guarded(text)
    assert marked.startswith("'")

    out = io.StringIO()
    csv.writer(out).writerows([["Title", "Vendor"], [marked, "somebody"]])
    path = tmp_path / "export.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    assert [row.cells for row in iter_rows(path, open_table(path))] == [(text, "somebody")]


@pytest.mark.parametrize("text", ["'90s Tee", "plain", "a-b", "3 - 4"])
def test_ordinary_words_keep_their_apostrophe(text: str) -> None:
    assert guarded(text) == text
    assert unguarded(text) == text


def test_a_list_in_a_description_is_left_alone() -> None:
    assert guarded("Rope:\n- red\n- blue") == "Rope:\n- red\n- blue"


@given(st.text(alphabet=st.sampled_from(list("'=+-@＝ \t\r\nab1")), max_size=12))
def test_marking_and_unmarking_gives_back_any_text(text: str) -> None:
    assert unguarded(guarded(text)) == text
