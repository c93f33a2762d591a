"""What a channel's own file is, and how its rows become rows of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

Cells = Mapping[str, str]
# A row of the file and its number, and a row of ours: field to text.
Read = Callable[[Iterable[tuple[int, Cells]]], Iterator[tuple[int, dict[str, str]]]]


@dataclass(frozen=True)
class Layout:
    """`fields` are ours with the column each is shown under.

    `used` says whether a column of the file has gone into `fields`; every other is kept as a note. `spelled` is a
    column's name as `read` knows it. `references` says that letters the file's encoding lacks stand as references.
    """

    fields: Mapping[str, str]
    used: Callable[[str], bool]
    read: Read
    spelled: Callable[[str], str] = str
    references: bool = False


def text(row: Cells, *names: str) -> str:
    """The first of these columns that is filled."""
    return next((row[name] for name in names if row.get(name)), "")
