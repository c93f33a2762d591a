"""Shopify's search syntax finds what it finds at Shopify."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.shopify.practice import search
from connectors.shopify.practice.store import Store

ROWS = [("A-1", "111"), ("a b", "222"), ("O'Neil", ""), ("50%", ""), ("500", "")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "p.db", lambda: 0.0)
    opened.insert("product", id=1, shop="s", title="Blue Mug", handle="blue-mug", status="ACTIVE", **_blank_product())
    for number, (sku, barcode) in enumerate(ROWS, 1):
        opened.insert("variant", id=number, item_id=number, sku=sku, barcode=barcode, **_blank_variant())
    yield opened
    opened.close()


def _blank_product() -> dict[str, Any]:
    texts = dict.fromkeys(("description_html", "vendor", "product_type"), "")
    return texts | dict.fromkeys(("created_at", "updated_at", "searchable_at"), 0.0) | {"tags": '["Sale", "hub"]'}


def _blank_variant() -> dict[str, Any]:
    numbers = dict.fromkeys(("position", "taxable", "tracked", "requires_shipping"), 1)
    times = dict.fromkeys(("created_at", "updated_at", "searchable_at"), 0.0)
    return (
        numbers
        | times
        | {"shop": "s", "product_id": 1, "option_values": "[]", "price": "1", "inventory_policy": "DENY"}
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sku:a-1", ["A-1"]),
        ("sku:'A B'", ["a b"]),
        ('sku:"A B"', ["a b"]),
        (r"sku:'O\'Neil'", ["O'Neil"]),
        ("sku:A-1 OR barcode:222", ["A-1", "a b"]),
        ("sku:A-1 barcode:222", []),
        ("sku:A-1 AND barcode:111", ["A-1"]),
        ("(sku:A-1 OR sku:500) AND NOT barcode:111", ["500"]),
        ("-sku:A-1 sku:5*", ["50%", "500"]),
        ("sku:50%", ["50%"]),
        ("unknown:x sku:A-1", ["A-1"]),
        ("product_id:1 sku:500", ["500"]),
        ("id:>3", ["50%", "500"]),
        ("sku:A-1) OR sku:500", ["A-1"]),
        ("'; DROP TABLE variant; --", []),
    ],
)
def test_variants_are_found(store: Store, query: str, found: list[str]) -> None:
    wanted = search.condition(search.VARIANTS, query)
    rows = store.rows(f"SELECT sku FROM variant WHERE {wanted.sql} ORDER BY id", *wanted.values)
    assert [row["sku"] for row in rows] == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("handle:blue-mug", 1),
        ("title:Blue", 1),
        ("title:lu", 0),
        ("mug", 1),
        ("tag:sale", 1),
        ("tag:sal", 0),
        ("sku:A-1", 1),
        ("status:active updated_at:>='1970-01-01'", 1),
        ("updated_at:>1970-01-02", 0),
    ],
)
def test_products_are_found(store: Store, query: str, found: int) -> None:
    wanted = search.condition(search.PRODUCTS, query)
    assert len(store.rows(f"SELECT id FROM product WHERE {wanted.sql}", *wanted.values)) == found
