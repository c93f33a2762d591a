"""What every part of a running practice Shopify shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

import httpx
from graphql import GraphQLSchema

from connectors.shopify.practice.costs import Bucket
from connectors.shopify.practice.settings import PracticeSettings
from connectors.shopify.practice.store import Row, Store

API_VERSION = "2026-07"


@dataclass(slots=True)
class Practice:
    """One running server: its file, its clock, the client its webhooks go out by, and a cost bucket per shop."""

    settings: PracticeSettings
    store: Store
    clock: Callable[[], float]
    schema: GraphQLSchema
    client: httpx.AsyncClient
    buckets: dict[str, Bucket] = field(default_factory=dict)
    deliveries_wanted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def app_number(self) -> int:
        """The number by which shops know the hub's app."""
        return 100_000_000_000 + crc32(self.settings.client_id.encode())

    def bucket(self, domain: str) -> Bucket:
        return self.buckets.setdefault(domain, Bucket(self.clock))

    def namespace(self, asked: str | None) -> str:
        """The full name of a metafield namespace; `$app:hub` belongs to the hub's app alone."""
        own = f"app--{self.app_number}"
        if asked is None or asked == "$app":
            return own
        return f"{own}--{asked.removeprefix('$app:')}" if asked.startswith("$app:") else asked


@dataclass(frozen=True, slots=True)
class Request:
    """One call on one shop; what resolvers get as their context."""

    practice: Practice
    shop: Row
    scopes: frozenset[str]
    origin: str

    @property
    def store(self) -> Store:
        return self.practice.store

    @property
    def domain(self) -> str:
        return str(self.shop["domain"])
