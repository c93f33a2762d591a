"""Which channels there are: their capabilities by key, and their connectors once there is a client to give them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import httpx

from connectors.amazon import connector as amazon
from connectors.amazon import schemas
from connectors.errors import Problem
from connectors.protocol import Capabilities, Connector
from connectors.rakuten import connector as rakuten
from connectors.records import ProductRecord
from connectors.shopify import connector as shopify
from connectors.yahoo import connector as yahoo
from connectors.yahoo import signing

CHANNELS: Mapping[str, Capabilities] = MappingProxyType(
    {
        "shopify": shopify.CAPABILITIES,
        "amazon": amazon.CAPABILITIES,
        "rakuten": rakuten.CAPABILITIES,
        "yahoo": yahoo.CAPABILITIES,
    }
)

# What a product breaks of the rules published for its kind, at the channels that publish any (protocol.Kinds).
UNMET: Mapping[str, Callable[[ProductRecord, Mapping[str, Any]], Sequence[Problem]]] = MappingProxyType(
    {"amazon": schemas.unmet}
)

# Channels whose merchants may add a public key to a connection, with what makes the pasted text one, or ValueError.
PUBLIC_KEYS: Mapping[str, Callable[[str], str]] = MappingProxyType({"yahoo": signing.tidied})


def build(client: httpx.AsyncClient, *, clock: Callable[[], float] = time.time) -> dict[str, Connector]:
    """One connector for every channel of CHANNELS, all sending through `client`. `clock` is seconds since 1970."""
    return {
        "shopify": shopify.Shopify(client),
        "amazon": amazon.Amazon(client),
        "rakuten": rakuten.Rakuten(client, clock=clock),
        "yahoo": yahoo.YahooShopping(client),
    }
