"""The dry run's counts are true: they equal a count made without our code, on real exports and on our own."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from portal.imports import counts, formats, mapping, products, reading
from portal.imports.counts import Counts
from tests.imports.independent_count import independent_count
from tests.material import DATA

REAL_EXPORTS = ["shopify-apparel", "shopify-jewelery", "shopify-export-503", "shopify-export-metafields"]
CLEAN_FIXTURES = [
    *("shopify-new-template", "shopify-repeated-skus", "shopify-images-around", "shopify-blank-lines"),
]


def counted(path: Path) -> Counts:
    table = reading.open_table(path)
    return counts.count(path, table, mapping.suggest(table.headers, formats.recognise(table.headers)), "EUR")


def assert_all_arrived(path: Path) -> None:
    ours, theirs = counted(path), independent_count(path)

    assert theirs.products
    assert (ours.rows, ours.products, ours.variants) == (theirs.rows, theirs.products, theirs.variants)
    assert ours.images == theirs.images
    assert ours.quantity == theirs.quantity - theirs.below_zero
    assert ours.rows_refused == 0


@pytest.mark.parametrize("name", REAL_EXPORTS)
def test_everything_in_a_real_export_arrives(name: str) -> None:
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip("real exports are not part of the project; they lie beside it where it is developed")
    assert_all_arrived(path)


@pytest.mark.parametrize("name", CLEAN_FIXTURES)
def test_everything_in_our_own_exports_arrives(name: str, fixtures: Path) -> None:
    assert_all_arrived(fixtures / f"{name}.csv")


@pytest.mark.parametrize("name", ["shopify-handle-returns", "shopify-duplicate-options"])
def test_all_but_the_repeated_variant_arrives(name: str, fixtures: Path) -> None:
    path = fixtures / f"{name}.csv"
    ours, theirs = counted(path), independent_count(path)

    assert (ours.rows, ours.products, ours.images) == (theirs.rows, theirs.products, theirs.images)
    assert ours.variants == theirs.variants - 1
    assert ours.rows_refused == 1
    assert ours.causes == {"repeated_variant": 1}


def test_every_row_is_counted_once_whether_it_arrived_or_not(fixtures: Path) -> None:
    path = fixtures / "shopify-bad-cells.csv"
    ours = counted(path)

    assert ours.rows == independent_count(path).rows == 11
    assert ours.rows_refused == 6
    assert ours.causes["no_product"] == 1


def test_the_dry_run_adds_up_what_the_import_reads(fixtures: Path) -> None:
    path = fixtures / "shopify-bad-cells.csv"
    table = reading.open_table(path)
    suggested = mapping.suggest(table.headers, formats.recognise(table.headers))
    added = Counts()
    for product, problems in products.read_products(path, table, suggested, "EUR"):
        added.add(product, problems)

    assert added == counted(path)


def test_a_long_file_is_never_held_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("Handle,Title,Body (HTML),Variant SKU,Variant Price,Variant Inventory Qty,Image Src\n")
        for number in range(8_000):
            file.write(f"item-{number},Item {number},{'words ' * 400},SKU-{number},9.90,3,https://i.example/{number}\n")
    size = path.stat().st_size
    tracemalloc.start()
    try:
        ours = counted(path)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert ours.products == 8_000
    assert size > 19_000_000
    assert peak < size / 2
