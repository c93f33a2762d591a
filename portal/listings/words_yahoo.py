"""Words for the codes of Yahoo! Shopping's store operations, as far as Yahoo! has published them."""

from __future__ import annotations

from collections.abc import Mapping

from portal.listings.wording import (
    LOOKING,
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

_UNREADABLE = ours(N_("We sent something Yahoo! couldn't read"), OUR_TURN)
_ITS_ERROR = wait(N_("%(channel)s had an error of its own"), LOOKING)
_ACCOUNT_CLOSED = at_channel(N_("Yahoo! has closed this store account"), N_("Ask Yahoo! why, then try again here."))
_IMAGE = edit(
    N_("Yahoo! doesn't have one of the images yet"),
    N_("Upload it in Store Creator Pro, or take it out here."),
    "/images",
)

WORDINGS: Mapping[str, Wording] = {
    "expired_token": reconnect(
        N_("Your Yahoo! permission has run out"), N_("One click renews it. Your listings stay live meanwhile.")
    ),
    "px-04102": reconnect(
        N_("Yahoo! signed us out after 12 hours"),
        N_("Reconnect now. With your store's public key it would stay for 28 days."),
    ),
    "px-14304": reconnect(
        N_("This Yahoo! sign-in may not manage the store"),
        N_("Reconnect as somebody who manages it in Store Creator Pro."),
    ),
    "insufficient_scope": reconnect(
        N_("This Yahoo! app may not manage stores"),
        N_("Whoever runs this installation registers the app for store operations; then reconnect."),
    ),
    "px-04303": at_channel(
        N_("Yahoo! hasn't opened orders for this app"), N_("Apply for the order functions at Yahoo!.")
    ),
    "px-04306": at_channel(
        N_("Yahoo! doesn't know the address we call from"), N_("Register this installation's address at Yahoo!.")
    ),
    "px-04307": at_channel(N_("Yahoo! doesn't let this app do this"), N_("Apply for the function at Yahoo!.")),
    "px-14303": at_channel(
        N_("Your business id isn't linked to this Yahoo! store"),
        N_("Link it in Store Creator Pro, then try again here."),
    ),
    **dict.fromkeys(("ed-00003", "ed-00004", "ed-00005"), _ACCOUNT_CLOSED),
    **dict.fromkeys(("ed-00001", "ed-10001", "st-02999", "od91001", "od91133"), _ITS_ERROR),
    **dict.fromkeys(("ed-00002", "st-02000"), wait(N_("%(channel)s is closed for maintenance"), NOTHING_TO_DO)),
    "ed-00006": wait(N_("%(channel)s is still busy with this store"), NOTHING_TO_DO),
    **dict.fromkeys(("px-04001", "od90101", "it-02001", "it-07004", "im-02001"), _UNREADABLE),
    **dict.fromkeys(("st-02100", "st-02101", "st-02102", "st-02103", "st-02105", "st-02106", "st-02107"), _UNREADABLE),
    "detail_missing": edit(
        N_("Yahoo! needs to know more of this product"),
        N_("Fill it in."),
        named=N_("Yahoo! needs the %(field)s"),
    ),
    "option_characters": edit(
        N_("An option has a sign Yahoo! doesn't take"), N_("Take out # | , : and =."), "/option_names"
    ),
    "too_many_options": edit(N_("Too many options"), N_("Yahoo! takes 2. Remove the others."), "/option_names"),
    "not_tried": wait(N_("%(channel)s stopped before this one was tried"), NOTHING_TO_DO),
    "nonce_mismatch": reconnect(N_("Yahoo!'s answer didn't belong to your visit"), N_("Connect once more.")),
    "unusable_public_key": reconnect(
        N_("The store's public key can't be used"), N_("Copy it again from Store Creator Pro.")
    ),
    "it-01004": edit(
        N_("Yahoo! doesn't take this item code"),
        N_("It takes half-width letters, digits and hyphens, 99 at most."),
        "/handle",
    ),
    "it-01011": edit(
        N_("Yahoo! needs a category of your store"), N_("Enter one that your store has."), "/details/path"
    ),
    "it-01012": edit(N_("Yahoo! needs a title"), N_("Fill it in."), "/title"),
    "it-01013": edit(
        N_("Yahoo! needs an item code"), N_("Give the product a handle of letters and digits."), "/handle"
    ),
    "it-01015": edit(N_("Yahoo! needs a price"), N_("Fill it in."), "/variants/price"),
    "it-01023": edit(
        N_("Yahoo! doesn't take this price"), N_("It takes whole yen, from 1 to 99,999,999."), "/variants/price"
    ),
    "it-01089": edit(
        N_("Yahoo! doesn't know this product category"),
        N_("Look its number up in Yahoo!'s list of product categories."),
        "/details/product_category",
    ),
    "it-14091": _IMAGE,
    "im-02005": _IMAGE,
    "order_unknown": at_channel(
        N_("Yahoo! doesn't know this order"), N_("Look for it in Store Creator Pro, then try again here.")
    ),
    "order_cancelled": at_channel(
        N_("This order is cancelled at Yahoo!"), N_("Keep the parcel back, or ask the buyer to return it.")
    ),
    "order_shipped": at_channel(
        N_("This order has left, so it wasn't cancelled"),
        N_("When the buyer has sent it back, cancel it in Store Creator Pro."),
    ),
    "second_parcel": at_channel(
        N_("Yahoo! takes one parcel an order, and has one already"),
        N_("Tell the buyer the other number from Store Creator Pro."),
    ),
    "st-02104": edit(N_("Yahoo! doesn't take this stock"), N_("Its own message says why."), "/variants/quantity"),
}
