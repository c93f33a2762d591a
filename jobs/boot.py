"""One process's runtime, put together and taken down: the same for the web, the worker and the one process."""

from __future__ import annotations

import gc
import hashlib
import hmac
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import httpx
import structlog

from connectors import fetching
from connectors.amazon.consent import AmazonApp, AmazonConsent
from connectors.http import authorities
from connectors.protocol import Consent
from connectors.registry import build
from connectors.shopify.consent import SCOPES, ShopifyConsent
from connectors.shopify.oauth import ShopifyApp
from connectors.yahoo.consent import YahooApp, YahooConsent
from portal.clock import Clock, Pause, sleep, utc_now
from portal.config import Settings
from portal.db import Sessions
from portal.live import Announcer
from portal.redaction import redact
from portal.runtime import Runtime
from portal.tasks.doorbell import Doorbell
from portal.vault import Vault

PRACTICE_CLIENT_ID = "crossdock-practice"
# More than one process ever makes at once: a call that waited for another's connection would look like a dead channel.
MOST_CALLS = 200


@dataclass(frozen=True, slots=True)
class Process:
    """What is opened at start and closed at the end."""

    runtime: Runtime
    doorbell: Doorbell
    announcer: Announcer

    @classmethod
    def start(
        cls, settings: Settings, clock: Clock = utc_now, pause: Pause = sleep, fetch: fetching.Fetch | None = None
    ) -> Process:
        """Everything a process needs, with commits wired to the bell and to open pages. `redis_url` must be set.

        `fetch` in the place of the one that the settings ask for.
        """
        doorbell, announcer = Doorbell(settings.redis_url), Announcer(settings.redis_url)

        async def announce(rings: Mapping[UUID, datetime], changed: Mapping[UUID, set[str]]) -> None:
            if rings:
                await doorbell.ring(rings)
            if changed:
                await announcer.announce(changed)

        client = httpx.AsyncClient(
            verify=authorities(),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=MOST_CALLS),
        )
        runtime = Runtime(
            settings=settings,
            sessions=Sessions(settings.database_url, announce=announce),
            vault=Vault.from_setting(settings.vault_keys),
            clock=clock,
            pause=pause,
            connectors=build(client, clock=lambda: clock().timestamp()),
            consents=_consents(settings, client),
            practice_consents=_practice_consents(settings, client),
            practice_urls=practice_urls(settings),
            http=client,
            fetch=fetch or (fetching.fetch if settings.open_images else fetching.fetch_nothing),
        )
        return cls(runtime, doorbell, announcer)

    async def stop(self) -> None:
        await self.runtime.http.aclose()
        await self.doorbell.close()
        await self.announcer.close()
        await self.runtime.sessions.close()


def settle() -> None:
    """What is loaded by now lives as long as the process, and the collector no longer walks it to find garbage."""
    gc.collect()
    gc.freeze()


def practice_secret(settings: Settings) -> str:
    """The client secret our practice app is registered with; it follows from the installation's own secret."""
    return hmac.new(settings.secret_key.encode(), b"practice-shopify", hashlib.sha256).hexdigest()


def set_up_logging(level: str) -> None:
    """One line an event on stdout, secrets and buyers' data masked, the standard library's events included."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Addresses of calls carry ids and, at consent, codes: our own exchange log keeps them masked.
    for noisy in ("httpx", "httpcore", "aiosqlite", "arq.worker", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _renderer() -> structlog.types.Processor:
    """JSON for whatever collects the log; lines a person reads where a person looks at them."""
    if sys.stdout.isatty():
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _consents(settings: Settings, client: httpx.AsyncClient) -> dict[str, Consent]:
    found: dict[str, Consent] = {}
    if settings.shopify_client_id and settings.shopify_client_secret:
        shopify = ShopifyApp(
            client_id=settings.shopify_client_id,
            client_secret=settings.shopify_client_secret,
            old_client_secret=settings.shopify_old_client_secret,
            scopes=SCOPES,
        )
        found["shopify"] = ShopifyConsent(client, shopify)
    if settings.yahoo_client_id and settings.yahoo_client_secret:
        yahoo = YahooApp(
            client_id=settings.yahoo_client_id,
            client_secret=settings.yahoo_client_secret,
            redirect_uri=_returns_to(settings, "yahoo"),
        )
        found["yahoo"] = YahooConsent(client, yahoo)
    if settings.amazon_application_id and settings.amazon_client_id and settings.amazon_client_secret:
        amazon = AmazonApp(
            application_id=settings.amazon_application_id,
            client_id=settings.amazon_client_id,
            client_secret=settings.amazon_client_secret,
            redirect_uri=_returns_to(settings, "amazon"),
            draft=settings.amazon_draft,
        )
        found["amazon"] = AmazonConsent(client, amazon)
    return found


def _practice_consents(settings: Settings, client: httpx.AsyncClient) -> dict[str, Consent]:
    if not settings.practice:
        return {}
    secret = practice_secret(settings)
    yahoo = YahooApp(
        client_id=PRACTICE_CLIENT_ID,
        client_secret=secret,
        redirect_uri=_returns_to(settings, "yahoo"),
        auth_url=practice_urls(settings)["yahoo"],
    )
    amazon = AmazonApp(
        application_id=PRACTICE_CLIENT_ID,
        client_id=PRACTICE_CLIENT_ID,
        client_secret=secret,
        redirect_uri=_returns_to(settings, "amazon"),
        root=practice_urls(settings)["amazon"],
    )
    return {
        "shopify": ShopifyConsent(
            client, ShopifyApp(client_id=PRACTICE_CLIENT_ID, client_secret=secret, scopes=SCOPES)
        ),
        "amazon": AmazonConsent(client, amazon),
        "yahoo": YahooConsent(client, yahoo),
    }


def _returns_to(settings: Settings, channel: str) -> str:
    """The one address that visits to the channel come back to, as registered there."""
    return f"{settings.public_url}/connect/{channel}/callback"


def practice_urls(settings: Settings) -> dict[str, str]:
    """Where each practice channel is: Shopify at the root, because its shops are hosts; the others below their name."""
    if not settings.practice:
        return {}
    return {"shopify": settings.practice_url} | {
        name: f"{settings.practice_url}/{name}" for name in ("amazon", "rakuten", "yahoo")
    }
