from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports import formats, groups, mapping, products
from portal.imports.guards import guarded
from portal.imports.reading import Row
from portal.imports.records import ImportedProduct, RowProblem, Severity
from tests.depth import histories
from tests.imports.conftest import Outcomes, read

ReadText = Callable[..., Outcomes]


def codes(problems: list[RowProblem]) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in problems]


def test_the_new_template_gives_the_same_product_as_the_screens_show(fixtures: Path) -> None:
    (board, card, towel), problems = read(fixtures / "shopify-new-template.csv")

    assert problems == []
    assert (board.handle, board.title, board.vendor, board.product_type) == (
        *("oak-board", "Oak board", "Harbour & Pine", "Boards"),
    )
    assert (board.description_html, board.category) == ("<p>Oak, <em>oiled</em></p>", "Home & Garden > Kitchen")
    assert (board.tags, board.status, board.published) == (("oak", "board"), "active", True)
    assert (board.seo_title, board.seo_description) == ("Oak boards", "Boards of oak")
    assert board.options == ("Size",)
    assert [image.url[-9:] for image in board.images] == ["oak-1.jpg", "oak-2.jpg", "oak-3.jpg"]
    assert board.images[0].alt == "The board from above"
    assert board.extra["Color (product.metafields.shopify.color-pattern)"] == "brown"
    small, large = board.variants
    assert (small.sku, small.barcode, small.price_minor) == ("OAK-S", "0123456789012", 2400)
    assert (small.compare_at_minor, small.cost_minor, small.quantity, small.grams) == (3000, 950, 7, 640)
    assert (small.tracked, small.sell_when_out, small.taxable, small.requires_shipping) == (True, False, True, True)
    assert small.image_url == "https://images.example/oak-s.jpg"
    assert (large.option_values, large.sell_when_out, large.compare_at_minor) == (("Large",), True, None)
    assert (card.gift_card, card.published, card.status) == (True, False, "draft")
    assert (card.variants[0].tracked, card.variants[0].quantity, card.variants[0].requires_shipping) == (
        *(False, None, False),
    )
    assert (towel.options, towel.variants[0].option_values) == ((), ())


def test_repeated_and_missing_skus_arrive(fixtures: Path) -> None:
    made, problems = read(fixtures / "shopify-repeated-skus.csv")

    assert [variant.sku for product in made for variant in product.variants] == ["CUP-1", "CUP-1", "BOWL", "BOWL", ""]
    assert problems == []


def test_image_rows_may_stand_before_and_after_and_repeat(fixtures: Path) -> None:
    (lamp, stool), problems = read(fixtures / "shopify-images-around.csv")

    assert lamp.title == "Lamp"
    assert [(image.url[-14:], image.position) for image in lamp.images] == [
        ("ample/lamp.jpg", 1),
        ("lamp-front.jpg", 2),
        ("e/lamp-box.jpg", 3),
    ]
    assert lamp.images[1].alt == "From the front"
    assert [variant.option_values for variant in lamp.variants] == [("Red",), ("Green",)]
    assert (lamp.first_row, lamp.last_row, lamp.row_count) == (2, 6, 5)
    assert len(stool.images) == 2
    assert problems == []


def test_a_handle_that_returns_adds_to_its_product(fixtures: Path) -> None:
    made, problems = read(fixtures / "shopify-handle-returns.csv")

    assert [(product.handle, product.continues) for product in made] == [
        ("shirt", False),
        ("sock", False),
        ("shirt", True),
    ]
    later = made[2]
    assert (later.title_given, later.options) == (False, ())
    assert [variant.option_values for variant in later.variants] == [("M",)]
    assert len(later.images) == 1
    assert codes(problems) == [(6, "repeated_variant")]


def test_a_repeated_variant_is_refused_but_its_image_arrives(fixtures: Path) -> None:
    (tee,), problems = read(fixtures / "shopify-duplicate-options.csv")

    assert [variant.sku for variant in tee.variants] == ["T1", "T3"]
    assert [image.url for image in tee.images] == ["https://images.example/tee-black.jpg"]
    assert codes(problems) == [(3, "repeated_variant")]
    assert "row 2" in problems[0].message


def test_a_bad_cell_costs_its_variant_and_nothing_else(fixtures: Path) -> None:
    made, problems = read(fixtures / "shopify-bad-cells.csv")

    assert [product.handle for product in made] == ["pan", "nameless", "knife", "rack"]
    assert [variant.row for variant in made[0].variants] == [2, 5]
    assert [(problem.row, problem.code) for problem in problems if problem.severity is Severity.ROW] == [
        *((3, "not_a_number"), (4, "other_currency"), (6, "not_a_number"), (7, "product_refused")),
        *((9, "no_product"), (11, "nothing_on_row")),
    ]
    assert [(problem.row, problem.code) for problem in problems if problem.severity is Severity.NOTE] == [
        *((2, "rounded_code"), (5, "no_price"), (5, "stock_below_zero"), (5, "not_a_number"), (5, "not_yes_or_no")),
        *((8, "no_handle"), (10, "no_title"), (12, "not_an_address")),
    ]


def test_codes_survive_as_text_and_a_rounded_one_is_left_out(fixtures: Path) -> None:
    made, _problems = read(fixtures / "shopify-bad-cells.csv")
    first, last = made[0].variants

    assert (first.sku, first.barcode) == ("00123", "")
    assert last.barcode == "0123456789012"
    assert (last.price_minor, last.quantity, last.taxable, last.cost_minor) == (0, 0, True, None)


def test_a_problem_says_where_what_was_expected_what_stood_there_and_what_to_do(read_text: ReadText) -> None:
    _made, (problem,) = read_text("商品名,販売価格\n皿,高い\n", "JPY")

    assert (problem.row, problem.column, problem.field, problem.found) == (2, "販売価格", "price", "高い")
    assert problem.message == (f"Row 2, 販売価格: expected {problem.expected}, found '高い'. {problem.fix}")
    assert problem.severity is Severity.ROW


def test_full_width_yen_is_a_price(fixtures: Path) -> None:
    made, problems = read(fixtures / "japanese-cp932.csv", "JPY")

    assert [product.variants[0].price_minor for product in made] == [1980, 800, 1200]
    assert [product.variants[0].quantity for product in made] == [12, 0, 3]
    assert [product.variants[0].barcode for product in made] == ["0490123456789", "4901234567894", "4901234567900"]
    assert [product.variants[0].sku for product in made] == ["KY-001", "KY-002", "00123"]
    assert made[0].extra == {"メモ": "棚③"}
    assert problems == []


def test_every_encoding_gives_the_same_products(fixtures: Path) -> None:
    names = [f"japanese-{kind}.csv" for kind in ("cp932", "utf8-bom", "utf16", "utf16-no-bom")]
    catalogs = [read(fixtures / name, "JPY") for name in names]

    assert catalogs[0][0]
    assert all(catalog == catalogs[0] for catalog in catalogs)


def test_decimal_commas_are_read_and_doubtful_numbers_are_not(fixtures: Path) -> None:
    made, problems = read(fixtures / "semicolons-cp1252.csv")

    assert [(product.title, product.variants[0].price_minor) for product in made] == [
        ('Tasse "Hafen"', 1250),
        ("Schüssel", 123400),
    ]
    assert [product.variants[0].grams for product in made] == [350, 1200]
    assert codes(problems) == [(4, "ambiguous_number")]


def test_rows_of_one_title_are_variants_when_a_file_has_options_but_no_handles(fixtures: Path) -> None:
    (cap, scarf), problems = read(fixtures / "tabs.txt")

    assert (cap.handle, cap.options) == ("cap", ("colour", "size"))
    assert [variant.option_values for variant in cap.variants] == [("Red", "S"), ("Red", "M")]
    assert scarf.options == ("colour",)
    assert problems == []


def test_rows_of_one_title_are_products_of_their_own_without_options(read_text: ReadText) -> None:
    made, problems = read_text("Title,SKU,Price\nCup,,3\nCup,,4\nCup,C-1,5\nCup,,6\n")

    assert [product.handle for product in made] == ["cup", "cup-2", "c-1", "cup-3"]
    assert not any(product.continues for product in made)
    assert problems == []


def test_many_rows_of_one_name_take_no_longer_than_others() -> None:
    made = mapping.suggest(("Title", "Price"), formats.Format.UNKNOWN)
    rows = (Row(number, ("Cup", "3")) for number in range(2, 20_002))
    handles = {product.handle for product, _problems in products.assemble(rows, made, "EUR") if product}

    assert len(handles) == 20_000


def test_a_row_shifted_by_a_stray_comma_is_refused_whole(read_text: ReadText) -> None:
    made, problems = read_text("Handle,Title,Body (HTML),Variant Price\na,A,text, more text,3\nb,B,,4,,\n")

    assert [product.handle for product in made] == ["b"]
    assert codes(problems) == [(2, "too_many_cells")]


def test_a_price_list_does_not_ask_for_titles_twice(read_text: ReadText) -> None:
    (product,), problems = read_text("Handle,Variant SKU,Variant Price\ncup,C-1,3.50\n")

    assert (product.title, product.title_given) == ("Cup", False)
    assert codes(problems) == [(2, "no_title")]


def test_a_product_without_variant_cells_gets_one_plain_variant_marked_as_ours(read_text: ReadText) -> None:
    (product,), problems = read_text("Handle,Title,Body (HTML),Variant Grams\ncup,Cup,<p>x</p>,10\n")
    (variant,) = product.variants

    assert (variant.implied, variant.price_minor, variant.quantity, variant.grams) == (True, 0, None, 10)
    assert problems == []


def test_a_title_row_above_its_variants_is_no_variant(read_text: ReadText) -> None:
    text = (
        "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant Price\ncup,Cup,,Size,,\ncup,,,,S,3\ncup,,,,L,4\n"
    )
    (product,), problems = read_text(text)

    assert [variant.option_values for variant in product.variants] == [("S",), ("L",)]
    assert (product.options, problems) == (("Size",), [])


def test_an_option_without_a_name_or_value_arrives_with_a_note(read_text: ReadText) -> None:
    text = (
        "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price\n"
        "cup,Cup,Size,S,,Red,C1,3\ncup,,,L,,,C2,3\n"
    )
    (product,), problems = read_text(text)

    assert product.options == ("Size", "Option 2")
    assert [variant.option_values for variant in product.variants] == [("S", "Red"), ("L", "")]
    assert codes(problems) == [(2, "no_option_name"), (3, "no_option_value")]


def test_an_option_that_is_really_called_title_is_an_option(read_text: ReadText) -> None:
    text = "Handle,Title,Body (HTML),Option1 Name,Option1 Value\nbook,Book,,Title,Volume 1\nbook,,,,Volume 2\n"
    (product,), _problems = read_text(text)

    assert product.options == ("Title",)
    assert len(product.variants) == 2


def test_a_second_title_is_not_taken_silently(read_text: ReadText) -> None:
    text = "Handle,Title,Variant SKU,Option1 Name,Option1 Value\ncup,Cup,1,Size,S\ncup,Cup,2,,M\ncup,Mug,3,,L\n"
    (product,), problems = read_text(text)

    assert product.title == "Cup"
    assert codes(problems) == [(4, "second_text")]


def test_notes_stay_with_what_they_are_about(read_text: ReadText) -> None:
    text = (
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Colour (product.metafields.a.b),"
        "Fit (variant.metafields.a.c),Google Shopping / MPN,Image Src\n"
        "cup,Cup,Size,S,1,red,tight,M1,\ncup,,,L,2,red,loose,M2,\ncup,,,,,blue,,,https://a.example/1.jpg\n"
    )
    (product,), problems = read_text(text)

    assert product.extra == {"Colour (product.metafields.a.b)": "red", "Google Shopping / MPN": "M1"}
    assert [variant.extra for variant in product.variants] == [
        {"Fit (variant.metafields.a.c)": "tight"},
        {"Fit (variant.metafields.a.c)": "loose", "Google Shopping / MPN": "M2"},
    ]
    assert codes(problems) == [(4, "second_note")]


def test_what_can_not_be_kept_is_left_out_with_a_note(read_text: ReadText) -> None:
    long = "x" * 256
    made, problems = read_text(
        f"Handle,Title,Vendor,Variant SKU,Status,Variant Grams\ncup,Cup,{long},{long},sold,0.3\n{long},Mug,,,,\n"
    )

    assert [(product.handle, product.vendor, product.status) for product in made] == [("cup", "", "")]
    assert (made[0].variants[0].sku, made[0].variants[0].grams) == ("", 0)
    assert sorted(codes(problems)) == [
        *((2, "not_a_status"), (2, "rounded_weight"), (2, "too_long"), (2, "too_long"), (3, "too_long")),
    ]


def test_control_characters_do_not_arrive(read_text: ReadText) -> None:
    (product,), _problems = read_text('Title,SKU,Description\nCu\x0bp,A\x01B,"one\n\ttwo"\n')

    assert (product.title, product.variants[0].sku) == ("Cup", "AB")
    assert product.description_html == "one\n\ttwo"


def test_titles_are_kept_as_written(read_text: ReadText) -> None:
    (product,), _problems = read_text("商品名,タグ\nＡＢＣ①㈱～ ﾊﾝｶｸ,赤、青，赤\n", "JPY")

    assert product.title == "ＡＢＣ①㈱～ ﾊﾝｶｸ"
    assert product.tags == ("赤", "青")


def test_a_product_of_very_many_rows_comes_in_parts_that_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MAX_GROUP_ROWS", 10)
    headers = ("Handle", "Title", "Variant SKU", "Option1 Name", "Option1 Value", "Variant Price")
    rows = [Row(2, ("tee", "Tee", "0", "Size", "0", "1"))]
    rows += [Row(number + 2, ("tee", "", str(number), "", str(number), "1")) for number in range(1, 25)]
    parts = [
        product
        for product, _problems in products.assemble(rows, mapping.suggest(headers, formats.recognise(headers)), "EUR")
        if product
    ]

    assert [(part.continues, part.row_count) for part in parts] == [(False, 10), (True, 10), (True, 5)]
    assert [variant.sku for part in parts for variant in part.variants] == [str(number) for number in range(25)]


WORDS = (
    st.text(alphabet=st.sampled_from(list("abc XYZ-,;\"'\n=é商①")), min_size=1, max_size=12).map(str.strip).filter(bool)
)
VARIANTS = st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 999), st.booleans()), min_size=1, max_size=4)
PRODUCTS = st.lists(st.tuples(WORDS, WORDS, VARIANTS, st.integers(0, 3)), min_size=1, max_size=5)


def as_rows(made: list[tuple[str, str, list[tuple[int, int, bool]], int]]) -> list[list[str]]:
    """The products as a Shopify file, with the images on rows of their own."""
    rows = [
        [
            *("Handle", "Title", "Body (HTML)", "Option1 Name", "Option1 Value", "Variant Price"),
            *("Variant Inventory Qty", "Variant Taxable", "Image Src"),
        ]
    ]
    for index, (title, body, variants, images) in enumerate(made):
        handle = f"handle-{index}"
        for order, (price, quantity, taxable) in enumerate(variants):
            named = [guarded(title), guarded(body), "Size"] if order == 0 else ["", "", ""]
            cells = [f"size {order}", f"{price / 100:.2f}", str(quantity), str(taxable).lower(), ""]
            rows.append([handle, *named, *cells])
        rows += [[handle, *[""] * 7, f"https://i.example/{index}/{image}.jpg"] for image in range(images)]
    return rows


@histories(20)
@given(made=PRODUCTS)
def test_what_is_written_as_a_file_is_read_back(
    made: list[tuple[str, str, list[tuple[int, int, bool]], int]], tmp_path: Path
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(as_rows(made))
    path = tmp_path / "products.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    found, problems = read(path)

    def told(product: ImportedProduct) -> tuple[str, str, list[tuple[int, int | None, bool]], int]:
        variants = [(variant.price_minor, variant.quantity, variant.taxable) for variant in product.variants]
        return product.title, product.description_html, variants, len(product.images)

    assert [told(product) for product in found] == made
    assert problems == []
