"""Why stock moved, in the merchant's words."""

from __future__ import annotations

from portal.i18n import _

BY_HAND = ("counted", "received", "damaged", "returned", "other")


def reasons() -> list[tuple[str, str]]:
    """What a person may give as the reason, the usual one first."""
    return [(cause, words(cause)) for cause in BY_HAND]


def words(cause: str) -> str:
    """A cause as a person reads it; one that is new to this page is shown as it is."""
    known = {
        "counted": _("Counted"),
        "received": _("Received"),
        "damaged": _("Damaged or lost"),
        "returned": _("Returned"),
        "other": _("Other change by hand"),
        "import": _("Import"),
        "changed_at_channel": _("Changed at the channel"),
        "locations_changed": _("Other locations count"),
        "order": _("Order"),
        "order_back": _("Cancelled order"),
        "order_return": _("Sent back by a buyer"),
        "bundle": _("Became a bundle"),
        "offer_linked": _("Offer linked to its product"),
    }
    return known.get(cause, cause)
