import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from connectors.shopify.webhooks import parse_webhook

BODY = (
    b'{"inventory_item_id":271878346596884015,"location_id":24826418,"available":9,'
    b'"updated_at":"2026-11-22T11:20:11+01:00"}'
)


def headers(body: bytes = BODY, secret: str = "hush", **changes: str) -> dict[str, str]:
    signed = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "X-Shopify-Topic": "inventory_levels/update",
        "X-Shopify-Hmac-Sha256": signed,
        "X-Shopify-Shop-Domain": "demo.myshopify.com",
        "X-Shopify-API-Version": "2026-07",
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Triggered-At": "2026-11-22T10:20:11.123456789Z",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }


def test_a_signed_delivery_is_read() -> None:
    event = parse_webhook(headers(), BODY, secrets=["hush"])
    assert event is not None
    assert event.topic == "inventory_levels/update"
    assert event.account_domain == "demo.myshopify.com"
    assert event.delivery_id == "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
    assert event.event_id == "98880550-7158-44d4-b7cd-2c97c8a091b5"
    assert event.triggered_at == datetime(2026, 11, 22, 10, 20, 11, 123456, tzinfo=UTC)
    assert event.body == BODY


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact", "app/uninstalled"])
def test_the_privacy_topics_are_read_like_any_other(topic: str) -> None:
    event = parse_webhook(headers(X_Shopify_Topic=topic), BODY, secrets=["hush"])
    assert event is not None
    assert event.topic == topic


def test_header_names_are_read_in_any_case() -> None:
    lower = {name.lower(): value for name, value in headers().items()}
    assert parse_webhook(lower, BODY, secrets=["hush"]) is not None


def test_while_the_secret_is_rotated_both_are_good() -> None:
    assert parse_webhook(headers(secret="old"), BODY, secrets=["new", "old"]) is not None
    assert parse_webhook(headers(secret="old"), BODY, secrets=["new"]) is None


@pytest.mark.parametrize(
    ("sent", "body", "secrets"),
    [
        (headers(X_Shopify_Hmac_Sha256=""), BODY, ["hush"]),
        ({k: v for k, v in headers().items() if "Hmac" not in k}, BODY, ["hush"]),
        (headers(), BODY[:-1], ["hush"]),
        (headers(), BODY.replace(b":9,", b": 9,"), ["hush"]),
        (headers(secret="another tenant's"), BODY, ["hush"]),
        (headers(secret=""), BODY, [""]),
        (headers(), BODY, []),
        (headers(X_Shopify_Hmac_Sha256="é"), BODY, ["hush"]),
        (headers(X_Shopify_Topic=""), BODY, ["hush"]),
        (headers(X_Shopify_Webhook_Id=""), BODY, ["hush"]),
        (headers(X_Shopify_Shop_Domain="evil.com"), BODY, ["hush"]),
        (headers(X_Shopify_Shop_Domain="demo.myshopify.com.evil.com"), BODY, ["hush"]),
    ],
)
def test_what_is_not_surely_shopifys_is_no_event(sent: Mapping[str, str], body: bytes, secrets: list[str]) -> None:
    assert parse_webhook(sent, body, secrets=secrets) is None


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-22T10:20:11"])
def test_a_moment_without_a_zone_is_no_moment(moment: str) -> None:
    event = parse_webhook(headers(X_Shopify_Triggered_At=moment), BODY, secrets=["hush"])
    assert event is not None
    assert event.triggered_at is None
