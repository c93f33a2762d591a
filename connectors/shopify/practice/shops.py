"""Practice shops: made on the spot, with a first location and the three usual publications."""

from __future__ import annotations

import re

from connectors.shopify.practice.store import Row, Store

DOMAIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-]*\.myshopify\.com")
PUBLICATIONS = ("Online Store", "Point of Sale", "Shop")
STATES = ("open", "forbidden", "frozen", "locked", "gone", "inactive")


def is_domain(text: str) -> bool:
    return DOMAIN.fullmatch(text) is not None


def find(store: Store, domain: str) -> Row | None:
    return store.row("SELECT * FROM shop WHERE domain = ?", domain.lower())


def all_shops(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM shop ORDER BY created_at, domain")


def ensure(store: Store, domain: str, *, currency: str = "USD") -> Row:
    """The shop of that domain exists; an existing one is left as it is."""
    domain = domain.lower()
    if not is_domain(domain):
        raise ValueError(f"{domain!r} is not the domain of a shop")
    with store.transaction():
        if find(store, domain) is None:
            name = domain.removesuffix(".myshopify.com").replace("-", " ").title()
            store.insert(
                "shop",
                domain=domain,
                id=store.new_number("Shop"),
                name=name,
                currency=currency,
                created_at=store.now(),
            )
            store.insert("location", id=store.new_number("Location"), shop=domain, name="Shop location", active=1)
            for title in PUBLICATIONS:
                store.insert("publication", id=store.new_number("Publication"), shop=domain, title=title)
    found = find(store, domain)
    assert found is not None
    return found


def locations(store: Store, domain: str) -> list[Row]:
    return store.rows("SELECT * FROM location WHERE shop = ? ORDER BY id", domain)


def first_location(store: Store, domain: str) -> Row:
    """Where new items are stocked unless somebody says otherwise: a shop has one active location at least."""
    return next(row for row in locations(store, domain) if row["active"])


def publications(store: Store, domain: str) -> list[Row]:
    return store.rows("SELECT * FROM publication WHERE shop = ? ORDER BY id", domain)


def scopes(shop: Row) -> frozenset[str]:
    """What the app may do here, every write scope with the read scope it implies."""
    granted = {scope for scope in shop["scopes"].split(",") if scope}
    implied = {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
    return frozenset(granted | implied)
