"""The app's standing in a shop: installed with scopes, narrowed, uninstalled; its tokens."""

from __future__ import annotations

import secrets
from typing import Any

from connectors.shopify.practice import payloads, shops, webhooks
from connectors.shopify.practice.gids import gid
from connectors.shopify.practice.mutations import Arguments, Mutation, Payload
from connectors.shopify.practice.state import Practice
from connectors.shopify.practice.store import Row

REFRESH_SECONDS = 90 * 24 * 3600
CLIENT_CREDENTIALS_SECONDS = 86_399


def canonical(scopes: str) -> str:
    """Scopes as Shopify lists them: each once, a read scope left out where the write one is there."""
    given = {scope.strip() for scope in scopes.split(",") if scope.strip()}
    return ",".join(sorted(s for s in given if s.replace("read_", "write_", 1) not in given or s.startswith("write_")))


def install(practice: Practice, domain: str, scopes: str) -> None:
    practice.store.run("UPDATE shop SET installed = 1, scopes = ? WHERE domain = ?", canonical(scopes), domain)


def narrow(practice: Practice, domain: str, scopes: str) -> None:
    """The app may do this and no more from now on, and hears of it."""
    before = shops.find(practice.store, domain)
    practice.store.run("UPDATE shop SET scopes = ? WHERE domain = ?", canonical(scopes), domain)
    after = shops.find(practice.store, domain)
    assert before is not None
    assert after is not None
    body = payloads.scopes(
        after,
        previous=[scope for scope in before["scopes"].split(",") if scope],
        current=[scope for scope in after["scopes"].split(",") if scope],
        now=practice.clock(),
    )
    webhooks.enqueue(practice, domain, "app/scopes_update", body)


def uninstall(practice: Practice, domain: str) -> None:
    """Every token is dead at once, the subscriptions are gone, and the last webhook is on its way."""
    row = shops.find(practice.store, domain)
    if row is None or not row["installed"]:
        return
    with practice.store.transaction():
        webhooks.enqueue(practice, domain, "app/uninstalled", payloads.shop(row))
        revoke(practice, domain)
        practice.store.run("DELETE FROM subscription WHERE shop = ?", domain)
        practice.store.run("UPDATE shop SET installed = 0, scopes = '' WHERE domain = ?", domain)


def revoke(practice: Practice, domain: str) -> None:
    for table in ("access_token", "refresh_token", "code"):
        practice.store.run(f"DELETE FROM {table} WHERE shop = ?", domain)


def expire(practice: Practice, domain: str) -> None:
    """Access tokens with an end have reached it; refresh tokens are good."""
    query = "UPDATE access_token SET expires_at = ? WHERE shop = ? AND expires_at IS NOT NULL"
    practice.store.run(query, practice.clock(), domain)


def new_access_token(practice: Practice, domain: str, *, seconds: float | None) -> str:
    token = "shpat_" + secrets.token_hex(16)
    now = practice.clock()
    expires_at = None if seconds is None else now + seconds
    practice.store.insert("access_token", token=token, shop=domain, created_at=now, expires_at=expires_at)
    return token


def new_pair(practice: Practice, domain: str, *, family: str, generation: int) -> dict[str, Any]:
    """An access token that ends and the refresh token to replace it, as the token endpoint answers them."""
    refresh = "shprt_" + secrets.token_hex(32)
    seconds = practice.settings.access_token_seconds
    practice.store.insert(
        "refresh_token",
        token=refresh,
        shop=domain,
        family=family,
        generation=generation,
        expires_at=practice.clock() + REFRESH_SECONDS,
    )
    return {
        "access_token": new_access_token(practice, domain, seconds=seconds),
        "scope": granted(practice, domain),
        "expires_in": seconds,
        "refresh_token": refresh,
        "refresh_token_expires_in": REFRESH_SECONDS,
    }


def granted(practice: Practice, domain: str) -> str:
    row = shops.find(practice.store, domain)
    return str(row["scopes"]) if row else ""


def is_good(practice: Practice, domain: str, token: str) -> bool:
    query = "SELECT 1 FROM access_token WHERE token = ? AND shop = ? AND (expires_at IS NULL OR expires_at > ?)"
    return practice.store.row(query, token, domain, practice.clock()) is not None


def accept_uninstall(mutation: Mutation, _arguments: Arguments) -> Payload:
    practice = mutation.request.practice
    uninstall(practice, mutation.request.domain)
    return {"app": {"id": gid("App", practice.app_number)}}


def tokens(practice: Practice, domain: str) -> list[Row]:
    return practice.store.rows("SELECT * FROM access_token WHERE shop = ? ORDER BY created_at", domain)
