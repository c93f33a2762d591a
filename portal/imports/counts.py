"""What a file would bring: the dry run adds up the very products the import saves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from portal.imports.mapping import Mapping
from portal.imports.products import read_products
from portal.imports.reading import Table
from portal.imports.records import ImportedProduct, RowProblem, Severity


@dataclass
class Counts:
    """`rows` are those under the header that are not blank; `rows_refused` those of which the report says why.

    A refused row may still have given its product an image or a title. `causes` counts problems by code.
    """

    rows: int = 0
    rows_refused: int = 0
    products: int = 0
    variants: int = 0
    images: int = 0
    quantity: int = 0
    notes: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, product: ImportedProduct | None, problems: list[RowProblem]) -> None:
        """The counts include one more outcome of `read_products`."""
        refused = {problem.row for problem in problems if problem.severity is Severity.ROW}
        self.rows += product.row_count if product else len(refused)
        self.rows_refused += len(refused)
        self.notes += sum(problem.severity is Severity.NOTE for problem in problems)
        self.causes.update(problem.code for problem in problems)
        if product:
            self.products += not product.continues
            self.variants += len(product.variants)
            self.images += len(product.images)
            self.quantity += sum(variant.quantity or 0 for variant in product.variants)


def count(path: Path, table: Table, mapping: Mapping, currency: str) -> Counts:
    """The counts of the whole file. Raises UnreadableFile."""
    counts = Counts()
    for product, problems in read_products(path, table, mapping, currency):
        counts.add(product, problems)
    return counts
