"""Everything a process holds for its whole life, made once and passed along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from connectors.protocol import Connector
from connectors.registry import build
from portal.clock import Clock, utc_now
from portal.config import Settings
from portal.db import Sessions
from portal.vault import Vault


@dataclass(frozen=True, slots=True)
class Runtime:
    """`practice_urls` maps a channel to its practice server's address; empty where practice is off."""

    settings: Settings
    sessions: Sessions
    vault: Vault
    clock: Clock
    channels: Mapping[str, Connector]
    practice_channels: Mapping[str, Connector]
    practice_urls: Mapping[str, str]
    http: httpx.AsyncClient

    def connector(self, channel: str, *, practice: bool) -> Connector:
        """The channel's connector with our real or our practice application's id."""
        return (self.practice_channels if practice else self.channels)[channel]

    def base_url(self, channel: str, domain: str, *, practice: bool) -> str:
        """Where the account's API is: its own host, or its place on the practice server."""
        return f"{self.practice_urls[channel]}/shops/{domain}" if practice else f"https://{domain}"
