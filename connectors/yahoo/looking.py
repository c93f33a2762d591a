"""Reads a store: whether it lets us in, which of our products it has already, and what it shows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.errors import ChannelError, DataRefused, OurFault, Problem
from connectors.protocol import Account
from connectors.records import Done, Failed, Found, Identity, ListingState, Outcome, ProductRecord
from connectors.yahoo import answers, codes, errors, mapping
from connectors.yahoo.answers import Element
from connectors.yahoo.client import YahooClient

# getStock takes as many codes a call as setStock.
STOCK_ROWS = 1000


async def identify(shop: YahooClient, account: Account) -> Identity:
    """The store these credentials may act for. Raises PermissionLost or AccountBlocked where they may not.

    Yahoo! has no call that says whose a token is; a list of items is answered to those who may act for the store.
    """
    query = {"query": "a", "type": "item_code", "start": "1", "results": "1"}
    # A list that is refused for what was asked, and not for who asks, proves as much.
    await shop.get("myItemList", query)
    credentials = await account.credentials()
    return Identity(
        external_id=shop.seller_id,
        name=shop.seller_id,
        domain=shop.seller_id,
        currency=mapping.CURRENCY,
        scopes=credentials.scopes,
        access_ends_at=credentials.refresh_expires_at,
    )


async def item(shop: YahooClient, code: str) -> Element | None:
    """The item's fields in the editing area, None where the store has no such item. Raises ChannelError."""
    reply = await shop.get("getItem", {"item_code": code})
    if not reply.refusals:
        found = answers.results(reply.root)
        # Whether the fields stand in the root or in a result is unsure.
        inner = found[0] if found else reply.root
        return inner if inner.find("Name") is not None else None
    if any(one.says_gone for one in reply.refusals):
        return None
    raise errors.as_error(errors.problem_of(reply.refusals, request_id=reply.request_id), writes=False)


async def find(shop: YahooClient, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
    """For each product the item that has its code, else the one that has its SKU for a code.

    Yahoo! has no field for our mark. A code derived from our key is one; any other item is another's as far as can
    be told, also one that we made and never heard of. Raises when the first look comes to nothing.
    """
    met: list[tuple[str, str, Element] | Problem | None] = []
    for product in products:
        try:
            met.append(await _meet(shop, product))
        except ChannelError as error:
            if not met:
                raise
            met += [error.problem] * (len(products) - len(met))
            break
    rows = await _stock(shop, [one[0] for one in met if isinstance(one, tuple)])
    return [_found(shop, product, one, rows) for product, one in zip(products, met, strict=True)]


async def _meet(shop: YahooClient, product: ProductRecord) -> tuple[str, str, Element] | None:
    """Code, how it was matched, and the item; None where the store has none."""
    code = codes.item_code(product)
    there = await item(shop, code)
    if there is not None:
        return code, "mark" if codes.is_mark(code, product) else "handle", there
    for sku in _skus(product, code):
        there = await item(shop, sku)
        if there is not None:
            return sku, "sku", there
    return None


def _skus(product: ProductRecord, code: str) -> list[str]:
    """The one SKU that could be an item code; the SKUs of several variants are subcodes, which cannot be searched."""
    if len(product.variants) != 1:
        return []
    sku = product.variants[0].sku
    return [sku] if codes.is_code(sku) and sku != code else []


def _found(
    shop: YahooClient,
    product: ProductRecord,
    met: tuple[str, str, Element] | Problem | None,
    rows: Mapping[str, Element],
) -> Outcome[Found | None]:
    if met is None:
        return Done(None)
    if isinstance(met, Problem):
        return Failed(met)
    code, matched_by, there = met
    mark = product.key if matched_by == "mark" else ""
    return Done(mapping.found(there, code=code, matched_by=matched_by, mark=mark, seller_id=shop.seller_id, rows=rows))


async def read_states(shop: YahooClient, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
    """What the store shows of each item. Raises when the first look comes to nothing."""
    items: list[Element | Problem | None] = []
    for code in channel_ids:
        try:
            items.append(await item(shop, code))
        except ChannelError as error:
            if not items:
                raise
            items += [error.problem] * (len(channel_ids) - len(items))
            break
    there = [code for code, one in zip(channel_ids, items, strict=True) if isinstance(one, Element)]
    rows = await _stock(shop, there)
    waiting = await _waiting(shop) if there else frozenset[str]()
    states: list[Outcome[ListingState]] = []
    for code, one in zip(channel_ids, items, strict=True):
        if isinstance(one, Problem):
            states.append(Failed(one))
        else:
            states.append(Done(mapping.state(code, one, rows=rows, waiting=waiting, seller_id=shop.seller_id)))
    return states


async def _stock(shop: YahooClient, item_codes: Sequence[str]) -> dict[str, Element]:
    """The stock rows of the items. That an item code alone brings the rows of its subcodes too is unsure."""
    rows: dict[str, Element] = {}
    for start in range(0, len(item_codes), STOCK_ROWS):
        asked = list(dict.fromkeys(item_codes[start : start + STOCK_ROWS]))
        reply = await shop.ask("getStock", {"item_code": ",".join(asked)})
        rows |= mapping.stock_rows(reply.root)
    return rows


async def _waiting(shop: YahooClient) -> frozenset[str]:
    """The codes of items with edits that are not published. How the list looks is unsure: any code in it counts.

    A list we cannot have leaves it unknown, and the items are then taken for published.
    """
    try:
        reply = await shop.get("publishHistorySummary", {"publish_id": "0"})
    except (DataRefused, OurFault):
        return frozenset()
    return mapping.codes_in(reply.root)
