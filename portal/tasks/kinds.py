"""The kinds of promise: which lane each waits in, how urgent it is, and what a lost start means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`batch` is how many one claim takes; where the channel decides, the capability's name.

    Smaller `priority` goes first. Every kind here finds out what happened before by looking
    (our mark, compare-and-set, absolute values), so a lost start simply goes back to waiting.
    `longest_wait_seconds` is the most between two tries, unless the channel asks for more.
    """

    name: str
    lane: str
    priority: int
    batch: int | str = 1
    longest_wait_seconds: float = 600.0


# Orders go a call each at some channels, a second apart: a batch of them must fit into a job (jobs.worker).
STOCK = Kind("stock", "stock", 10, "stock_batch")
WEBHOOK = Kind("webhook", "inbound", 20, 50)
ORDER = Kind("order", "orders", 20, 20)
ORDERS = Kind("orders", "orders", 22)
COMPARE_ORDERS = Kind("compare_orders", "orders", 72)
ACCEPT_ORDER = Kind("accept_order", "order_updates", 23, 100)
CANCEL_ORDER = Kind("cancel_order", "order_updates", 24, 10)
STORE_ORDER = Kind("store_order", "store_orders", 26)
SHIPPED = Kind("shipped", "order_updates", 28, 10)
PRODUCT_CHANGED = Kind("product_changed", "catalog", 30, 100)
PRICE = Kind("price", "price", 40, "price_batch")
END = Kind("end", "content", 45, "publish_batch")
PUBLISH = Kind("publish", "content", 50, "publish_batch")
UPDATE = Kind("update", "content", 55, "update_batch")
# All other work of a channel that does not answer waits for it.
CHECK = Kind("check", "setup", 60, longest_wait_seconds=30.0)
NEW_KEYS = Kind("new_keys", "setup", 62)
REVOKE = Kind("revoke", "setup", 65)
READ = Kind("read", "reads", 70, "read_batch")
RULES = Kind("rules", "reads", 75, 5)
REPORT = Kind("report", "reports", 77)
IMPORT = Kind("import", "imports", 80)
IMAGE_CHECK = Kind("image_check", "images", 85, 8)
CHECK_NUMBERS = Kind("check_numbers", "checks", 90)

_ALL = (
    STOCK, WEBHOOK, ORDER, ORDERS, COMPARE_ORDERS, ACCEPT_ORDER, CANCEL_ORDER, STORE_ORDER, SHIPPED, PRODUCT_CHANGED,
    PRICE, END, PUBLISH, UPDATE, CHECK, NEW_KEYS, REVOKE, READ, RULES, REPORT, IMPORT, IMAGE_CHECK, CHECK_NUMBERS,
)  # fmt: skip
KINDS = {kind.name: kind for kind in _ALL}

# Lanes that must run while the connection cannot sell: they are how it comes back, or ends.
RUNS_WHEN_HELD = {"setup", "inbound"}
