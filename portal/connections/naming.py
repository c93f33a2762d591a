"""What a channel's account and keys are called, and where a merchant finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.protocol import Capabilities
from portal.i18n import _


@dataclass(frozen=True, slots=True)
class KeyField:
    name: str
    label: str
    secret: bool
    stays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """`account` labels the field for the account's name. `keys_from` says where the keys are, `registering` what
    the operator sets before the consent page can be used.
    """

    account: str
    account_hint: str
    account_suffix: str = ""
    keys_title: str
    keys_from: str
    keys: Sequence[KeyField]
    registering: str = ""


def naming(channel: str, can: Capabilities) -> Naming:
    """The words for one channel; general ones for a channel that has none of its own."""
    keys = [KeyField(key.name, _key_label(channel, key.name), key.secret, key.stays) for key in can.keys]
    return _BY_CHANNEL.get(channel, _of_any)(keys)


def speed(channel: str) -> str:
    """How fast the channel takes what we send; empty for one we have no figures of."""
    return {
        "shopify": _("about one product a second; stock up to 250 at a time"),
        "amazon": _("five products or stock changes a second; thousands at a time by feeds, which take minutes"),
        "rakuten": _("about one product every two seconds; stock up to 400 at a time"),
        "yahoo": _("a product about every two seconds; stock up to 1,000 at a time"),
    }.get(channel, "")


def unit_name(unit: str) -> str:
    """A channel's unit of length (see connectors.measures) as people call it."""
    return {
        "characters": _("characters"),
        "bytes": _("bytes"),
        "double_bytes": _("bytes"),
        "full_widths": _("full-width characters"),
    }[unit]


def practice_account(channel: str, currency: str) -> str:
    """The account to practise with at a channel whose accounts are not named after merchants; empty at the others."""
    if channel == "amazon":
        return "amazon.co.jp" if currency == "JPY" else "amazon.com"
    return ""


def _of_any(keys: Sequence[KeyField]) -> Naming:
    return Naming(account=_("Account"), account_hint="", keys_title=_("With keys"), keys_from="", keys=keys)


def _of_shopify(keys: Sequence[KeyField]) -> Naming:
    return Naming(
        account=_("Shop address"),
        account_hint=_("The part before .myshopify.com is enough."),
        account_suffix=".myshopify.com",
        keys_title=_("With an access token"),
        keys_from=_(
            "In your shop's admin: Settings → Apps and sales channels → Develop apps → your app → API credentials."
            " The token begins with shpat_. Shopify lets nobody make new apps there since 2026; one you have goes on"
            " working."
        ),
        keys=keys,
        registering=_(
            "Whoever runs it sets SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET; the operators' guide says how. Until"
            " then, connect with a token from your shop's admin."
        ),
    )


def _of_rakuten(keys: Sequence[KeyField]) -> Naming:
    return Naming(
        account=_("Shop name at Rakuten"),
        account_hint=_("As in www.rakuten.co.jp/<shop name>/."),
        keys_title=_("With your RMS keys"),
        keys_from=_(
            "In RMS: Extended services → WEB API service. Tick the item, inventory and order functions there. The"
            " licence key ends after 90 days; we remind you before, and you paste the new one here."
        ),
        keys=keys,
    )


def _of_yahoo(keys: Sequence[KeyField]) -> Naming:
    return Naming(
        account=_("Store account"),
        account_hint=_("As in store.shopping.yahoo.co.jp/<store account>/."),
        keys_title="",
        keys_from="",
        keys=keys,
        registering=_("Whoever runs it sets YAHOO_CLIENT_ID and YAHOO_CLIENT_SECRET; the operators' guide says how."),
    )


def _of_amazon(keys: Sequence[KeyField]) -> Naming:
    return Naming(
        account=_("Marketplace"),
        account_hint=_("As in amazon.com or amazon.co.jp. Each marketplace is a connection of its own."),
        keys_title="",
        keys_from="",
        keys=keys,
        registering=_(
            "Whoever runs it sets AMAZON_APPLICATION_ID, AMAZON_CLIENT_ID and AMAZON_CLIENT_SECRET; the operators'"
            " guide says how."
        ),
    )


_BY_CHANNEL: Mapping[str, Callable[[Sequence[KeyField]], Naming]] = {
    "shopify": _of_shopify,
    "rakuten": _of_rakuten,
    "yahoo": _of_yahoo,
    "amazon": _of_amazon,
}


def _key_label(channel: str, key: str) -> str:
    return {
        ("shopify", "token"): _("Access token"),
        ("rakuten", "service_secret"): _("Service secret (serviceSecret)"),
        ("rakuten", "license_key"): _("Licence key (licenseKey)"),
    }.get((channel, key), key)
