"""Tokens: which are good, and for whose stores."""

from __future__ import annotations

import secrets

from connectors.practice.store import Row, Store
from connectors.yahoo.practice import answers, stores
from connectors.yahoo.practice.answers import Answer
from connectors.yahoo.practice.state import Practice

# https://developer.yahoo.co.jp/webapi/shopping/faq.html
REFRESH_SECONDS = 28 * 86_400
ACCESS, REFRESH = "access", "refresh"


def new_token(practice: Practice, owner: str, kind: str, *, seconds: float) -> str:
    token = secrets.token_hex(24)
    practice.store.insert("token", token=token, kind=kind, owner=owner, expires_at=practice.clock() + seconds)
    return token


def find(store: Store, token: str, kind: str) -> Row | None:
    return store.row("SELECT * FROM token WHERE token = ? AND kind = ?", token, kind)


def expire(practice: Practice, owner: str, kind: str) -> None:
    """Tokens of this kind are over, as if their time had come."""
    practice.store.run(
        "UPDATE token SET expires_at = ? WHERE owner = ? AND kind = ?", practice.clock() - 1, owner, kind
    )


def revoke(store: Store, owner: str) -> None:
    """The consent is withdrawn: nothing given for it is known any more."""
    store.run("DELETE FROM token WHERE owner = ?", owner)


def refusal(practice: Practice, authorization: str, seller_id: str) -> tuple[Answer, dict[str, str]] | None:
    """What a caller is told who may not act for the store, with the headers that say so; None for one who may."""
    scheme, _, token = authorization.partition(" ")
    row = find(practice.store, token, ACCESS) if scheme == "Bearer" else None
    if row is None:
        return _unauthorized("invalid token")
    if row["expires_at"] <= practice.clock():
        return _unauthorized("expired token")
    # A store is opened with Yahoo! long before; here it is opened by the first call of somebody with a consent.
    store = stores.ensure(practice.store, seller_id, owner=row["owner"])
    if store["owner"] != row["owner"]:
        return answers.error(403, "Use of API is not permitted for this seller.", "px-14304"), {}
    if store["state"] == "unlinked":
        return answers.error(403, "Use of API is not permitted.", "px-14303"), {}
    if store["state"] == "closed":
        return answers.error(400, "ストアアカウントが利用できません。", "ed-00003"), {}
    return None


def _unauthorized(description: str) -> tuple[Answer, dict[str, str]]:
    challenge = f'Bearer realm="yahooapis.jp", error="invalid_token", error_description="{description}"'
    return answers.error(401, f"Please provide valid credentials. {challenge}"), {"WWW-Authenticate": challenge}
