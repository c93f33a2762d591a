from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.imports import formats, mapping, products, reading
from portal.imports.records import ImportedProduct, RowProblem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "imports"
Outcomes = tuple[list[ImportedProduct], list[RowProblem]]


def read(path: Path, currency: str = "EUR") -> Outcomes:
    """All of a file, as nobody but a test may hold it: its products, and its problems."""
    table = reading.open_table(path)
    suggested = mapping.suggest(table.headers, formats.recognise(table.headers))
    made: list[ImportedProduct] = []
    said: list[RowProblem] = []
    for product, problems in products.read_products(path, table, suggested, currency):
        made.extend([product] if product else [])
        said.extend(problems)
    return made, said


@pytest.fixture
def read_text(tmp_path: Path) -> Callable[..., Outcomes]:
    def write_and_read(text: str, currency: str = "EUR") -> Outcomes:
        path = tmp_path / "file.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return read(path, currency)

    return write_and_read


@pytest.fixture
def fixtures() -> Path:
    return FIXTURES
