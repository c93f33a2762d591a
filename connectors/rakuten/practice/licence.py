"""The licence management API: until when the licence key of the call works."""

from __future__ import annotations

from connectors.rakuten.practice import stores
from connectors.rakuten.practice.answers import Answer, Refusal, japanese_time, refused
from connectors.rakuten.practice.state import Call


def expiry_date(call: Call) -> Answer:
    asked = call.query.get("licenseKey", "")
    if not asked:
        return refused([Refusal("DR0005", "Bad Request")])
    key = stores.key_named(call.store, call.name, asked)
    if key is None:
        return refused([Refusal("DR0007", "Un-Authorised")], 401)
    if key["ends_at"] is None:
        return refused([Refusal("DR0006", "Bad Request")])
    return Answer(200, {"expiryDate": japanese_time(key["ends_at"], zone=False)})
