"""Reads and writes rows of the Inventory API 2.1, a row a SKU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.rakuten import names
from connectors.rakuten.client import INVENTORY, Call, RakutenClient, Reply

# From inventoryapi2_1/inventories_bulk_get and inventories_bulk_upsert of the RMS pages.
ROWS_A_READ, ROWS_A_WRITE = 1000, 400

# A write clears what it leaves out, so these are sent back as they were read: how soon a SKU ships is the merchant's.
_KEPT = ("operationLeadTime", "shipFromIds")

Row = Mapping[str, Any]


async def rows(client: RakutenClient, channel_ids: Sequence[str]) -> dict[str, Row]:
    """The rows of these variants by id. One without a row is not in it: Rakuten leaves it out. [unsure]

    Should Rakuten refuse the call for one that is absent, that is raised: taking all of them for absent would
    clear the lead times of the others.
    """
    found: dict[str, Row] = {}
    wanted = list(dict.fromkeys(channel_ids))
    for start in range(0, len(wanted), ROWS_A_READ):
        asked = [_pair(channel_id) for channel_id in wanted[start : start + ROWS_A_READ]]
        call = Call(
            operation="inventories.bulk.get",
            method="POST",
            path="/es/2.1/inventories/bulk-get",
            bucket=INVENTORY,
            body={"inventories": asked},
        )
        for row in (await client.body(call)).get("inventories") or []:
            found[names.item_id(str(row["manageNumber"]), str(row["variantId"]))] = row
    return found


async def write(client: RakutenClient, quantities: Mapping[str, int], held: Mapping[str, Row]) -> Reply:
    """Sets absolute quantities by variant id, at most ROWS_A_WRITE, and leaves the rest of `held` rows as it was."""
    body = [
        _pair(channel_id)
        | {"mode": "ABSOLUTE", "quantity": quantity}
        | {name: held[channel_id][name] for name in _KEPT if held.get(channel_id, {}).get(name) is not None}
        for channel_id, quantity in quantities.items()
    ]
    return await client.ask(
        Call(
            operation="inventories.bulk.upsert",
            method="POST",
            path="/es/2.1/inventories/bulk-upsert",
            bucket=INVENTORY,
            writes=True,
            body={"inventories": body},
        )
    )


def _pair(channel_id: str) -> dict[str, Any]:
    manage_number, _, variant_id = channel_id.partition("/")
    return {"manageNumber": manage_number, "variantId": variant_id}
