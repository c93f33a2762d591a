"""Reading: whose account it is, what is there already, and what buyers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors import money
from connectors.amazon import errors, items, publishing, skus
from connectors.amazon.client import AmazonClient
from connectors.amazon.items import Listing
from connectors.errors import AccountBlocked, PermissionLost
from connectors.records import (
    Done,
    Found,
    FoundItem,
    Identity,
    ListingState,
    Observed,
    ObservedItem,
    Outcome,
    ProductRecord,
)

BUYABLE, DISCOVERABLE = "BUYABLE", "DISCOVERABLE"
_SHOWN = ["summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "relationships"]


async def identify(shop: AmazonClient) -> Identity:
    """The seller, and that they sell on the account's marketplace. Amazon answers this about once a minute."""
    reply = await shop.get("getMarketplaceParticipations", "/sellers/v1/marketplaceParticipations")
    place, seller = shop.marketplace, await shop.seller_id()
    if not seller:
        raise PermissionLost("no_seller_id")
    listed = reply.body.get("payload", []) if reply.found else []
    here = next((one for one in listed if one["marketplace"]["id"] == place.id), None)
    if here is None or not here["participation"]["isParticipating"]:
        raise AccountBlocked("not_participating", message=place.host)
    if here["participation"]["hasSuspendedListings"]:
        raise AccountBlocked("suspended_listings", message=place.host)
    name = here.get("storeName") or seller
    return Identity(
        external_id=f"{seller}@{place.id}",
        name=f"{name} ({place.host})",
        domain=place.host,
        currency=here["marketplace"]["defaultCurrencyCode"],
        settings={"seller_id": seller, "marketplace_id": place.id, "language": place.language},
    )


async def find(shop: AmazonClient, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
    """By the parent's SKU, which only we give, then by the variants' own."""
    wanted = [sku for product in products for sku in (skus.channel_id(product), *_skus(product))]
    there = await items.search(shop, wanted, ["summaries", "relationships"])
    return [Done(_found(shop, product, there)) for product in products]


async def read_states(shop: AmazonClient, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
    """One for each; a parent's is the best of its children's."""
    there = await items.search(shop, channel_ids, _SHOWN)
    children = [sku for one in there.values() for sku in publishing.sellable(one["sku"], one) if sku not in there]
    there |= await items.search(shop, children, _SHOWN)
    return [Done(_state(shop, channel_id, there)) for channel_id in channel_ids]


def _skus(product: ProductRecord) -> list[str]:
    return [variant.sku for variant in product.variants]


def _found(shop: AmazonClient, product: ProductRecord, there: Mapping[str, Listing]) -> Found | None:
    whole = skus.channel_id(product)
    ours = bool(product.option_names) and whole in there
    first = whole if whole in there else next((sku for sku in _skus(product) if sku in there), None)
    if first is None:
        return None
    summary = _summary(there[first])
    values = {variant.sku: variant.option_values for variant in product.variants}
    listed = [sku for sku in _skus(product) if sku in there]
    return Found(
        channel_id=first if ours or not product.option_names else _parent_of(there[first]) or first,
        handle=product.handle,
        title=summary.get("itemName", ""),
        matched_by="mark" if ours else "sku",
        mark=product.key if ours else "",
        url=_url(shop, summary),
        items=tuple(FoundItem(channel_id=sku, stock_id=sku, sku=sku, option_values=values[sku]) for sku in listed),
        created_at=_moment(summary.get("createdDate")),
    )


def _parent_of(listing: Listing) -> str:
    related = [one for group in listing.get("relationships", []) for one in group.get("relationships", [])]
    return next((sku for one in related for sku in one.get("parentSkus", [])), "")


def _state(shop: AmazonClient, channel_id: str, there: Mapping[str, Listing]) -> ListingState:
    listing = there.get(channel_id)
    if listing is None:
        return ListingState(channel_id=channel_id, observed=Observed.ENDED, gone=True)
    sold = [there[sku] for sku in publishing.sellable(channel_id, listing) if sku in there]
    states = [_observed(one) for one in sold]
    order = (Observed.LIVE, Observed.SUPPRESSED, Observed.PENDING, Observed.ENDED)
    return ListingState(
        channel_id=channel_id,
        observed=next(one for one in order if one in states) if states else Observed.ENDED,
        url=next(filter(None, (_url(shop, _summary(one)) for one in [listing, *sold])), ""),
        items=tuple(_item(one, shop.marketplace.currency) for one in sold),
        warnings=tuple(
            errors.problem_of_issue(issue, variant=number, with_options=len(sold) > 1)
            for number, one in enumerate(sold)
            for issue in one.get("issues", [])
        ),
    )


def _observed(listing: Listing) -> Observed:
    """Accepted is not live: buyers see it once Amazon says that it can be bought or found."""
    if not listing.get("attributes", {}).get("purchasable_offer"):
        return Observed.ENDED
    status, error = _summary(listing).get("status", []), errors.first_error(listing.get("issues", []))
    if BUYABLE in status or (DISCOVERABLE in status and not (error and error.get("enforcements"))):
        return Observed.LIVE
    return Observed.SUPPRESSED if error else Observed.PENDING


def _item(listing: Listing, currency: str) -> ObservedItem:
    offers = [one for one in listing.get("offers", []) if one.get("offerType") == "B2C"]
    stock = [one for one in listing.get("fulfillmentAvailability", []) if one["fulfillmentChannelCode"] == "DEFAULT"]
    return ObservedItem(
        channel_id=listing["sku"],
        quantity=stock[0].get("quantity") if stock else None,
        price=money.from_text(offers[0]["price"]["amount"], currency) if offers else None,
    )


def _summary(listing: Listing) -> Mapping[str, Any]:
    summaries = listing.get("summaries") or [{}]
    first: Mapping[str, Any] = summaries[0]
    return first


def _url(shop: AmazonClient, summary: Mapping[str, Any]) -> str:
    return f"https://www.{shop.marketplace.host}/dp/{summary['asin']}" if summary.get("asin") else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
