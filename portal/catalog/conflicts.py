"""Two people edit one product: what differs, and a form that takes the chosen side of each difference. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace

from portal.catalog.sheets import OPTIONS, Sheet


@dataclass(frozen=True, slots=True)
class Difference:
    """`name` is a control's name, `variant-<key>` for a whole row, or `images`. A missing row is None.

    `touched` says the reader changed it too; what they never touched is theirs by default.
    """

    name: str
    mine: str | None
    theirs: str | None
    touched: bool


def seen(sheet: Sheet) -> str:
    """What the form carries along, so that a later save knows what its writer was looking at."""
    return json.dumps({name: _digest(text) for name, text in sheet.flat().items()}, separators=(",", ":"))


def differences(mine: Sheet, theirs: Sheet, seen_by_me: str) -> list[Difference]:
    """Where somebody else's save since then and this form disagree; empty when nothing would be lost."""
    before = _parsed(seen_by_me)
    my, their = mine.flat(), theirs.flat()
    found: dict[str, Difference] = {}
    for key in dict.fromkeys([*theirs.variants, *mine.variants]):
        whole = f"variant-{key}"
        known = any(name.startswith(f"{whole}-") for name in before)
        if key in theirs.variants and key not in mine.variants and not known:
            found[whole] = Difference(whole, None, label(theirs, key), touched=False)
        elif key in mine.variants and key not in theirs.variants and known:
            touched = any(before.get(f"{whole}-{name}") != _digest(text) for name, text in mine.variants[key].items())
            found[whole] = Difference(whole, label(mine, key), None, touched=touched)
    for name in their:
        if name in my and my[name] != their[name] and before.get(name) != _digest(their[name]):
            found[name] = Difference(name, my[name], their[name], touched=before.get(name) != _digest(my[name]))
    return list(found.values())


def take(mine: Sheet, theirs: Sheet, names: Collection[str]) -> Sheet:
    """My form with their side of the named differences."""
    values = {name: theirs.values[name] if name in names else text for name, text in mine.values.items()}
    variants: dict[str, dict[str, str]] = {}
    for key, row in mine.variants.items():
        if f"variant-{key}" in names and key not in theirs.variants:
            continue
        their_row = theirs.variants.get(key, row)
        variants[key] = {
            name: their_row[name] if f"variant-{key}-{name}" in names else text for name, text in row.items()
        }
    for key, row in theirs.variants.items():
        if key not in mine.variants and f"variant-{key}" in names:
            variants[key] = dict(row)
    images = theirs.images if "images" in names else mine.images
    return Sheet(values=values, variants=variants, images=[replace(line) for line in images])


def label(sheet: Sheet, key: str) -> str:
    """A variant in a few words: its options, else its SKU."""
    row = sheet.variants[key]
    options = [row[name] for name in OPTIONS if row[name]]
    return " / ".join(options) or row["sku"]


def _parsed(text: str) -> dict[str, str]:
    """What an old or broken token says is nothing: then everything that differs is shown."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _digest(text: str) -> str:
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
