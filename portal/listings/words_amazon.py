"""Words for Amazon's issue codes and for the refusals of its sign-in and gateway.

The codes are those that sellers and Amazon itself have shown in public; Amazon publishes no list.
"""

from __future__ import annotations

from collections.abc import Mapping

from portal.listings.wording import (
    N_,
    NOTHING_TO_DO,
    OUR_TURN,
    Wording,
    at_channel,
    edit,
    ours,
    reconnect,
    wait,
)

_ATTRIBUTES = "/details/amazon_attributes"
_CONFLICT = edit(
    N_("Amazon already has this product code for another product"),
    N_("Check the code on the box. If it is right, look the item up on Amazon and sell on it instead."),
    "/variants/barcode",
)
_OTHER_BRAND = edit(
    N_("This product code is registered to another brand"),
    N_("Check the barcode on the box. If the brand is yours, Amazon asks for its GS1 certificate."),
    "/variants/barcode",
)
_MAIN_IMAGE = edit(
    N_("Amazon doesn't take the main image"),
    N_("A photograph of the product alone, on white, without text, logo or frame."),
    "/images",
)
_UNREADABLE = ours(N_("We sent something Amazon couldn't read"), OUR_TURN)
_REVOKED = reconnect(
    N_("Your Amazon permission has ended"),
    N_("It was cancelled or ran out: Amazon renews it about once a year. Your listings stay live meanwhile."),
)

WORDINGS: Mapping[str, Wording] = {
    "invalid_grant": _REVOKED,
    "Unauthorized": reconnect(
        N_("Amazon no longer lets us in"),
        N_("Reconnect with the same seller account. What waits goes out right after."),
    ),
    "not_participating": at_channel(
        N_("This seller doesn't sell on this marketplace"),
        N_("Open the marketplace in Seller Central, or connect another one."),
    ),
    "suspended_listings": at_channel(
        N_("Amazon has suspended this seller's listings"), N_("Seller Central says why. Then try again here.")
    ),
    "QuotaExceeded": wait(N_("Amazon asked us to slow down"), NOTHING_TO_DO),
    **dict.fromkeys(
        ("InternalFailure", "ServiceUnavailable"), wait(N_("Amazon had an error of its own"), NOTHING_TO_DO)
    ),
    **dict.fromkeys(
        ("invalid_client", "unauthorized_client", "invalid_request"),
        ours(
            N_("Amazon no longer knows this installation"),
            N_("Whoever runs it has to renew its secret at Amazon. Nothing of yours is lost; it waits."),
        ),
    ),
    **dict.fromkeys(("InvalidInput", "BAD_REQUEST", "400"), _UNREADABLE),
    "90220": edit(
        N_("Amazon needs to know more of this product"),
        N_("Its own message names what. Add it to the Amazon attributes, one a line."),
        _ATTRIBUTES,
        named=N_("Amazon needs the %(field)s"),
    ),
    **dict.fromkeys(
        ("90000900", "99022"),
        edit(
            N_("Amazon doesn't take one of the attributes"),
            N_("Its own message names which. Mend or remove its line."),
            _ATTRIBUTES,
            named=N_("Amazon doesn't take the %(field)s"),
        ),
    ),
    "8541": _CONFLICT,
    "8572": _OTHER_BRAND,
    "5461": _OTHER_BRAND,
    "8566": edit(
        N_("Amazon can't make a new item of this"),
        N_("It needs a registered UPC, EAN or JAN, or your brand's exemption from one."),
        "/variants/barcode",
    ),
    "23901": edit(
        N_("The product code has too few or too many digits"),
        N_("A UPC has 12, an EAN or JAN 13. A spreadsheet may have dropped a zero at the start."),
        "/variants/barcode",
    ),
    "8008": edit(N_("Amazon doesn't know one of the variants"), N_("Publish the product once more."), "/variants"),
    "20005": edit(
        N_("Amazon couldn't attach the images"),
        N_("Most often the product code is the reason: mend what else it says first."),
        "/images",
    ),
    **dict.fromkeys(("18027", "18320"), _MAIN_IMAGE),
    "18155": edit(
        N_("The lowest price allowed is above the price"),
        N_("Raise the price, or lower the limit in Seller Central."),
        "/variants/price",
    ),
    "18448": edit(
        N_("Amazon recommends more attributes"), N_("Its own message names them. It sells without them."), _ATTRIBUTES
    ),
    "6024": at_channel(
        N_("Amazon hasn't approved you for this brand"),
        N_("Ask for approval in Seller Central, then try again here. Editing the product won't help."),
    ),
    "APPROVAL_REQUIRED": at_channel(
        N_("Amazon wants to approve you for this item first"),
        N_("Ask for approval in Seller Central, then try again here."),
    ),
    "NOT_ELIGIBLE": at_channel(
        N_("Amazon doesn't let you sell this item"), N_("Seller Central says whether that can change.")
    ),
    "ASIN_NOT_FOUND": edit(N_("Amazon doesn't have this item"), N_("Check the ASIN."), "/details/amazon_asin"),
    "18742": at_channel(
        N_("Amazon doesn't allow this product"),
        N_("It is on its list of restricted products. Seller Central says what can be done."),
    ),
    "99300": edit(
        N_("Amazon hides a text that breaks its rules"),
        N_("Take out what does not describe the product itself."),
        "/description_html",
    ),
    "100390": at_channel(
        N_("Amazon wants compliance documents"), N_("Upload them in Seller Central, then try again here.")
    ),
    "feed_cancelled": wait(N_("Amazon stopped before it was done"), NOTHING_TO_DO),
    "feed_fatal": wait(N_("Amazon could not work on it"), NOTHING_TO_DO),
}
