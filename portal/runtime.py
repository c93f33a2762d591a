"""Everything a process holds for its whole life, made once and passed along."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from connectors.fetching import Fetch
from connectors.protocol import Connector, Consent
from portal.clock import Clock, Pause
from portal.config import Settings
from portal.db import Sessions
from portal.errors import NotFound
from portal.vault import Vault

# What came while nobody listened comes all at once. Each with a database connection of its own, which costs more to
# open than the writing does, all of them would be answered last.
KNOCKS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Runtime:
    """`consents` and `practice_consents` hold our registration with each channel, real and practice.

    A channel without one cannot be connected. `practice_urls` maps a channel to its practice
    server's address; it is empty where practice is off. `fetch` is the way out to addresses that merchants typed.
    `knocks` lets in the webhooks that are written down at once.
    """

    settings: Settings
    sessions: Sessions
    vault: Vault
    clock: Clock
    pause: Pause
    connectors: Mapping[str, Connector]
    consents: Mapping[str, Consent]
    practice_consents: Mapping[str, Consent]
    practice_urls: Mapping[str, str]
    http: httpx.AsyncClient
    fetch: Fetch
    knocks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(KNOCKS_AT_ONCE))

    def consent(self, channel: str, *, practice: bool) -> Consent:
        """Our registration with the channel. Raises NotFound where there is none."""
        try:
            return (self.practice_consents if practice else self.consents)[channel]
        except KeyError as error:
            raise NotFound from error

    def base_url(self, channel: str, domain: str, *, practice: bool) -> str:
        """Where the account's API is: its own host, or its place on the practice server."""
        return self.connectors[channel].base_url(domain, practice_root=self.practice_urls[channel] if practice else "")
