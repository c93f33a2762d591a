"""Reads a shop: which shop it is, which of our products it has already, and what it shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import ChannelError, PermissionLost, Problem
from connectors.records import Done, Failed, Found, Identity, ListingState, Outcome, ProductRecord
from connectors.shopify import errors, mapping
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import Part

# A product is recognised by its first codes; looking for every one of two thousand variants would cost minutes.
CODES_LOOKED_FOR = 25


async def identify(shop: ShopifyClient) -> Identity:
    """The shop and what we may do in it. What we may not read is left out of the settings."""
    described, installation = await shop.values([Part("Shop"), Part("GrantedScopes")])
    places = await _nodes_if_allowed(shop, "Locations")
    publications = await _nodes_if_allowed(shop, "Publications")
    return mapping.identity(described or {}, installation or {}, places, publications)


async def _nodes_if_allowed(shop: ShopifyClient, operation: str) -> list[dict[str, Any]]:
    try:
        (connection,) = await shop.values([Part(operation)])
    except PermissionLost as error:
        if error.problem.code != errors.ACCESS_DENIED:
            raise
        return []
    return list((connection or {}).get("nodes") or [])


async def find(shop: ShopifyClient, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
    """For each product the one in the shop that carries our mark, else its handle, else one of its codes.

    Our mark cannot be searched for, so it is read on what is found by the others. Products of many variants may
    cost more than the bucket holds: those that could be read are answered all the same.
    """
    by_handle = [number for number, product in enumerate(products) if product.handle]
    searches = [mapping.code_search(product, at_most=CODES_LOOKED_FOR) for product in products]
    by_code = [number for number, search in enumerate(searches) if search]
    values = await shop.values(
        [Part("ProductByHandle", {"handle": products[number].handle}) for number in by_handle]
        + [Part("VariantsByCode", {"search": searches[number]}) for number in by_code]
    )
    handles = dict(zip(by_handle, values, strict=False))
    hits = {
        number: (value or {}).get("nodes") or []
        for number, value in zip(by_code, values[len(by_handle) :], strict=True)
    }
    chosen = [_choose(product, handles.get(number), hits.get(number, [])) for number, product in enumerate(products)]
    return await _read_chosen(shop, chosen, handles)


def _choose(product: ProductRecord, by_handle: Mapping[str, Any] | None, hits: Sequence[Any]) -> tuple[str, str]:
    """Product id and how it was matched; two empty texts when the shop has none."""
    if by_handle is not None and mapping.mark_of(by_handle) == product.key:
        return str(by_handle["id"]), "mark"
    channel_id, matched_by = mapping.match_by_code(product, hits)
    if by_handle is not None and matched_by != "mark":
        return str(by_handle["id"]), "handle"
    return channel_id, matched_by


async def _read_chosen(
    shop: ShopifyClient, chosen: Sequence[tuple[str, str]], handles: Mapping[int, dict[str, Any] | None]
) -> list[Outcome[Found | None]]:
    nodes = {str(node["id"]): node for node in handles.values() if node is not None}
    wanted = dict.fromkeys(channel_id for channel_id, _ in chosen if channel_id)
    unread = [channel_id for channel_id in wanted if channel_id not in nodes]
    read = await shop.values([Part("ProductById", {"id": channel_id}) for channel_id in unread])
    nodes |= {channel_id: node for channel_id, node in zip(unread, read, strict=True) if node is not None}
    found: list[Outcome[Found | None]] = []
    for channel_id, matched_by in chosen:
        node = nodes.get(channel_id)
        variants = await variants_or_problem(shop, node, more="MoreVariants")
        if isinstance(variants, Problem):
            found.append(Failed(variants))
        elif node is None:
            found.append(Done(None))
        else:
            found.append(Done(mapping.found(node, matched_by=matched_by, variants=variants)))
    return found


async def read_states(
    shop: ShopifyClient, channel_ids: Sequence[str], *, locations: Sequence[str], publication_id: str, currency: str
) -> list[Outcome[ListingState]]:
    """What the shop shows of each listing, with stock as it is at these locations together, the main one first."""
    main, *others = locations
    parts = [
        Part("ProductState", {"id": channel_id, "publicationId": publication_id, "locationId": main})
        for channel_id in channel_ids
    ]
    nodes = await shop.values(parts)
    there = [channel_id for channel_id, node in zip(channel_ids, nodes, strict=True) if node is not None]
    elsewhere = await _elsewhere(shop, there, others)
    states: list[Outcome[ListingState]] = []
    for channel_id, node in zip(channel_ids, nodes, strict=True):
        units = elsewhere.get(channel_id, {})
        variants = await variants_or_problem(shop, node, more="MoreVariantStates", locationId=main)
        if isinstance(variants, Problem):
            states.append(Failed(variants))
        elif isinstance(units, Problem):
            states.append(Failed(units))
        else:
            states.append(Done(mapping.state(channel_id, node, variants, currency=currency, elsewhere=units)))
    return states


async def _elsewhere(
    shop: ShopifyClient, channel_ids: Sequence[str], locations: Sequence[str]
) -> dict[str, dict[str, int] | Problem]:
    """For each product the units of its variants (by id) at these locations together, or what kept us from reading.

    A variant that is stocked at none of them is left out. All products are read page by page at once.
    """
    found: dict[str, dict[str, int] | Problem] = {channel_id: {} for channel_id in channel_ids}
    wanted = {(channel_id, place): "" for channel_id in channel_ids for place in locations}
    while wanted:
        parts = [
            Part("VariantLevels", {"id": channel_id, "after": after or None, "locationId": place})
            for (channel_id, place), after in wanted.items()
        ]
        results = dict(zip(wanted, await shop.run_anyway(parts), strict=True))
        wanted = {}
        for (channel_id, place), page in results.items():
            units = found[channel_id]
            if isinstance(page, Problem) or isinstance(units, Problem):
                found[channel_id] = page if isinstance(page, Problem) else units
                continue
            for variant in mapping.variants_of(page or {}):
                held = mapping.held_at(variant)
                if held is not None:
                    units[str(variant["id"])] = units.get(str(variant["id"]), 0) + held
            if after := mapping.next_page(page or {}):
                wanted[channel_id, place] = after
    return found


async def variants_or_problem(
    shop: ShopifyClient, node: Mapping[str, Any] | None, *, more: str, **variables: str
) -> list[mapping.Node] | Problem:
    """All variants of the product, none where there is no product, or what kept us from reading on."""
    try:
        return await all_variants(shop, node, more=more, **variables) if node is not None else []
    except ChannelError as error:
        return error.problem


async def all_variants(
    shop: ShopifyClient, node: Mapping[str, Any], *, more: str, **variables: str
) -> list[mapping.Node]:
    """Every variant of the product, the pages after the first read with the operation `more`."""
    variants = mapping.variants_of(node)
    after = mapping.next_page(node)
    while after:
        (page,) = await shop.values([Part(more, {"id": node["id"], "after": after, **variables})])
        variants += mapping.variants_of(page or {})
        after = mapping.next_page(page or {})
    return variants
