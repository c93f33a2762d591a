"""Products as the connector is handed them, and what the practice types ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.amazon.practice import product_schemas
from connectors.records import ImageRecord, Money, ProductRecord, VariantRecord
from tests.connectors.amazon.practice.practice_seller import US

KEY = "0192f0c1-1111-7aaa-8bbb-{:012d}"
CODES = ("4006381333931", "4006381333948", "4006381333955", "4006381333962")


def document(product_type: str = "HOME") -> dict[str, Any]:
    """The type's requirements as `Kinds.requirements` hands them out."""
    return {
        "product_type": product_type,
        "version": "1",
        "marketplace_id": US.id,
        "language": US.language,
        "schema": product_schemas.schema(product_type, US.id),
    }


def mug(number: int = 1, *, options: tuple[str, ...] = (), **columns: Any) -> ProductRecord:
    """A mug with one variant, or one of each colour in `options`."""
    variants = tuple(
        VariantRecord(
            key=KEY.format(number * 100 + at),
            option_values=(colour,) if options else (),
            sku=f"MUG-{number}-{colour.upper()}" if options else f"MUG-{number}",
            price=Money(2400 + at * 100, "USD"),
            quantity=10,
        )
        for at, colour in enumerate(options or ("",))
    )
    usual: dict[str, Any] = {
        "key": KEY.format(number),
        "handle": f"mug-{number}",
        "title": "Stoneware mug",
        "description_html": "<p>Made of <b>stone</b>.</p><p>Holds tea.</p>",
        "vendor": "Kiln",
        "option_names": ("Colour",) if options else (),
        "variants": variants,
        "images": (ImageRecord("https://cdn.example.com/mug.jpg"),),
        "details": {
            "amazon_product_type": "HOME",
            "amazon_attributes": "country of origin: Japan",
            "amazon_code_exemption": "yes",
        },
    }
    return ProductRecord(**(usual | columns))


def coded(product: ProductRecord, *codes: str) -> ProductRecord:
    """The product with product codes instead of an exemption."""
    variants = tuple(replace(one, barcode=code) for one, code in zip(product.variants, codes, strict=True))
    details = {name: text for name, text in product.details.items() if name != "amazon_code_exemption"}
    return replace(product, variants=variants, details=details)
