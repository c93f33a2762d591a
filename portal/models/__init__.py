"""Every table, one aggregate a file; importing this package registers them all."""

from portal.models import (
    accounts,
    buyer_credits,
    catalog,
    codes,
    connections,
    images,
    imports,
    inbox,
    listings,
    orders,
    reports,
    rules,
    stock,
    tasks,
    webhooks,
)
from portal.models.base import Base

__all__ = [
    "Base",
    "accounts",
    "buyer_credits",
    "catalog",
    "codes",
    "connections",
    "images",
    "imports",
    "inbox",
    "listings",
    "orders",
    "reports",
    "rules",
    "stock",
    "tasks",
    "webhooks",
]
