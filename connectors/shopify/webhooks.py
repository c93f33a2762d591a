"""Reads Shopify's webhooks: who signed the raw body, for which shop, about what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors import signatures
from connectors.records import InboundEvent
from connectors.shopify import oauth, order_webhooks

# What we are told of, and the fields of each that we read: a product of 2,048 variants would be a large letter, and
# what is never sent needs no care. The privacy topics are declared in the app's own configuration at Shopify.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "APP_UNINSTALLED": ("id",),
    "APP_SCOPES_UPDATE": ("id",),
    "PRODUCTS_UPDATE": ("id", "admin_graphql_api_id"),
    "PRODUCTS_DELETE": ("id",),
    "LOCATIONS_ACTIVATE": ("id",),
    "LOCATIONS_CREATE": ("id",),
    "LOCATIONS_DEACTIVATE": ("id",),
    "LOCATIONS_DELETE": ("id",),
    "LOCATIONS_UPDATE": ("id",),
    "INVENTORY_LEVELS_UPDATE": ("inventory_item_id", "location_id", "available"),
    **{topic.replace("/", "_").upper(): order_webhooks.FIELDS for topic in sorted(order_webhooks.TOPICS)},
}
# Every write of ours comes back as such an event.
GATHERS = {"products/update"}


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
        gathers=topic in GATHERS,
    )


def _moment(text: str) -> datetime | None:
    """Shopify writes nanoseconds, which Python reads and shortens; what is no moment with a zone is None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
