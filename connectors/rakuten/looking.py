"""Reads a store: whose it is, which of our products it has already, and what it shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from connectors.errors import DataRefused, OurFault, PermissionLost
from connectors.rakuten import access, inventory, mapping, names
from connectors.rakuten.client import ITEM, LICENSE, Call, RakutenClient
from connectors.records import Done, Failed, Found, Identity, ListingState, Outcome, ProductRecord

JAPAN = timezone(timedelta(hours=9))
# From itemapi2_0/items_bulk_get of the RMS pages.
ITEMS_A_READ = 50
# A search takes a second, two for each SKU: a batch of products to publish has to be done within a minute.
SKUS_LOOKED_FOR = 1
HITS = 100
# The licence key has no last day. [licensemanagementapi/messagecodesreference]
_ENDLESS = "DR0006"


async def identify(client: RakutenClient) -> Identity:
    """The store whose keys these are, and when its licence key ends.

    No call names the shop, so its name is the one the merchant typed. The item call proves the keys and that the
    item API is ticked on in RMS.
    """
    credentials = await client.credentials()
    await client.body(Call(operation="items.search", method="GET", path=_SEARCH, bucket=ITEM, query={"hits": "1"}))
    return Identity(
        external_id=access.external_id(credentials),
        name=client.shop,
        domain=client.shop,
        currency=mapping.CURRENCY,
        access_ends_at=await _last_day(client, credentials.access_token),
    )


_SEARCH = "/es/2.0/items/search"


async def _last_day(client: RakutenClient, license_key: str) -> datetime | None:
    """When the licence key ends; None where it does not, or where this API is not ticked on.

    The keys have just been proved, so a refusal here says no more than that the function is off. [unsure]
    """
    call = Call(
        operation="license.expiryDate.get",
        method="GET",
        path="/es/1.0/license-management/license-key/expiry-date",
        bucket=LICENSE,
        query={"licenseKey": license_key},
    )
    try:
        said = (await client.body(call)).get("expiryDate")
    except PermissionLost:
        return None
    except OurFault as error:
        if error.problem.code == _ENDLESS:
            return None
        raise
    return _japanese_time(str(said or ""))


def _japanese_time(text: str) -> datetime | None:
    """The time Rakuten means by "2016-01-01T23:59:59", which names no zone and is in Japan."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=JAPAN)


async def find(client: RakutenClient, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
    """For each product the item under the code we would give it, ours or another's, else one with its SKU.

    The search may be a day behind; the code is looked up as it is now.
    """
    codes = [names.manage_number(product) for product in products]
    items = await _items(client, codes)
    outcomes: list[Outcome[Found | None]] = []
    for code, product in zip(codes, products, strict=True):
        item, matched_by = items.get(code), "handle"
        try:
            if item is None:
                item, matched_by = await _by_sku(client, product), "sku"
        except DataRefused as error:
            outcomes.append(Failed(error.problem))
            continue
        there = None if item is None else mapping.found(item, product, matched_by=matched_by, shop=client.shop)
        outcomes.append(Done(there))
    return outcomes


async def _items(client: RakutenClient, codes: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The items by code. One that is not there is left out by Rakuten, or told as an empty entry. [unsure]"""
    found: dict[str, Mapping[str, Any]] = {}
    wanted = list(dict.fromkeys(codes))
    for start in range(0, len(wanted), ITEMS_A_READ):
        for item in await _some_items(client, wanted[start : start + ITEMS_A_READ]):
            if item and item.get("variants"):
                found[str(item["manageNumber"])] = item
    return found


async def _some_items(client: RakutenClient, codes: Sequence[str]) -> list[Any]:
    """What one call tells of the codes. Were it refused for one that is absent, the others are asked for singly."""
    call = Call(
        operation="items.bulk.get",
        method="POST",
        path="/es/2.0/items/bulk-get",
        bucket=ITEM,
        body={"manageNumbers": list(codes)},
    )
    reply = await client.read(call)
    if reply.not_found and len(codes) > 1:
        return [(await client.get_item(code)).body for code in codes]
    return list(reply.body.get("results") or [])


async def _by_sku(client: RakutenClient, product: ProductRecord) -> Mapping[str, Any] | None:
    """An item with one of the product's SKUs, as its SKU code or as the number other systems know it by."""
    skus = list(dict.fromkeys(variant.sku for variant in product.variants if variant.sku))[:SKUS_LOOKED_FOR]
    for sku in skus:
        for parameter in ("merchantDefinedSkuId", "variantId")[: 2 if names.is_variant_id(sku) else 1]:
            query = {parameter: sku, "hits": str(HITS)}
            call = Call(operation="items.search", method="GET", path=_SEARCH, bucket=ITEM, query=query)
            for result in (await client.body(call)).get("results") or []:
                # Of an item deleted lately the search knows the code alone.
                item = (result or {}).get("item") or {}
                if mapping.has_sku(item, sku):
                    return dict(item)
    return None


async def read_states(client: RakutenClient, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
    """What the store shows of each listing, with its stock. What cannot be one of its codes is gone."""
    items = await _items(client, [one for one in channel_ids if names.is_manage_number(one)])
    rows = await inventory.rows(client, mapping.item_ids(items.values())) if items else {}
    stock = {channel_id: int(row["quantity"]) for channel_id, row in rows.items()}
    return [Done(mapping.state(one, items.get(one), stock, shop=client.shop)) for one in channel_ids]
