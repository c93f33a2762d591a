"""Listing products: a few by calls, many by a feed. What is accepted is not live yet; reading the state says when."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.amazon import errors, feeds, items, mapping, skus
from connectors.amazon.client import AmazonClient, Reply
from connectors.amazon.mapping import Sku
from connectors.errors import HANDLE_NOT_UNIQUE, ChannelError, Problem, ProblemClass
from connectors.records import (
    Aspect,
    Done,
    Failed,
    LinkedItem,
    Outcome,
    Published,
    PublishItem,
    SentItem,
)

# A feed costs five calls and minutes; so many SKUs are written one by one before it is worth that.
FEW = 20
# What a linked listing is told when a product's words or variants change: single attributes, never quantities.
_OF_ASPECT = {
    Aspect.FIELDS: ("item_name", "brand", "product_description"),
    Aspect.VARIANTS: ("purchasable_offer", "list_price"),
    Aspect.SHAPE: (
        "main_product_image_locator",
        *(f"other_product_image_locator_{n}" for n in range(1, mapping.MOST_IMAGES)),
    ),
}


# Attributes that a product may lose again.
_MAY_GO = {Aspect.VARIANTS: ("list_price",), Aspect.SHAPE: _OF_ASPECT[Aspect.SHAPE]}


@dataclass(frozen=True, slots=True)
class _Listed:
    """An item with the listings it is made of: `new` ones are written whole, `known` ones attribute by attribute.

    A listing is replaced by what is put, so a known one is patched: its stock and what Amazon added stay.
    """

    item: PublishItem
    new: Sequence[Sku]
    known: Sequence[Sku]


async def publish(shop: AmazonClient, wanted: Sequence[PublishItem]) -> list[Outcome[Published]]:
    """Each product whole, quantities with what is new. A first publish never overwrites.

    A linked listing stays the merchant's own: under its SKUs there it gets its offer again, which ending took away.
    """
    taken = await _taken(shop, [item for item in wanted if not item.channel_id])
    refused = {n for n, item in enumerate(wanted) if not item.channel_id and _is_anothers(item, taken)}
    linked = {n for n, item in enumerate(wanted) if item.channel_id and not item.ours}
    good = [_listed(shop, item, taken) for n, item in enumerate(wanted) if n not in refused | linked]
    outcomes = iter(await _written(shop, good))
    told = {n: await _tell(shop, replace(wanted[n], changed=wanted[n].changed | {Aspect.VARIANTS})) for n in linked}
    return [Failed(_NOT_UNIQUE) if n in refused else told.get(n) or next(outcomes) for n in range(len(wanted))]


async def update(shop: AmazonClient, wanted: Sequence[PublishItem]) -> list[Outcome[Published]]:
    """What we made is brought up to date whole; a linked listing is told single attributes."""
    ours = iter(await _written(shop, [_listed(shop, item, {}) for item in wanted if item.ours]))
    return [next(ours) if item.ours else await _tell(shop, item) for item in wanted]


async def look(shop: AmazonClient, sent: Sequence[SentItem[PublishItem]]) -> list[Outcome[Published]]:
    """What the feeds say of each product; one report is read once."""
    reports = await feeds.reports(shop, (one.reference for one in sent))
    return [_reported(shop, one, reports[one.reference]) for one in sent]


async def end(shop: AmazonClient, channel_ids: Sequence[str]) -> list[Outcome[None]]:
    """The offer goes and the stock is none. The listing stays: deleting it would lose what the merchant wrote."""
    found = await items.search(shop, channel_ids, ["summaries", "relationships"])
    outcomes: list[Outcome[None]] = []
    for channel_id in channel_ids:
        problem = None
        for sku in sellable(channel_id, found.get(channel_id, {})) if channel_id in found else []:
            problem = problem or await _take_off(shop, sku)
        outcomes.append(Failed(problem) if problem else Done(None))
    return outcomes


async def leave(shop: AmazonClient, wanted: Sequence[str]) -> list[Outcome[None]]:
    """The listings are deleted. One that stays keeps its ASIN, whatever code it is patched to have."""
    outcomes: list[Outcome[None]] = []
    for sku in wanted:
        try:
            reply = await items.delete(shop, sku)
        except ChannelError as error:
            outcomes.append(Failed(error.problem))
            continue
        problem = items.refusal(reply) if reply.found else None
        outcomes.append(Failed(problem) if problem else Done(None))
    return outcomes


def sellable(channel_id: str, listing: items.Listing) -> list[str]:
    """The SKUs that buyers can buy of a listing: its children, or itself where it has none."""
    related = [one for group in listing.get("relationships", []) for one in group.get("relationships", [])]
    return [sku for one in related for sku in one.get("childSkus", [])] or [channel_id]


async def _taken(shop: AmazonClient, firsts: Sequence[PublishItem]) -> Mapping[str, items.Listing]:
    """Those of the SKUs of first publishes that exist already."""
    wanted = [sku for item in firsts for sku in _skus_of(item)]
    return await items.search(shop, wanted, ["summaries"]) if wanted else {}


def _skus_of(item: PublishItem) -> list[str]:
    return [skus.channel_id(item.product), *(variant.sku for variant in item.product.variants)]


def _is_anothers(item: PublishItem, taken: Mapping[str, items.Listing]) -> bool:
    """A SKU is in use, and it is not a parent of ours that says the children are ours as well."""
    if item.product.option_names and skus.parent_sku(item.product) in taken:
        return False
    return any(sku in taken for sku in _skus_of(item))


def _listed(shop: AmazonClient, item: PublishItem, taken: Mapping[str, items.Listing]) -> _Listed:
    linked = {link.key for link in item.links}
    listed = mapping.listings(item.product, item.requirements, shop.marketplace, with_stock=True)
    known = [sku for sku in listed if sku.sku in taken or _is_known(sku, item, linked)]
    return _Listed(item, [sku for sku in listed if sku not in known], [_without_stock(sku) for sku in known])


def _is_known(sku: Sku, item: PublishItem, linked: Container[str]) -> bool:
    if sku.variant is None:
        return bool(item.channel_id)
    return item.product.variants[sku.variant].key in linked


def _without_stock(sku: Sku) -> Sku:
    told = {name: value for name, value in sku.attributes.items() if name != "fulfillment_availability"}
    return replace(sku, attributes=told)


async def _written(shop: AmazonClient, listed: Sequence[_Listed]) -> list[Outcome[Published]]:
    if sum(len(one.new) + len(one.known) for one in listed) > FEW:
        sent = await feeds.submit(shop, [message for one in listed for message in _messages(one)])
        return [sent] * len(listed)
    outcomes: list[Outcome[Published]] = []
    for one in listed:
        try:
            outcomes.append(await _write(shop, one))
        except ChannelError as error:
            # What was written before it stays written; each product is told apart.
            outcomes.append(Failed(error.problem))
    return outcomes


def _messages(one: _Listed) -> list[feeds.Message]:
    patched = [feeds.patch(sku.sku, _patches(one.item, sku), product_type=sku.product_type) for sku in one.known]
    return [feeds.update(sku) for sku in one.new] + patched


def _patches(item: PublishItem, sku: Sku) -> list[items.Patch]:
    """Every attribute as it is now, and those gone that the product has no more.

    An offer for businesses beside ours stays as it is.
    """
    told = sku.attributes
    kept = [(items.merge if name == "purchasable_offer" else items.replace)(name, told[name]) for name in told]
    place = next(one["marketplace_id"] for entries in told.values() for one in entries if "marketplace_id" in one)
    gone = [name for aspect in sorted(item.changed) for name in _MAY_GO.get(aspect, ()) if name not in told]
    return kept + [items.remove(name, {"marketplace_id": place}) for name in gone]


async def _write(shop: AmazonClient, one: _Listed) -> Outcome[Published]:
    """Several new listings are judged before the first is written, so that no half of a product is made."""
    problem = await _judged(shop, one) if len(one.new) > 1 else None
    if problem is not None:
        return Failed(problem)
    asins: dict[str, str] = {}
    for sku in (*one.new, *one.known):
        if sku in one.known:
            reply = await items.patch(shop, sku.sku, _patches(one.item, sku), product_type=sku.product_type)
        else:
            reply = await items.put(shop, sku)
        problem = _refusal(one.item, sku, reply)
        if problem is not None:
            return Failed(problem)
        for found in reply.body.get("identifiers") or []:
            asins[sku.sku] = found.get("asin", "")
    return Done(_published(shop, one.item, asins))


async def _judged(shop: AmazonClient, one: _Listed) -> Problem | None:
    for sku in one.new:
        problem = _refusal(one.item, sku, await items.put(shop, sku, preview=True))
        if problem is not None:
            return problem
    return None


def _refusal(item: PublishItem, sku: Sku, reply: Reply) -> Problem | None:
    return items.refusal(reply, variant=sku.variant or 0, with_options=bool(item.product.option_names))


def _published(shop: AmazonClient, item: PublishItem, asins: Mapping[str, str]) -> Published:
    product = item.product
    links = tuple(LinkedItem(key=one.key, channel_id=one.sku, stock_id=one.sku) for one in product.variants)
    whole = skus.channel_id(product) if not item.channel_id else item.channel_id
    asin = asins.get(whole) or next(iter(asins.values()), "")
    url = f"https://www.{shop.marketplace.host}/dp/{asin}" if asin else ""
    return Published(channel_id=whole, handle=product.handle, url=url, links=links)


async def _tell(shop: AmazonClient, item: PublishItem) -> Outcome[Published]:
    """Single attributes of each linked SKU."""
    by_key = {link.key: link.channel_id for link in item.links}
    listed = mapping.listings(item.product, item.requirements, shop.marketplace, with_stock=False)
    names = [name for aspect in item.changed for name in _OF_ASPECT[aspect]]
    for sku in listed:
        there = item.channel_id if sku.variant is None else by_key.get(item.product.variants[sku.variant].key)
        patches = [items.merge(name, sku.attributes[name]) for name in names if name in sku.attributes]
        if not there or not patches:
            continue
        try:
            reply = await items.patch(shop, there, patches, product_type=sku.product_type)
        except ChannelError as error:
            return Failed(error.problem)
        problem = _refusal(item, sku, reply)
        if problem is not None:
            return Failed(problem)
    links = tuple(item.links)
    return Done(Published(channel_id=item.channel_id, handle=item.product.handle, links=links))


def _reported(shop: AmazonClient, one: SentItem[PublishItem], report: feeds.Report) -> Outcome[Published]:
    if report is None:
        return feeds.going_on(one.reference)
    if isinstance(report, Problem):
        return Failed(report)
    listed = mapping.listings(one.item.product, one.item.requirements, shop.marketplace, with_stock=False)
    for sku in listed:
        issue = errors.first_error(report.get(sku.sku, []))
        if issue is not None:
            with_options = bool(one.item.product.option_names)
            return Failed(errors.problem_of_issue(issue, variant=sku.variant or 0, with_options=with_options))
    return Done(_published(shop, one.item, {}))


async def _take_off(shop: AmazonClient, sku: str) -> Problem | None:
    patches = [
        items.remove("purchasable_offer", mapping.offer_instance(shop.marketplace)),
        items.merge("fulfillment_availability", mapping.stock(0)),
    ]
    try:
        reply = await items.patch(shop, sku, patches)
    except ChannelError as error:
        return error.problem
    # What is not there is off sale.
    return items.refusal(reply) if reply.found else None


_NOT_UNIQUE = Problem(problem_class=ProblemClass.DATA, code=HANDLE_NOT_UNIQUE, field="/handle")
