"""Amazon's marketplaces, and the three regions whose addresses serve them.

https://developer-docs.amazon.com/sp-api/docs/marketplace-ids and /sp-api-endpoints
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Marketplace:
    """`host` is the shop's own, without www; `language` as Amazon writes language tags."""

    id: str
    country: str
    host: str
    region: str
    currency: str
    language: str


MARKETPLACES = tuple(
    Marketplace(*line.split())
    for line in """
    A2EUQ1WTGCTBG2 CA amazon.ca     na CAD en_CA
    ATVPDKIKX0DER  US amazon.com    na USD en_US
    A1AM78C64UM0Y8 MX amazon.com.mx na MXN es_MX
    A2Q3Y263D00KWC BR amazon.com.br na BRL pt_BR
    A28R8C7NBKEWEA IE amazon.ie     eu EUR en_IE
    A1RKKUPIHCS9HS ES amazon.es     eu EUR es_ES
    A1F83G8C2ARO7P UK amazon.co.uk  eu GBP en_GB
    A13V1IB3VIYZZH FR amazon.fr     eu EUR fr_FR
    AMEN7PMS3EDWL  BE amazon.com.be eu EUR fr_BE
    A1805IZSGTT6HS NL amazon.nl     eu EUR nl_NL
    A1PA6795UKMFR9 DE amazon.de     eu EUR de_DE
    APJ6JRA9NG5V4  IT amazon.it     eu EUR it_IT
    A2NODRKZP88ZB9 SE amazon.se     eu SEK sv_SE
    AE08WJ6YKNBMC  ZA amazon.co.za  eu ZAR en_ZA
    A1C3SOZRARQ6R3 PL amazon.pl     eu PLN pl_PL
    ARBP9OOSHTCHU  EG amazon.eg     eu EGP ar_AE
    A33AVAJ2PDY3EV TR amazon.com.tr eu TRY tr_TR
    A17E79C6D8DWNP SA amazon.sa     eu SAR ar_AE
    A2VIGQ35RCS4UG AE amazon.ae     eu AED en_AE
    A21TJRUUN4KGV  IN amazon.in     eu INR en_IN
    A19VAU5U5O7RUS SG amazon.sg     fe SGD en_SG
    A39IBJ37TRP1C6 AU amazon.com.au fe AUD en_AU
    A1VC38T7YXB528 JP amazon.co.jp  fe JPY ja_JP
    """.strip().splitlines()
)
ENDPOINTS = {region: f"https://sellingpartnerapi-{region}.amazon.com" for region in ("na", "eu", "fe")}
# One address of each region signs in sellers of all its marketplaces.
SELLER_CENTRAL = {
    "na": "https://sellercentral.amazon.com",
    "eu": "https://sellercentral-europe.amazon.com",
    "fe": "https://sellercentral.amazon.co.jp",
}

_BY_NAME = {name: one for one in MARKETPLACES for name in (one.id.lower(), one.country.lower(), one.host)}


def named(text: str) -> Marketplace | None:
    """The marketplace that a merchant means: its address, its country or its id."""
    typed = text.strip().lower()
    if "/" in typed:
        try:
            typed = urlsplit(typed if "://" in typed else f"https://{typed}").netloc
        except ValueError:
            return None
    return _BY_NAME.get(typed.removeprefix("www."))


def by_host(host: str) -> Marketplace:
    """The marketplace of an account's domain. Raises KeyError for no marketplace."""
    return _BY_NAME[host]
