from dataclasses import replace

import pytest

from connectors.rakuten import names
from tests.connectors.rakuten.products import MUG_KEY, MUG_MARK, mug, plain


@pytest.mark.parametrize(
    ("handle", "number"),
    [
        ("stoneware-mug", "stoneware-mug"),
        ("Stoneware_Mug", "stoneware_mug"),
        ("x" * 32, "x" * 32),
        ("x" * 33, f"cd-{MUG_MARK[:24]}"),
        ("陶器のマグ", f"cd-{MUG_MARK[:24]}"),
        ("mug.1", f"cd-{MUG_MARK[:24]}"),
        ("", f"cd-{MUG_MARK[:24]}"),
    ],
)
def test_an_item_is_named_by_its_handle_where_that_fits(handle: str, number: str) -> None:
    assert names.manage_number(mug(handle=handle)) == number
    assert names.is_manage_number(number)


def test_the_mark_is_our_key_and_fits_the_field() -> None:
    assert names.mark(mug()) == MUG_MARK
    assert names.mark(mug(key="p-mug")) == names.mark(mug(key="p-mug")) != names.mark(mug(key="p-mag"))
    assert len(names.mark(mug(key="p-mug"))) == 32
    assert MUG_KEY != MUG_MARK


def test_a_sku_names_its_variant_once_and_only_where_it_fits() -> None:
    blue, sand = mug().variants
    variants = (
        blue,
        replace(sand, sku="MUG-BLU"),
        replace(sand, key="v-3", sku="青"),
        replace(sand, key="v-4", sku=""),
    )
    ids = names.variant_ids(variants)
    assert ids["v-blue"] == "MUG-BLU"
    assert len(set(ids.values())) == 4
    assert all(names.split_item_id(f"mug/{code}") for code in ids.values())


def test_a_linked_code_stays_and_nobody_else_gets_it() -> None:
    blue, sand = mug().variants
    ids = names.variant_ids((blue, replace(sand, sku="OLD")), {"v-sand": "MUG-BLU"})
    assert ids["v-sand"] == "MUG-BLU"
    assert ids["v-blue"] != "MUG-BLU"


def test_other_options_ask_for_another_code_and_the_same_for_the_same() -> None:
    (variant,) = plain().variants
    moss = replace(variant, option_values=("Moss",))
    assert names.renamed_variant_id(variant) != names.renamed_variant_id(moss)
    assert names.renamed_variant_id(moss) == names.renamed_variant_id(replace(moss, price=variant.price))


@pytest.mark.parametrize("text", ["mug", "mug/", "/x", "Mug/x", "mug/a/b", "mug/青", ""])
def test_what_is_no_id_of_ours_is_told_apart(text: str) -> None:
    assert names.split_item_id(text) is None
