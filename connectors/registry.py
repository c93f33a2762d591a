"""Which channels there are: their capabilities by key, and their connectors once there is a client to give them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import httpx

from connectors.protocol import Capabilities, Connector
from connectors.rakuten import connector as rakuten
from connectors.shopify import connector as shopify
from connectors.yahoo import connector as yahoo

CHANNELS: Mapping[str, Capabilities] = MappingProxyType(
    {"shopify": shopify.CAPABILITIES, "rakuten": rakuten.CAPABILITIES, "yahoo": yahoo.CAPABILITIES}
)


def build(client: httpx.AsyncClient) -> dict[str, Connector]:
    """One connector for every channel of CHANNELS, all sending through `client`."""
    return {
        "shopify": shopify.Shopify(client),
        "rakuten": rakuten.Rakuten(client),
        "yahoo": yahoo.YahooShopping(client),
    }
