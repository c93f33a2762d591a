"""Stock and prices by SKU: a few by patches, many by one feed, whichever costs less of Amazon's rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from connectors.amazon import errors, feeds, items, mapping
from connectors.amazon.client import AmazonClient
from connectors.amazon.items import Patch
from connectors.errors import ChannelError, Problem
from connectors.records import Done, Failed, Outcome, PriceChange, SentItem, StockChange, StockSet

# Patches go five a second, and a feed is done after minutes: so many are there sooner by patches.
FEW = 25

T = TypeVar("T")
W = TypeVar("W", StockChange, PriceChange)
SkuPatch = tuple[str, Patch]


async def set_stock(shop: AmazonClient, changes: Sequence[StockChange]) -> list[Outcome[StockSet]]:
    """Absolute quantities. Amazon compares with nothing."""
    patches = [(change.stock_id, _stock(change)) for change in changes]
    if len(patches) > FEW:
        return [await feeds.submit(shop, _messages(patches))] * len(changes)
    return [await _patched(shop, [one], StockSet(quantity=c.quantity)) for one, c in zip(patches, changes, strict=True)]


async def set_prices(shop: AmazonClient, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
    """The prices of each listing's variants; one that is refused fails its listing."""
    patches = [_prices(shop, change) for change in changes]
    if sum(map(len, patches)) > FEW:
        return [await feeds.submit(shop, _messages([one for some in patches for one in some]))] * len(changes)
    return [await _patched(shop, some, None) for some in patches]


async def look_at_stock(shop: AmazonClient, sent: Sequence[SentItem[StockChange]]) -> list[Outcome[StockSet]]:
    return await _look(shop, sent, lambda one: [one.stock_id], lambda one: StockSet(quantity=one.quantity))


async def look_at_prices(shop: AmazonClient, sent: Sequence[SentItem[PriceChange]]) -> list[Outcome[None]]:
    return await _look(shop, sent, lambda one: [sku for _, sku, _, _ in one.prices], lambda _: None)


def _stock(change: StockChange) -> Patch:
    return items.merge("fulfillment_availability", mapping.stock(change.quantity))


def _prices(shop: AmazonClient, change: PriceChange) -> list[SkuPatch]:
    return [
        (sku, items.merge("purchasable_offer", mapping.offer(price, shop.marketplace)))
        for _key, sku, price, _was in change.prices
    ]


def _messages(patches: Sequence[SkuPatch]) -> list[feeds.Message]:
    return [feeds.patch(sku, [patch]) for sku, patch in patches]


async def _patched(shop: AmazonClient, patches: Sequence[SkuPatch], done: T) -> Outcome[T]:
    for sku, patch in patches:
        try:
            problem = items.refusal(await items.patch(shop, sku, [patch]))
        except ChannelError as error:
            problem = error.problem
        if problem is not None:
            return Failed(problem)
    return Done(done)


async def _look(
    shop: AmazonClient,
    sent: Sequence[SentItem[W]],
    skus_of: Callable[[W], Sequence[str]],
    done_of: Callable[[W], T],
) -> list[Outcome[T]]:
    reports = await feeds.reports(shop, (one.reference for one in sent))
    outcomes: list[Outcome[T]] = []
    for one in sent:
        report = reports[one.reference]
        if report is None:
            outcomes.append(feeds.going_on(one.reference))
            continue
        if isinstance(report, Problem):
            outcomes.append(Failed(report))
            continue
        issue = errors.first_error([issue for sku in skus_of(one.item) for issue in report.get(sku, [])])
        if issue is None:
            outcomes.append(Done(done_of(one.item)))
        else:
            outcomes.append(Failed(errors.problem_of_issue(issue, variant=0, with_options=False)))
    return outcomes
