"""Which channels there are: their capabilities by key, and their connectors once there is a client to give them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import httpx

from connectors.protocol import Capabilities, Connector
from connectors.shopify import connector as shopify

CHANNELS: Mapping[str, Capabilities] = MappingProxyType({"shopify": shopify.CAPABILITIES})


def build(client: httpx.AsyncClient) -> dict[str, Connector]:
    """One connector for every channel of CHANNELS, all sending through `client`."""
    return {"shopify": shopify.Shopify(client)}
