"""Carriers by one name of ours each, so that what a shop writes can be told to a marketplace in its own code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

OTHER: Final = "other"
# Our name of each carrier, how people read it, and other ways in which shops write it. Those with a language behind
# them are Shopify's: https://shopify.dev/docs/api/admin-graphql/latest/objects/FulfillmentTrackingInfo
NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "yamato": (
            "Yamato Transport",
            "Yamato",
            "Kuroneko Yamato",
            "ヤマト運輸",
            "ヤマト",
            "クロネコヤマト",
            "宅急便",
            "Yamato (JA)",
            "Yamato (EN)",
        ),
        "sagawa": ("Sagawa Express", "Sagawa", "佐川急便", "佐川", "Sagawa (JA)", "Sagawa (EN)"),
        "japan_post": ("Japan Post", "日本郵便", "日本郵政", "ゆうパック", "Japan Post (JA)", "Japan Post (EN)"),
        "seino": ("Seino Transportation", "Seino", "西濃運輸", "西濃"),
        "fukuyama": ("Fukuyama Transporting", "Fukuyama", "福山通運"),
        "ems": ("EMS",),
        "dhl": ("DHL", "DHL Express", "DHL eCommerce", "DHL eCommerce Asia"),
        "fedex": ("FedEx", "Federal Express"),
        "ups": ("UPS", "United Parcel Service"),
        "usps": ("USPS", "United States Postal Service"),
        "sf": ("SF Express", "顺丰", "順豊エクスプレス"),
        "royal_mail": ("Royal Mail",),
        "canada_post": ("Canada Post",),
        "australia_post": ("Australia Post",),
        "deutsche_post": ("Deutsche Post", "Deutsche Post (DE)", "Deutsche Post (EN)", "DHL Paket"),
        "china_post": ("China Post", "中国邮政"),
    }
)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


_KEY_OF: Final = {_plain(name): key for key, names in NAMES.items() for name in (key, *names)}


def key_of(name: str) -> str:
    """Our name for a carrier however a shop writes it; "other" for one we do not know."""
    return _KEY_OF.get(_plain(name), OTHER)
