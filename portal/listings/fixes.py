"""Where a fix is made: the control in the product editor, or the page at the channel."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.models.connections import Connection

_IN_EDITOR = {
    "option_names": "field-option-1",
    "active": "field-status",
    "images": "field-images",
    "variants": "variants",
    "description_html": "field-description",
}
_OF_VARIANT = {"weight_grams": "grams", "option_values": "option-1", "quantity": "sku"}
_ADMIN = {"shopify": "https://{domain}/admin", "amazon": "https://sellercentral.{domain}"}


def edit_url(product_id: UUID, pointer: str, variant_ids: Sequence[UUID] = ()) -> str:
    """The product's page at the field that `pointer` (connectors.errors.Problem.field) names."""
    page = f"/products/{product_id}"
    steps = [step for step in pointer.split("/") if step]
    if not steps:
        return page
    if steps[0] == "variants" and len(steps) > 1 and steps[1].isdecimal() and int(steps[1]) < len(variant_ids):
        row = f"variant-{variant_ids[int(steps[1])]}"
        return f"{page}#field-{row}-{_OF_VARIANT.get(steps[2], steps[2])}" if len(steps) > 2 else f"{page}#{row}"
    if steps[0] == "details" and len(steps) == 2:
        return f"{page}#field-{steps[1]}"
    return f"{page}#{_IN_EDITOR.get(steps[0], f'field-{steps[0]}')}"


def admin_url(connection: Connection) -> str:
    """The account's own back office; empty for a practice channel, which has none a merchant would use."""
    if connection.practice or not connection.domain:
        return ""
    return _ADMIN.get(connection.channel, "").format(domain=connection.domain)
