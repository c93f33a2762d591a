"""The merchant at work in the shop's own admin: what they may do, and what they name that is not there."""

from __future__ import annotations

from connectors.shopify.practice import shops
from connectors.shopify.practice.mutations import Mutation
from connectors.shopify.practice.state import Practice, Request

EVERYTHING = frozenset({"write_products", "read_products", "write_inventory", "read_inventory", "write_files"})


class NotThere(LookupError):
    """The merchant names a product, variant or location the shop does not have."""


def by_hand(practice: Practice, domain: str) -> Mutation:
    """The merchant's own work: it is no line of the ledger, which holds what apps did."""
    shop = shops.find(practice.store, domain)
    if shop is None:
        raise NotThere(domain)
    return Mutation(Request(practice, shop, EVERYTHING, ""), "backOffice")
