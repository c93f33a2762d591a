"""Practice sellers: made on the spot. What lets somebody act for one, and who may."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from connectors.amazon.practice.state import PLACES, Answer, Call, Practice, refusal
from connectors.practice.store import Row, Store

ACCESS, REFRESH = "access", "refresh"
_DENIED = "Access to requested resource is denied."
_UNKNOWN = "The access token you provided is revoked, malformed or invalid."
_EXPIRED = "The access token you provided has expired."
_MISSING = "Access token is missing in the request header."


def find(store: Store, seller_id: str) -> Row | None:
    return store.row("SELECT * FROM seller WHERE seller_id = ?", seller_id)


def all_sellers(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM seller ORDER BY created_at, seller_id")


def ensure(store: Store, name: str) -> Row:
    """The seller of this name; the same name is the same seller. Raises ValueError for no name."""
    if not name.strip():
        raise ValueError("a seller has a name")
    seller_id = "A" + hashlib.sha256(name.strip().encode()).hexdigest()[:13].upper()
    if find(store, seller_id) is None:
        store.insert("seller", seller_id=seller_id, name=name.strip(), created_at=store.now())
    found = find(store, seller_id)
    assert found is not None
    return found


def new_token(practice: Practice, seller_id: str, kind: str) -> str:
    """An access token that ends by itself, or a refresh token that does not."""
    token = f"{'Atza' if kind == ACCESS else 'Atzr'}|{secrets.token_hex(24)}"
    ends = practice.clock() + practice.settings.access_token_seconds if kind == ACCESS else None
    practice.store.insert("token", token=token, kind=kind, seller_id=seller_id, expires_at=ends)
    return token


def of_token(store: Store, token: str, kind: str) -> Row | None:
    return store.row("SELECT * FROM token WHERE token = ? AND kind = ?", token, kind)


def expire(practice: Practice, seller_id: str) -> None:
    """Access tokens are over, as if their hour had passed."""
    query = "UPDATE token SET expires_at = ? WHERE seller_id = ? AND kind = ?"
    practice.store.run(query, practice.clock() - 1, seller_id, ACCESS)


def revoke(store: Store, seller_id: str) -> None:
    """The seller has taken the consent back: nothing given for it is known any more."""
    store.run("DELETE FROM token WHERE seller_id = ?", seller_id)


def wipe(store: Store, seller_id: str) -> None:
    """The seller is as on the first day; consents stay."""
    with store.transaction():
        for table in ("item", "document", "feed", "feed_kind", "report", "sale", "ledger", "request", "fault"):
            store.run(f"DELETE FROM {table} WHERE shop = ?", seller_id)
        store.run("DELETE FROM catalog WHERE maker = ?", seller_id)


def let_in(practice: Practice, token: str) -> str | Answer:
    """The seller that the token acts for, or what its bearer is told."""
    if not token:
        return refusal(403, "Unauthorized", _DENIED, _MISSING)
    row = of_token(practice.store, token, ACCESS)
    if row is None:
        return refusal(403, "Unauthorized", _DENIED, _UNKNOWN)
    if row["expires_at"] <= practice.clock():
        return refusal(403, "Unauthorized", _DENIED, _EXPIRED)
    return str(row["seller_id"])


def participations(call: Call) -> Answer:
    """getMarketplaceParticipations."""
    seller = find(call.store, call.seller_id)
    assert seller is not None
    listed: list[dict[str, Any]] = [
        {
            "marketplace": {
                "id": place.id,
                "name": f"Amazon.{place.host.removeprefix('amazon.')}",
                "countryCode": place.country,
                "defaultCurrencyCode": place.currency,
                "defaultLanguageCode": place.language,
                "domainName": f"www.{place.host}",
            },
            "participation": {"isParticipating": True, "hasSuspendedListings": bool(seller["suspended"])},
            "storeName": seller["name"],
        }
        for place in PLACES
    ]
    return Answer(200, {"payload": listed})
