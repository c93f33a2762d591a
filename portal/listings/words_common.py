"""Words for the codes every channel shares (our own, in lower case) and for codes nobody has words for yet."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import UNDER_WAY, ProblemClass
from portal.listings.causes import STOCK_DISPUTED
from portal.listings.wording import (
    LOOKING,
    N_,
    NOTHING_TO_DO,
    OUR_TURN,
    Button,
    Wording,
    at_channel,
    edit,
    ours,
    reconnect,
    wait,
)

NOT_READY = "not_ready"
ALREADY_ON_CHANNEL = "already_on_channel"
CODE_IN_CATALOG = "code_in_catalog"
# What we found before anything was sent.
OUR_OWN_LOOK = frozenset({NOT_READY, ALREADY_ON_CHANNEL, CODE_IN_CATALOG})


WORDINGS: Mapping[str, Wording] = {
    NOT_READY: edit(N_("This product isn't ready for %(channel)s"), N_("Fill in what is missing.")),
    ALREADY_ON_CHANNEL: Wording(
        N_("This product is already on %(channel)s"),
        N_("Link yours to it, or list yours as a new product under another web address. Nothing was changed there."),
        Button.CHOOSE,
    ),
    CODE_IN_CATALOG: edit(
        N_("At %(channel)s this barcode belongs to another brand"),
        N_("Buyers would see that item and its pictures. If it is yours, sell on it; if not, use a code of your own."),
        "/variants/barcode",
    ),
    "HANDLE_NOT_UNIQUE": Wording(
        N_("Another product at %(channel)s uses this web address"),
        N_("List yours under another handle, the last part of its web address. Nothing was changed there."),
        Button.CHOOSE,
        "/handle",
    ),
    STOCK_DISPUTED: Wording(
        N_("Somebody else keeps changing the stock at %(channel)s"),
        N_(
            "Our number was sent again several times and did not stay. Stop whatever else writes stock there, then send"
            " our number again from the listing."
        ),
        Button.CHANNEL,
    ),
    "PRODUCT_DOES_NOT_EXIST": at_channel(
        N_("%(channel)s no longer has this product"),
        N_("It may have been deleted there. Restore it at %(channel)s, or end this listing and publish again."),
    ),
    "refused": edit(N_("%(channel)s rejected this product"), N_("Read its own message and change the product.")),
    "currency_mismatch": edit(
        N_("The prices are in another currency than %(channel)s sells in"),
        N_("Connect an account that sells in your currency."),
        "/variants/price",
    ),
    "picture_lost": edit(
        N_("An image is lost"),
        N_("Nothing is at its address any more. Replace or remove it; %(channel)s gets the product then."),
        "/images",
    ),
    "picture_unfit": edit(N_("An image can't be used"), N_("Replace or remove it."), "/images"),
    "picture_unreachable": edit(
        N_("An image opens for you, not for us"),
        N_("%(channel)s shows only images we hand over. Upload a copy."),
        "/images",
    ),
    "picture_unstable": wait(N_("An image couldn't be fetched"), NOTHING_TO_DO),
    UNDER_WAY: wait(
        N_("The images are on their way to %(channel)s"), N_("Nothing to do. The product follows in some seconds.")
    ),
    "unreachable": wait(N_("%(channel)s can't be reached"), NOTHING_TO_DO),
    "rate_limit": wait(N_("%(channel)s is limiting requests"), NOTHING_TO_DO),
    "renewal_under_way": wait(N_("We are renewing the access to %(channel)s"), NOTHING_TO_DO),
    "no_answer": wait(N_("%(channel)s didn't answer"), LOOKING),
    "answer_too_large": wait(N_("%(channel)s sent an answer we couldn't read"), LOOKING),
    "unreadable_answer": wait(N_("%(channel)s sent an answer we couldn't read"), LOOKING),
    "no_result": wait(N_("%(channel)s didn't say what became of it"), LOOKING),
    "no_credentials": reconnect(N_("We have no access to %(channel)s"), N_("Connect the same account again.")),
    "no_refresh_token": reconnect(
        N_("The access to %(channel)s has run out"), N_("One click renews it. Your listings stay live meanwhile.")
    ),
    "invalid_grant": reconnect(
        N_("Your permission for %(channel)s has ended"),
        N_("It was cancelled or ran out. Connect the same account again."),
    ),
    "unusable_token": reconnect(
        N_("The access token for %(channel)s can't be used"), N_("Enter it again, exactly as %(channel)s shows it.")
    ),
    "http_429": wait(N_("%(channel)s is limiting requests"), NOTHING_TO_DO),
    "http_500": wait(N_("%(channel)s had an error of its own"), LOOKING),
    "http_502": wait(N_("%(channel)s had an error of its own"), LOOKING),
    "http_503": wait(N_("%(channel)s is not available right now"), NOTHING_TO_DO),
    "http_504": wait(N_("%(channel)s took too long"), LOOKING),
    "no_operation": wait(N_("%(channel)s didn't say what became of it"), LOOKING),
    "deadline_passed": wait(N_("%(channel)s took longer than anybody waits"), LOOKING),
    "quarantined": ours(N_("We had to set this aside: trying it stopped our workers"), OUR_TURN),
    "no_access_token": ours(N_("We couldn't read the access %(channel)s gave"), OUR_TURN),
}

BY_CLASS: Mapping[ProblemClass, Wording] = {
    ProblemClass.DATA: Wording(
        N_("%(channel)s rejected this product"),
        N_("Read %(channel)s's own message. Change the product, or try again once you have put it right there."),
        Button.EDIT,
        retry_helps=True,
    ),
    ProblemClass.PERMISSION: reconnect(
        N_("%(channel)s no longer lets us do this"),
        N_("Reconnect with the same account. What waits goes out right after."),
    ),
    ProblemClass.ACCOUNT: at_channel(
        N_("%(channel)s refused because of the account"), N_("Put it right at %(channel)s, then try again here.")
    ),
    ProblemClass.BUSY: wait(N_("%(channel)s couldn't take it just now"), NOTHING_TO_DO),
    ProblemClass.UNKNOWN: wait(N_("No clear answer came from %(channel)s"), LOOKING),
    ProblemClass.OURS: ours(N_("Something went wrong on our side"), OUR_TURN),
}
