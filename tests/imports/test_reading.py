from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from portal.imports import reading, refusals
from portal.imports.reading import iter_rows, open_table


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("japanese-cp932.csv", "cp932"),
        ("japanese-utf8-bom.csv", "utf-8"),
        ("japanese-utf16.csv", "utf-16"),
        ("japanese-utf16-no-bom.csv", "utf-16-le"),
    ],
)
def test_one_catalog_reads_the_same_in_every_encoding(fixtures: Path, name: str, encoding: str) -> None:
    table = open_table(fixtures / name)

    assert table.encoding == encoding
    assert table.headers[0] == "商品名"
    assert [row.cells[0] for row in table.sample] == ["①㈱髙橋の急須～緑", "湯呑み　大", "ﾊﾝｶｸの皿"]
    assert table.sample[0].cells[6] == "急須です。\n茶こし付き"


def test_chinese_is_not_taken_for_half_width_kana(fixtures: Path, tmp_path: Path) -> None:
    passes_as_both = "名称,数量,单价\n白瓷,5,45\n手套,2,30\n".encode("gb18030")
    assert passes_as_both.decode("cp932")
    assert open_table(write(tmp_path / "short.csv", passes_as_both)).headers == ("名称", "数量", "单价")

    table = open_table(fixtures / "chinese-gb18030.csv")

    assert table.encoding == "gb18030"
    assert table.headers[0] == "商品名称"


def test_half_width_kana_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = write(tmp_path / "kana.csv", "ｼｮｳﾋﾝﾒｲ,ｶｶｸ\nﾁｬﾜﾝ,800\nﾕﾉﾐ,600\n".encode("cp932"))

    assert open_table(path).headers == ("ｼｮｳﾋﾝﾒｲ", "ｶｶｸ")


def test_the_letter_that_gives_the_encoding_away_may_stand_late(tmp_path: Path) -> None:
    path = write(tmp_path / "late.csv", b"Title,Price\n" + b"Cup,3\n" * 50_000 + "髙,4\n".encode("cp932"))

    assert open_table(path).encoding == "cp932"


def test_western_letters_of_old_spreadsheets_are_read(fixtures: Path) -> None:
    table = open_table(fixtures / "semicolons-cp1252.csv")

    assert (table.encoding, table.delimiter) == ("cp1252", ";")
    assert table.sample[1].cells[0] == "Schüssel"
    assert table.sample[2].cells[0] == "Brett, Eiche"


def test_a_file_glued_together_from_two_encodings_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mixed.csv", "商品名,価格\n湯呑み,3\n".encode() + "急須セット,4\nお茶碗,5\n".encode("cp932")
    )
    with pytest.raises(refusals.WrongEncoding):
        open_table(path)


def test_the_merchants_choice_of_encoding_and_delimiter_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "own.csv", "Titel;A,B\nTüre;1,2\n".encode("cp1252"))
    table = open_table(path, encoding="cp1252", delimiter=",")

    assert table.headers == ("Titel;A", "B")


def test_an_encoding_the_file_is_not_in_is_refused(fixtures: Path) -> None:
    with pytest.raises(refusals.WrongEncoding, match="UTF-8"):
        open_table(fixtures / "japanese-cp932.csv", encoding="utf-8")


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = ["Title|Price|Note", "Cup|3|a", '"Bowl, blue; large"|4|"b\tc"']
    path = write(tmp_path / "rows.csv", "\n".join(rows).replace("|", delimiter).encode())
    table = open_table(path)

    assert table.delimiter == delimiter
    assert table.sample[1].cells == ("Bowl, blue; large", "4", "b\tc")


def test_row_numbers_are_the_spreadsheets(fixtures: Path) -> None:
    path = fixtures / "shopify-blank-lines.csv"

    assert [row.number for row in iter_rows(path, open_table(path))] == [2, 5, 8]


def test_blank_rows_above_the_header_count_and_do_no_harm(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "top.csv", b"\n,,\nTitle,Price,\nCup,3,x\n"))

    assert (table.header_row, table.headers) == (3, ("Title", "Price", "Column C"))
    assert [(row.number, row.cells) for row in table.sample] == [(4, ("Cup", "3", "x"))]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "twins.csv", b"Title,Note,Note\nCup,a,b\n"))

    assert table.headers == ("Title", "Note", "Note (2)")


def test_old_mac_line_ends_are_line_ends(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "mac.csv", b"Title,Price\rCup,3\rBowl,4\r"))

    assert [row.cells for row in table.sample] == [("Cup", "3"), ("Bowl", "4")]


def test_a_file_that_is_no_table_is_refused_by_what_it_holds(tmp_path: Path) -> None:
    workbook = tmp_path / "products.csv"
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(refusals.NotATable, match="Excel"):
        open_table(workbook)
    for content in (b"\x89PNG\r\n\x1a\n", b"<!doctype html><p>", b'{"products": []}', b"%PDF-1.7", b"GIF89a"):
        with pytest.raises(refusals.NotATable):
            open_table(write(tmp_path / "other.csv", content))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf", b",,\n,,\n"])
def test_an_empty_file_is_called_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(refusals.NoHeader, match="empty"):
        open_table(write(tmp_path / "empty.csv", content))


def test_a_file_without_column_names_is_refused(fixtures: Path) -> None:
    with pytest.raises(refusals.NoHeader, match="column names"):
        open_table(fixtures / "missing-header.csv")


@pytest.mark.parametrize("content", [b"Title,Price\nCu\0p,3\n", b"Title,Price\n" + b"Cup,3\n" * 20_000 + b"\0,3\n"])
def test_a_nul_is_refused_wherever_it_stands(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "nul.csv", content)
    with pytest.raises(refusals.NulFound):
        list(iter_rows(path, open_table(path)))


def test_a_quote_that_never_closes_is_named_and_swallows_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "open.csv", b'Title,Price\nCup,3\n"Bowl,4\nPlate,5\n' + b"More,6\n" * 40)
    with pytest.raises(refusals.OpenQuote, match="row 3"):
        list(iter_rows(path, open_table(path)))


@pytest.mark.parametrize(
    "content",
    [
        b"Title,Price\n" + b"x" * 1_000_001 + b",3\n",
        b"Title,Price\n" + b",".join([b"x" * 900_000] * 10),
        b'Title,Price\n"' + b"x\n" * 600_000 + b'",3\n',
        b"Title,Price\n" + b"," * 100_000 + b"\n",
        b",".join([b"Title"] * 2_001) + b"\nCup\n",
    ],
    ids=["cell", "line", "quoted cell", "columns", "header"],
)
def test_what_no_catalog_holds_is_refused_soon(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "large.csv", content)
    started = time.monotonic()
    with pytest.raises(refusals.TooLarge):
        list(iter_rows(path, open_table(path)))
    assert time.monotonic() - started < 5


def test_a_cell_of_almost_a_megabyte_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "long.csv", b"Title,Body\nCup," + b"x" * 999_999 + b"\n")

    assert len(open_table(path).sample[0].cells[1]) == 999_999


def test_lone_surrogates_do_not_pass_as_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "surrogate.csv", "Title,Price\nCup".encode("utf-16-le") + b"\x3d\xd8" + ",3".encode("utf-16-le")
    )
    with pytest.raises((refusals.NulFound, refusals.WrongEncoding)):
        open_table(path)


def test_a_choice_we_do_not_offer_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "plain.csv", b"Title,Price\nCup,3\n")
    with pytest.raises(refusals.WrongEncoding):
        open_table(path, encoding="rot13")
    with pytest.raises(refusals.UnreadableFile):
        open_table(path, delimiter="|")
    assert set(reading.DELIMITERS) == {",", "\t", ";"}
