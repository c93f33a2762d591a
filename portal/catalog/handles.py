"""The words of a product's address: made from its title where nobody chose them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from uuid import UUID

LONGEST = 255
_FROM_TITLE = 200


def slug(title: str) -> str:
    """The title in small letters and hyphens; letters of any script stay, as they do in shops' own addresses."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:_FROM_TITLE].rstrip("-") or "product"


def candidates(title: str, product_id: UUID) -> Iterator[str]:
    """Handles to try in turn; the last one carries the product's own id, which nobody else has."""
    base = slug(title)
    yield base
    yield from (f"{base}-{number}" for number in range(2, 10))
    yield f"{base}-{product_id.hex}"
