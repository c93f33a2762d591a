"""What waits, in a merchant's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.i18n import listed, ngettext

SAID: Mapping[str, Callable[[int], str]] = {
    "stock": lambda n: ngettext("%(num)d stock update", "%(num)d stock updates", n) % {"num": n},
    "price": lambda n: ngettext("%(num)d price update", "%(num)d price updates", n) % {"num": n},
    "store_order": lambda n: ngettext("%(num)d order to create", "%(num)d orders to create", n) % {"num": n},
    "shipped": lambda n: ngettext("%(num)d parcel to tell of", "%(num)d parcels to tell of", n) % {"num": n},
    "cancel_order": lambda n: ngettext("%(num)d cancellation", "%(num)d cancellations", n) % {"num": n},
    "publish": lambda n: ngettext("%(num)d new listing", "%(num)d new listings", n) % {"num": n},
    "update": lambda n: ngettext("%(num)d listing update", "%(num)d listing updates", n) % {"num": n},
    "end": lambda n: ngettext("%(num)d listing to end", "%(num)d listings to end", n) % {"num": n},
}


def waiting(by_kind: Mapping[str, int]) -> str:
    """ "38 stock updates and 2 new listings"; empty when nothing of what a merchant would miss waits."""
    return listed(say(by_kind[kind]) for kind, say in SAID.items() if by_kind.get(kind))
