"""Webhook deliveries: signed, at least once, retried with growing gaps, and given up with their subscription."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from connectors.shopify.practice import faults
from connectors.shopify.practice.state import API_VERSION, Practice
from connectors.shopify.practice.store import Row, iso

# Eight retries over four hours. https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks
RETRY_GAPS_SECONDS = (10, 60, 300, 900, 1800, 2700, 3600, 5040)
FAILURES_BEFORE_REMOVAL = 1 + len(RETRY_GAPS_SECONDS)
SENT_TOGETHER = 8
LOOK_AGAIN_SECONDS = 1.0


def enqueue(
    practice: Practice, domain: str, topic: str, body: Mapping[str, Any], *, event_id: str | None = None
) -> None:
    """Every subscription of the shop to this topic will be sent this body."""
    enum_name = topic.replace("/", "_").upper()
    rows = practice.store.rows("SELECT * FROM subscription WHERE shop = ? AND topic = ?", domain, enum_name)
    event = event_id or str(uuid4())
    for row in rows:
        if _is_lost(practice, domain, topic):
            continue
        wanted = json.loads(row["include_fields"])
        shown = {name: body[name] for name in wanted if name in body} if wanted else body
        again = faults.take(practice.store, domain, "duplicate", topic=topic)
        webhook_id = str(uuid4())
        for _ in range(int(again.get("times", 2)) if again is not None else 1):
            _insert(practice, domain, topic, shown, uri=row["uri"], event_id=event, webhook_id=webhook_id, source=row)
    practice.deliveries_wanted.set()


def _is_lost(practice: Practice, domain: str, topic: str) -> bool:
    """All that the fault fits, or as many in a hundred as it says, spread evenly."""
    lost = faults.take(practice.store, domain, "lose", topic=topic)
    if lost is None:
        return False
    number, percent = practice.store.new_number("letter that may be lost"), int(lost.get("percent", 100))
    return (number + 1) * percent // 100 > number * percent // 100


def send_to(practice: Practice, domain: str, topic: str, body: Mapping[str, Any], uri: str) -> None:
    """This one address is sent this body: how the privacy topics travel, which have no subscription."""
    _insert(practice, domain, topic, body, uri=uri, event_id=str(uuid4()), webhook_id=str(uuid4()), source=None)
    practice.deliveries_wanted.set()


def signature(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


async def deliver_forever(practice: Practice) -> None:
    """Sends what is due, again and again, until cancelled."""
    while True:
        practice.deliveries_wanted.clear()
        if not await deliver_due(practice):
            try:
                await asyncio.wait_for(practice.deliveries_wanted.wait(), LOOK_AGAIN_SECONDS)
            except TimeoutError:
                continue


async def deliver_due(practice: Practice, *, early: bool = False) -> int:
    """One try is made for each delivery that is due, or for all that wait; how many tries were made."""
    now = float("inf") if early else practice.clock()
    query = "SELECT * FROM delivery WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at, id LIMIT ?"
    due = practice.store.rows(query, now, SENT_TOGETHER)
    answers = await asyncio.gather(*(_post(practice, row) for row in due))
    for row, answer in zip(due, answers, strict=True):
        _record(practice, row, answer)
    return len(due)


async def _post(practice: Practice, row: Row) -> str:
    """What came back: a status, or what went wrong."""
    try:
        async with asyncio.timeout(practice.settings.webhook_timeout_seconds):
            answer = await practice.client.post(row["uri"], content=row["body"], headers=_headers(practice, row))
    except TimeoutError:
        return "timed out"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return str(answer.status_code)


def _headers(practice: Practice, row: Row) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": row["topic"],
        "X-Shopify-Hmac-Sha256": signature(practice.settings.client_secret, row["body"]),
        "X-Shopify-Shop-Domain": row["shop"],
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Webhook-Id": row["webhook_id"],
        "X-Shopify-Event-Id": row["event_id"],
        "X-Shopify-Triggered-At": iso(row["triggered_at"]),
    }
    return headers | ({"X-Shopify-Name": row["name"]} if row["name"] else {})


def _record(practice: Practice, row: Row, answer: str) -> None:
    """The try is written down; a failure is tried again later or ends the subscription."""
    store, tries = practice.store, row["tries"] + 1
    subscription_id = row["subscription_id"]
    with store.transaction():
        if answer.startswith("2"):
            store.update("delivery", row["id"], state="delivered", tries=tries, answer=answer)
            store.run("UPDATE subscription SET failures = 0 WHERE id = ?", subscription_id)
            return
        if tries <= len(RETRY_GAPS_SECONDS):
            next_at = practice.clock() + RETRY_GAPS_SECONDS[tries - 1]
            store.update("delivery", row["id"], tries=tries, next_at=next_at, answer=answer)
        else:
            store.update("delivery", row["id"], state="given up", tries=tries, answer=answer)
        store.run("UPDATE subscription SET failures = failures + 1 WHERE id = ?", subscription_id)
        query = "DELETE FROM subscription WHERE id = ? AND failures >= ?"
        if tries > len(RETRY_GAPS_SECONDS):
            store.run(query, subscription_id, FAILURES_BEFORE_REMOVAL)


def _insert(
    practice: Practice,
    domain: str,
    topic: str,
    body: Mapping[str, Any],
    *,
    uri: str,
    event_id: str,
    webhook_id: str,
    source: Row | None,
) -> None:
    now = practice.clock()
    late = faults.take(practice.store, domain, "shuffle", topic=topic)
    # Spread by an id that is different each time, so that letters overtake one another.
    wait = int(uuid4().hex[:4], 16) / 0xFFFF * float(late.get("seconds", 5)) if late is not None else 0.0
    practice.store.insert(
        "delivery",
        shop=domain,
        subscription_id=source["id"] if source else None,
        topic=topic,
        uri=uri,
        name=source["name"] if source else None,
        webhook_id=webhook_id,
        event_id=event_id,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        triggered_at=now,
        state="waiting",
        next_at=now + wait,
    )
