"""Carriers are known however a shop writes them."""

from __future__ import annotations

import pytest

from connectors import carriers

# What a merchant chooses from at Shopify.
SHOPIFYS = {
    "Yamato (JA)": "yamato",
    "Yamato (EN)": "yamato",
    "Sagawa (JA)": "sagawa",
    "Sagawa (EN)": "sagawa",
    "Japan Post (JA)": "japan_post",
    "Japan Post (EN)": "japan_post",
    "西濃運輸": "seino",
    "福山通運": "fukuyama",
    "DHL Express": "dhl",
    "Deutsche Post (DE)": "deutsche_post",
    "FedEx": "fedex",
    "UPS": "ups",
    "USPS": "usps",
    "SF Express": "sf",
    "Royal Mail": "royal_mail",
    "Canada Post": "canada_post",
    "Australia Post": "australia_post",
    "China Post": "china_post",
}


@pytest.mark.parametrize(("written", "key"), SHOPIFYS.items())
def test_what_shopify_calls_a_carrier_is_known(written: str, key: str) -> None:
    assert carriers.key_of(written) == key


def test_a_carrier_is_known_however_it_is_typed_and_another_is_other() -> None:
    assert carriers.key_of(" ｸﾛﾈｺﾔﾏﾄ ") == "yamato"
    assert carriers.key_of("YAMATO transport") == "yamato"
    assert carriers.key_of("My cousin's van") == carriers.OTHER
