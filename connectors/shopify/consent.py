"""Shopify's consent page behind the channel-neutral words of connectors.protocol.Consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import httpx

from connectors.protocol import Answered, ConsentRefused, Keep
from connectors.records import Credentials, Exchange
from connectors.shopify import oauth

# What each is for stands in docs/channels/shopify.md.
SCOPES = (
    "read_products",
    "write_products",
    "read_publications",
    "write_publications",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_files",
    "write_files",
    "read_orders",
    "write_orders",
)


class ShopifyConsent:
    """Implements connectors.protocol.Consent for one registered app."""

    def __init__(self, client: httpx.AsyncClient, app: oauth.ShopifyApp) -> None:
        self._client = client
        self._app = app
        self.scopes = app.scopes
        self.webhook_secrets = app.signing_secrets

    def authorize_url(self, base_url: str, *, redirect_uri: str, state: str) -> str:
        return oauth.authorize_url(
            base_url=base_url,
            client_id=self._app.client_id,
            scopes=self._app.scopes,
            redirect_uri=redirect_uri,
            state=state,
        )

    def read_return(self, query: Sequence[tuple[str, str]], *, now: datetime, expected_state: str) -> Answered:
        try:
            answer = oauth.read_callback(
                query, secrets=self._app.signing_secrets, now=now, expected_state=expected_state
            )
        except oauth.CallbackRefused as error:
            declined = isinstance(error, oauth.ConsentDeclined)
            raise ConsentRefused(type(error).__name__, declined=declined) from error
        return Answered(answer.shop, answer.code)

    async def exchange(self, base_url: str, *, code: str, now: datetime) -> Credentials:
        return await oauth.exchange_code(
            self._client, base_url=base_url, app=self._app, code=code, now=now, keep=_keep_nothing
        )

    async def renew(self, base_url: str, credentials: Credentials, *, now: datetime, keep: Keep) -> Credentials:
        return await oauth.renew(
            self._client,
            base_url=base_url,
            app=self._app,
            refresh_token=credentials.refresh_token,
            now=now,
            keep=keep,
        )

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        return oauth.missing_scopes(self.scopes, granted)


async def _keep_nothing(_exchange: Exchange) -> None:
    """The code exchange comes before there is a connection to keep anything for."""
