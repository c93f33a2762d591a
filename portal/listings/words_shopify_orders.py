"""Words for Shopify's codes about orders: orderCreate and orderCancel (2026-07)."""

from __future__ import annotations

from collections.abc import Mapping

from portal.listings.wording import LOOKING, N_, NOTHING_TO_DO, OUR_TURN, Wording, at_channel, ours, reconnect, wait

_NOT_READ = ours(N_("%(channel)s couldn't read our request"), OUR_TURN)

WORDINGS: Mapping[str, Wording] = {
    "INVALID": at_channel(
        N_("%(channel)s doesn't take this order as it is"),
        N_("Its own message says why. Put it right at %(channel)s or here, then try again."),
    ),
    "INVENTORY_CLAIM_FAILED": at_channel(
        N_("%(channel)s has too little stock for this order"), N_("Count it again there, then try again.")
    ),
    "already_cancelled": at_channel(N_("This order is cancelled at %(channel)s already"), NOTHING_TO_DO),
    "cancelling": wait(N_("%(channel)s is cancelling this order"), NOTHING_TO_DO),
    "not_cancelled": wait(N_("%(channel)s didn't say what became of the cancellation"), LOOKING),
    "no_order": wait(N_("%(channel)s didn't say what became of the order"), LOOKING),
    "no_price": at_channel(
        N_("A line of this order has no price yet"),
        N_("The marketplace says it later. Try again then, or create the order at %(channel)s by hand."),
    ),
    "INTERNAL_ERROR": wait(N_("%(channel)s had an error of its own"), NOTHING_TO_DO),
    "SHOP_DORMANT": at_channel(
        N_("This shop is not active at %(channel)s"), N_("Reopen it in the shop's admin, then try again.")
    ),
    "no_topic": reconnect(
        N_("%(channel)s needs your OK for one more permission"), N_("Approve it there; nothing else changes.")
    ),
    "NO_REFUND_PERMISSION": reconnect(
        N_("The person who connected %(channel)s may not do this"),
        N_("Reconnect as somebody whose staff account may cancel and refund orders."),
    ),
    **dict.fromkeys(
        (
            "FULFILLMENT_SERVICE_INVALID NO_REFUND_TO_STORE_CREDIT_PERMISSION PROCESSED_AT_INVALID"
            " REDUNDANT_CUSTOMER_FIELDS STORE_CREDIT_REFUND_B2B_NOT_SUPPORTED"
            " STORE_CREDIT_REFUND_EXPIRATION_IN_PAST STORE_CREDIT_REFUND_MISSING_CUSTOMER TAX_LINE_RATE_MISSING"
            " not_a_marketplace"
        ).split(),
        _NOT_READ,
    ),
}
