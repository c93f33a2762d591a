"""Our variants find their twins on the channel, and never the wrong one."""

from __future__ import annotations

from portal.listings.linking import Ours, match


def item(channel_id: str, sku: str = "", barcode: str = "", *values: str) -> dict[str, object]:
    return {"channel_id": channel_id, "sku": sku, "barcode": barcode, "option_values": list(values)}


def pairs(variants: list[Ours], items: list[dict[str, object]]) -> dict[str, object]:
    return {key: twin["channel_id"] for key, twin in match(variants, items).pairs}


def test_skus_come_first_then_barcodes_then_options() -> None:
    ours = [Ours("a", sku="A"), Ours("b", barcode="4006381333931"), Ours("c", option_values=("L",))]
    theirs = [item("3", "", "", "L"), item("2", "", "4006381333931"), item("1", "A")]
    assert pairs(ours, theirs) == {"a": "1", "b": "2", "c": "3"}


def test_a_value_that_is_there_twice_decides_nothing() -> None:
    ours = [Ours("a", sku="A", option_values=("S",)), Ours("b", sku="A", option_values=("M",))]
    theirs = [item("1", "A", "", "M"), item("2", "A", "", "S")]
    assert pairs(ours, theirs) == {"a": "2", "b": "1"}


def test_one_and_one_are_a_pair_whatever_they_are_called() -> None:
    assert pairs([Ours("a", sku="NEW")], [item("1", "OLD", "", "Default Title")]) == {"a": "1"}


def test_what_has_no_twin_stays_alone() -> None:
    linked = match([Ours("a", sku="A"), Ours("b", sku="B")], [item("1", "A"), item("2", "C")])
    assert [key for key, _twin in linked.pairs] == ["a"]
    assert linked.alone == ["b"]


def test_empty_skus_are_not_the_same_sku() -> None:
    assert pairs([Ours("a"), Ours("b")], [item("1"), item("2")]) == {}
