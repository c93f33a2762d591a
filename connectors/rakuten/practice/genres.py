"""The genres a practice store sells in, and what their attributes have to be.

Rakuten has thousands. These are a few with each kind of rule; two numbers are those of the RMS pages' own samples.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`kind` is STRING or NUMBER; `choices` are its dictionary where only those are taken; `units` where it has any."""

    name: str
    kind: str = "STRING"
    mandatory: bool = False
    max_length: int = 100
    most_values: int = 1
    choices: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Genre:
    """A place in the tree; only a `lowest` one takes items, and none that was `merged` into another."""

    name: str
    attributes: tuple[Attribute, ...] = ()
    lowest: bool = True
    merged: bool = False


_BRAND = Attribute(name="ブランド名")
_COLOUR = Attribute(name="代表カラー", choices=("ブルー", "ベージュ", "ホワイト", "ブラック", "レッド", "グリーン"))

GENRES: dict[str, Genre] = {
    "100227": Genre(name="食品", lowest=False),
    "206878": Genre(
        name="水・ミネラルウォーター",
        attributes=(
            Attribute(name="単位内容量", kind="NUMBER", mandatory=True, units=("ml", "l")),
            Attribute(name="総本数", kind="NUMBER"),
            _BRAND,
        ),
    ),
    "304571": Genre(name="アジ", attributes=(Attribute(name="シリーズ名", mandatory=True), _BRAND)),
    "210677": Genre(name="日本茶", attributes=(Attribute(name="原産国／製造国"), _BRAND)),
    "403885": Genre(
        name="マグカップ",
        attributes=(
            Attribute(name="素材（生地・毛糸）", choices=("陶器", "磁器", "ガラス"), most_values=2),
            _COLOUR,
            _BRAND,
        ),
    ),
    "565747": Genre(name="Tシャツ", attributes=(Attribute(name="メーカー型番", mandatory=True), _COLOUR, _BRAND)),
    "100999": Genre(name="統合済みのジャンル", merged=True),
}
