"""Words for Rakuten's codes: RMS WEB SERVICE, item API 2.0, inventory API 2.1 and the gateway before them."""

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

_OWN_WORDS = N_("Its own message says why. Change it, and we send it again.")
_KEY_ENDED = reconnect(
    N_("Rakuten's licence key has ended, or a function isn't switched on"),
    N_(
        "A key lasts 90 days. Make a new one in RMS and paste it here; it can take 30 minutes to work. If it is new,"
        " tick the item and inventory functions in RMS."
    ),
)
_ORDER_EXT = "ORDER_EXT_API_"
_ORDER_BUSY = wait(N_("Rakuten is working on this order"), NOTHING_TO_DO)
_ORDER_DOUBT = wait(N_("Rakuten didn't say what became of it"), LOOKING)
_ORDER_UNREADABLE = ours(N_("We asked about an order in a way Rakuten couldn't read"), OUR_TURN)
_ORDERS_OFF = at_channel(
    N_("Orders aren't switched on for this key in RMS"),
    N_(
        "Tick the order functions (RakutenPayOrderAPI) in RMS, in the settings of the licence key. Orders are then read"
        " again by themselves."
    ),
)
_SLOWER = wait(N_("%(channel)s is limiting requests"), NOTHING_TO_DO)
_ITS_ERROR = wait(N_("%(channel)s had an error of its own"), LOOKING)
_GENRE = edit(
    N_("Rakuten no longer sells in this genre"),
    N_("Look the genre up in RMS and enter its number."),
    "/details/genre_id",
)
_ATTRIBUTES = edit(
    N_("Rakuten wants other attributes in this genre"),
    N_("Its own message names them. Enter each on a line of its own, as name: value."),
    "/details/genre_attributes",
)
_TEXT = edit(
    N_("A text holds something Rakuten doesn't show"),
    N_("Its own message says what. Take it out."),
    "/description_html",
)
_SELECTORS = edit(
    N_("Rakuten can't tell the variants apart as they are"),
    N_("Give every variant one value for each option."),
    "/variants",
)
_IMAGE = edit(
    N_("Rakuten doesn't take one of the images"), N_("Use a GIF, JPEG or PNG that lies in R-Cabinet."), "/images"
)
_UNREADABLE = ours(N_("We sent something Rakuten couldn't read"), OUR_TURN)


def _of_orders(functions: str, numbers: str, wording: Wording) -> dict[str, Wording]:
    """The order API has the same numbers for each of its functions."""
    return {f"{_ORDER_EXT}{name}_{number}": wording for name in functions.split() for number in numbers.split()}


_READS, _WRITES = "SEARCH_ORDER GET_ORDER", "CONFIRM_ORDER UPDATE_ORDERSHIPPING CANCEL_ORDER"
_ALL = f"{_READS} {_WRITES}"

WORDINGS: Mapping[str, Wording] = {
    **_of_orders(_ALL, "WARNING_001", _ORDER_BUSY),
    **_of_orders(_READS, "ERROR_000", _ORDER_BUSY),
    **_of_orders("GET_ORDER", "ERROR_101", _ORDER_BUSY),
    **_of_orders("UPDATE_ORDERSHIPPING", "ERROR_111", _ORDER_BUSY),
    **_of_orders("CANCEL_ORDER", "ERROR_107", _ORDER_BUSY),
    **_of_orders(_WRITES, "ERROR_000", _ORDER_DOUBT),
    **_of_orders(_ALL, "ERROR_001 ERROR_002 ERROR_003 ERROR_009 ERROR_010 ERROR_013 ERROR_014", _ORDER_UNREADABLE),
    **_of_orders(_ALL, "ERROR_016", _ORDER_UNREADABLE),
    **_of_orders(f"{_READS} CONFIRM_ORDER CANCEL_ORDER", "ERROR_011", _ORDER_UNREADABLE),
    **_of_orders("SEARCH_ORDER", "ERROR_101 ERROR_102 ERROR_103", _ORDER_UNREADABLE),
    **_of_orders("UPDATE_ORDERSHIPPING", "ERROR_018 ERROR_106 ERROR_109 ERROR_110", _ORDER_UNREADABLE),
    **{f"{_ORDER_EXT}ERROR_00{number}": _ORDER_UNREADABLE for number in (1, 2, 3, 4)},
    **dict.fromkeys(("ES01-01", "GA0001", "ES04-01", "DR0007"), _KEY_ENDED),
    "orders_not_switched_on": _ORDERS_OFF,
    **dict.fromkeys(("ES01-03", "ES01-04", "ES01-05", "GA0003"), _SLOWER),
    **dict.fromkeys(("ES01-06", "ES01-07", "ES02-01", "ES02-02", "ES02-03", "ES03-01", "ES03-02", "X0000"), _ITS_ERROR),
    **dict.fromkeys(("GE0019", "DR0001", "DR0002", "DR0003", "DR0004", "IE0200"), _ITS_ERROR),
    **dict.fromkeys(("IE0146", "IE0274"), _GENRE),
    **dict.fromkeys(("IE0418", "IE1001", "IE1002"), _ATTRIBUTES),
    **dict.fromkeys(("IE0215", "IE0216", "IE0217", "IE0218", "IE0270", "IE0271", "IE0272", "IE0278", "IE0425"), _TEXT),
    **dict.fromkeys(("IE0114", "IE0156", "IE0158", "IE0211", "IE0269", "IE0229", "IE0416"), _SELECTORS),
    **dict.fromkeys(("IE0223", "IE0224", "IE0252"), _IMAGE),
    **dict.fromkeys(
        ("DR0005", "DR0006", "ES04-02", "ES04-03", "ES04-04", "ES05-05", "ES05-06", "GE0007", "GE0011", "GE0012"),
        _UNREADABLE,
    ),
    **dict.fromkeys(
        ("IE0113", "IE0135", "IE0500", "IE1003", "IE1004", "IE1005", "IE1101", "IE1102", "IE1106"), _UNREADABLE
    ),
    "IE0199": at_channel(
        N_("Your Rakuten shop may not sell in this genre yet"), N_("Ask Rakuten for it in RMS, then try again here.")
    ),
    **dict.fromkeys(("3001", "3004", "3005", "3014", "3015"), _UNREADABLE),
    **dict.fromkeys(
        ("3002", "3003"), at_channel(N_("R-Cabinet is closed for this shop"), N_("Ask Rakuten why in RMS."))
    ),
    **dict.fromkeys(
        ("3006", "3012", "3013"),
        at_channel(N_("R-Cabinet is full"), N_("Delete images there, or ask for more room in RMS.")),
    ),
    "AuthError": at_channel(N_("R-Cabinet was never opened"), N_("Open it once in RMS, then try again here.")),
    "1001": wait(N_("%(channel)s is not available right now"), NOTHING_TO_DO),
    "3008": edit(N_("An image is larger than Rakuten takes"), N_("It takes 2 MB. Make the file smaller."), "/images"),
    "3009": edit(N_("An image has more pixels than Rakuten takes"), N_("It takes 3840 × 3840."), "/images"),
    "3010": edit(N_("Rakuten doesn't take this kind of image"), N_("Use a JPEG, PNG or GIF."), "/images"),
    "3011": edit(N_("An image can't be opened"), N_("Save it again, or choose another."), "/images"),
    "genre_missing": edit(
        N_("Rakuten needs a genre"), N_("Look the genre up in RMS and enter its number."), "/details/genre_id"
    ),
    "attributes_unreadable": edit(
        N_("We can't read the Rakuten attributes"),
        N_("Enter each on a line of its own, as name: value."),
        "/details/genre_attributes",
    ),
    "unusable_keys": reconnect(N_("The RMS keys can't be used"), N_("Paste both again, exactly as RMS shows them.")),
    "not_tried": wait(N_("%(channel)s stopped before this one was tried"), NOTHING_TO_DO),
    **dict.fromkeys(("not_a_stock_id", "not_a_variant_id", "never_sent"), _UNREADABLE),
    "ES01-02": wait(N_("%(channel)s is closed for maintenance"), NOTHING_TO_DO),
    "GE0017": wait(N_("%(channel)s is closed for maintenance"), NOTHING_TO_DO),
    "CE0001": wait(N_("%(channel)s is still busy with this product"), NOTHING_TO_DO),
    "IE0001": edit(
        N_("A field is empty that %(channel)s needs"), N_("Fill it in."), named=N_("%(channel)s needs the %(field)s")
    ),
    "IE0002": edit(
        N_("%(channel)s doesn't take one of the values"), _OWN_WORDS, named=N_("%(channel)s doesn't take the %(field)s")
    ),
    "IE0003": edit(
        N_("A number is outside of what %(channel)s takes"), _OWN_WORDS, named=N_("Too high or too low: %(field)s")
    ),
    "IE0004": edit(
        N_("A text is longer than %(channel)s takes"),
        N_("A title may have 255 bytes: 127 full-width characters. Shorten it."),
        named=N_("Too long for %(channel)s: %(field)s"),
    ),
    "IE0007": edit(
        N_("%(channel)s doesn't take one of the values"), _OWN_WORDS, named=N_("%(channel)s doesn't take the %(field)s")
    ),
    "IE0104": edit(
        N_("The price is too low for a point campaign"),
        N_("Set at least 100 yen, or end the campaign in RMS."),
        "/variants/price",
    ),
    "IE0117": edit(N_("The stock is outside of what Rakuten takes"), N_("It takes 0 to 99999."), "/variants/quantity"),
    "IE0228": edit(
        N_("The barcode can't be right"),
        N_("Its last digit is a check digit. Compare it with the label on the product."),
        "/variants/barcode",
    ),
    "IE0185": at_channel(N_("Your Rakuten plan doesn't allow this"), N_("RMS says what the plan includes.")),
    "IE0197": at_channel(N_("Your Rakuten shop is full"), N_("Delete items in RMS, or ask for more room there.")),
    "IE0203": at_channel(N_("Your Rakuten shop needs a permit for this"), N_("Ask for it in RMS.")),
    "IE0230": at_channel(N_("Rakuten has fixed this field itself"), N_("Only Rakuten can change it. Ask in RMS.")),
    "IE0292": at_channel(N_("Your Rakuten shop may not do this"), N_("Its own message says why. Ask in RMS.")),
    "IE0428": at_channel(N_("Your Rakuten shop may not do this"), N_("Its own message says why. Ask in RMS.")),
    "IE1105": at_channel(N_("Your Rakuten shop doesn't know SKUs yet"), N_("Ask Rakuten to move the shop to SKUs.")),
    "GE0014": at_channel(
        N_("%(channel)s can't find what this listing belongs to"),
        N_("It may have been deleted in RMS. End this listing and publish again."),
    ),
    "GE0020": edit(
        N_("This product is larger than %(channel)s takes at once"), N_("Shorten its texts, or split it in two.")
    ),
}
