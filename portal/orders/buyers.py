"""Who bought: sealed in the order's row, opened for a purpose only, and shown masked until somebody asks."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

from connectors.orders import Address, Buyer, as_document, buyer_of
from portal.models.orders import Order
from portal.vault import Vault

FIELD = "sale.buyer"


def seal(vault: Vault, buyer: Buyer | None, *, merchant_id: UUID, order_id: UUID) -> bytes | None:
    """What the order's row keeps of the buyer; None where the channel said nothing."""
    if buyer is None:
        return None
    plain = json.dumps(as_document(buyer), ensure_ascii=False).encode()
    return vault.seal(plain, merchant_id=merchant_id, row_id=order_id, field=FIELD)


def opened(vault: Vault, order: Order) -> Buyer | None:
    """The buyer in clear, for the store or for a member who asked. None where there is nothing, or nothing any more."""
    if order.buyer is None:
        return None
    plain = vault.open(order.buyer, merchant_id=order.merchant_id, row_id=order.id, field=FIELD)
    return buyer_of(json.loads(plain))


def masked(buyer: Buyer) -> Buyer:
    """Enough to tell two buyers apart, and not enough to write to one."""
    return replace(
        buyer,
        name=_first(buyer.name),
        email=_first(buyer.email) + "@…" if "@" in buyer.email else _first(buyer.email),
        phone=_last(buyer.phone),
        note="…" if buyer.note else "",
        ship_to=_masked_place(buyer.ship_to),
        bill_to=_masked_place(buyer.bill_to),
    )


def _masked_place(place: Address | None) -> Address | None:
    if place is None:
        return None
    return Address(
        name=_first(place.name), region=place.region, country=place.country, line1="…" if place.line1 else ""
    )


def _first(text: str) -> str:
    return f"{text[0]}…" if text else ""


def _last(text: str) -> str:
    return f"…{text[-2:]}" if text else ""
