"""A seller connected to practice Amazon, in Japan, whose merchant counts in yen."""

from __future__ import annotations

from tests.channels.conftest import alice, premises, seller, web
from tests.channels.test_amazon_path import amazon, connection

__all__ = ["alice", "amazon", "connection", "premises", "seller", "web"]
