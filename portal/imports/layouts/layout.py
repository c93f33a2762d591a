"""What a channel's own file is, and how its rows become rows of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from portal.imports.reading import Remark

Cells = Mapping[str, str]
# A row of ours: field to text; or why a row of the file becomes none.
Told = dict[str, str] | Remark
# A row of the file and its number, and what it becomes.
Read = Callable[[Iterable[tuple[int, Cells]]], Iterator[tuple[int, Told]]]


@dataclass(frozen=True)
class Layout:
    """`fields` are ours with the column each is shown under.

    `used` says whether a column of the file has gone into `fields`; every other is kept as a note. `spelled` is a
    column's name as `read` knows it; of two that it calls the same the first counts, the other is a note. `references`
    says that letters the file's encoding lacks stand as references. `needs` are the columns of which a file must have
    one, for a field that a file without them leaves as it is; fields not there are always filled.
    """

    fields: Mapping[str, str]
    used: Callable[[str], bool]
    read: Read
    spelled: Callable[[str], str] = str
    references: bool = False
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def text(row: Cells, *names: str) -> str:
    """The first of these columns that is filled."""
    return next((row[name] for name in names if row.get(name)), "")


def each_needs_its_own(fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """`needs` where each field has the column it is shown under; what tells products apart is always there."""
    always = ("handle", "title", *(f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")))
    return {name: (column,) for name, column in fields.items() if name not in always}
