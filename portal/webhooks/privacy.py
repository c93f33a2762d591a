"""What a shop's privacy requests do at once, in the transaction that writes them down: buyers are removed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.records import InboundEvent
from portal.orders import retention

# https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
BUYER = "customers/redact"
SHOP = "shop/redact"


async def obey(session: AsyncSession, event: InboundEvent, connections: Sequence[UUID], now: datetime) -> None:
    """`connections` are all that ever were of the shop, ended ones too: what they brought here is meant."""
    if event.topic == SHOP:
        await retention.remove_asked(session, connections, None, now=now)
    elif event.topic == BUYER and (named := _orders(event.body)):
        await retention.remove_asked(session, connections, named, now=now)


def _orders(body: bytes) -> list[str]:
    """The orders that the request names, as they are called here; none where it cannot be read."""
    try:
        said = json.loads(body)
    except ValueError:
        return []
    numbers = said.get("orders_to_redact") if isinstance(said, dict) else None
    return [f"gid://shopify/Order/{number}" for number in numbers] if isinstance(numbers, list) else []
