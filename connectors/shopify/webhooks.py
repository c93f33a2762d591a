"""Reads Shopify's webhooks: who signed the raw body, for which shop, about what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors import signatures
from connectors.records import InboundEvent
from connectors.shopify import oauth

# The privacy topics are declared in the app's own configuration at Shopify and only ever received.
TOPICS = ("APP_UNINSTALLED", "APP_SCOPES_UPDATE", "PRODUCTS_UPDATE", "PRODUCTS_DELETE", "INVENTORY_LEVELS_UPDATE")


def parse_webhook(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> InboundEvent | None:
    """The event when one of the secrets signed the body and the headers name topic, shop and delivery; else None."""
    named = {name.lower(): value for name, value in headers.items()}
    if not signatures.any_signs_base64(secrets, body, named.get("x-shopify-hmac-sha256", "")):
        return None
    topic = named.get("x-shopify-topic", "")
    domain = named.get("x-shopify-shop-domain", "").lower()
    delivery_id = named.get("x-shopify-webhook-id", "")
    if not (topic and delivery_id and oauth.is_shop_domain(domain)):
        return None
    return InboundEvent(
        topic=topic,
        account_domain=domain,
        delivery_id=delivery_id,
        event_id=named.get("x-shopify-event-id", ""),
        body=body,
        triggered_at=_moment(named.get("x-shopify-triggered-at", "")),
    )


def _moment(text: str) -> datetime | None:
    """Shopify writes nanoseconds, which Python reads and shortens; what is no moment with a zone is None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
