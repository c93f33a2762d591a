"""Practice stores: made on the spot, each belonging to one Yahoo! JAPAN ID."""

from __future__ import annotations

import re

from connectors.practice.store import Row, Store

SELLER_ID = re.compile(r"[a-z0-9_-]{1,128}", re.ASCII)
OWNER = "practice-merchant"
# Yahoo! opens orders to an application on a request of its own.
WITHOUT_ORDERS = "without_orders"
STATES = ("open", "closed", "unlinked", WITHOUT_ORDERS)


def find(store: Store, seller_id: str) -> Row | None:
    return store.row("SELECT * FROM store WHERE seller_id = ?", seller_id)


def all_stores(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM store ORDER BY created_at, seller_id")


def ensure(store: Store, seller_id: str, *, owner: str = OWNER) -> Row:
    """The store is there; an existing one is left as it is. Raises ValueError for no store account."""
    if not SELLER_ID.fullmatch(seller_id):
        raise ValueError(f"{seller_id!r} is not a store account")
    if find(store, seller_id) is None:
        store.insert("store", seller_id=seller_id, owner=owner, created_at=store.now())
    found = find(store, seller_id)
    assert found is not None
    return found


def wipe(store: Store, seller_id: str) -> None:
    """The store is as on its first day; consents stay."""
    with store.transaction():
        for table in ("item", "stock", "image", "picture", "sale", "sale_told", "ledger", "request", "fault"):
            store.run(f"DELETE FROM {table} WHERE shop = ?", seller_id)
