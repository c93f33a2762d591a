"""Our product as parameters of editItem."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.yahoo import mapping
from tests.connectors.yahoo.products import plain


@pytest.mark.parametrize(
    ("barcode", "jan"),
    [
        ("4901234567894", "4901234567894"),
        ("49-012345-67894", "4901234567894"),
        ("036000291452", "0036000291452"),
        ("73513537", "73513537"),
        ("2000000000008", None),
        ("", None),
    ],
)
def test_a_code_is_sent_as_a_jan_and_an_in_store_number_not_at_all(barcode: str, jan: str | None) -> None:
    product = plain(variants=(replace(plain().variants[0], barcode=barcode),))
    assert mapping.edit_item(product, code="tea", subcodes=[], image_urls=[]).get("jan") == jan
