"""What the catalog has, for files that are about it: by SKU, and by the names that a channel has for a variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KnownVariant:
    """`price` is in minor units of the merchant's currency."""

    id: UUID
    handle: str
    title: str
    option_names: tuple[str, ...]
    option_values: tuple[str, ...]
    barcode: str
    price: int


@dataclass(frozen=True, slots=True)
class Known:
    """The merchant's variants by what files call them; None is a name that several have.

    `by_sku` is by the SKU alone. A channel's name is the item's code, or `code:subcode` for one of its variants:
    `listed` are the names under which the channel itself has what we listed there, `named` those of handle and SKU.
    """

    by_sku: Mapping[str, KnownVariant | None] = field(default_factory=dict)
    listed: Mapping[str, KnownVariant | None] = field(default_factory=dict)
    named: Mapping[str, KnownVariant | None] = field(default_factory=dict)

    def found(self, code: str, subcode: str) -> list[KnownVariant | None]:
        """What the surest of the names that are known means; empty where none is."""
        name = f"{code}:{subcode}" if subcode else code
        told = ((self.listed, name), (self.named, name), (self.by_sku, subcode or code))
        return next(([index[key]] for index, key in told if key in index), [])
