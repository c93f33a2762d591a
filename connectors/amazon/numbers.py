"""Stock and prices by SKU: a few by patches, many by one feed, whichever costs less of Amazon's rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from connectors.amazon import errors, feeds, items, mapping
from connectors.amazon.client import AmazonClient
from connectors.amazon.items import Patch
from connectors.amazon.publishing import FEED
from connectors.errors import PRODUCT_GONE, ChannelError, Problem, ProblemClass
from connectors.records import Done, Failed, Outcome, PriceChange, Sent, SentItem, StockChange, StockSet

# Patches go five a second, and a feed is done after minutes: so many are there sooner by patches.
FEW = 25

T = TypeVar("T")
W = TypeVar("W", StockChange, PriceChange)
SkuPatch = tuple[str, Patch]


async def set_stock(shop: AmazonClient, changes: Sequence[StockChange]) -> list[Outcome[StockSet]]:
    """Absolute quantities. Amazon compares with nothing."""
    patches = [(change.stock_id, _stock(change)) for change in changes]
    if len(patches) > FEW:
        return [await _sent(shop, patches)] * len(changes)
    return [await _patched(shop, [one], StockSet(quantity=c.quantity)) for one, c in zip(patches, changes, strict=True)]


async def set_prices(shop: AmazonClient, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
    """The prices of each listing's variants; one that is refused fails its listing."""
    patches = [_prices(shop, change) for change in changes]
    if sum(map(len, patches)) > FEW:
        return [await _sent(shop, [one for some in patches for one in some])] * len(changes)
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


async def _sent(shop: AmazonClient, patches: Sequence[SkuPatch]) -> Sent:
    feed = await feeds.submit(shop, [feeds.patch(sku, [patch]) for sku, patch in patches])
    return Sent(
        reference=FEED + feed,
        patience_seconds=feeds.PATIENCE_SECONDS,
        look_after_seconds=feeds.FIRST_LOOK_SECONDS,
    )


async def _patched(shop: AmazonClient, patches: Sequence[SkuPatch], done: T) -> Outcome[T]:
    for sku, patch in patches:
        try:
            reply = await items.patch(shop, sku, [patch])
        except ChannelError as error:
            return Failed(error.problem)
        if not reply.found:
            return Failed(_GONE)
        issue = errors.first_error(items.issues_of(reply))
        if reply.body.get("status") == items.INVALID and issue is not None:
            return Failed(errors.problem_of_issue(issue, variant=0, with_options=False, request_id=reply.request_id))
    return Done(done)


async def _look(
    shop: AmazonClient,
    sent: Sequence[SentItem[W]],
    skus_of: Callable[[W], Sequence[str]],
    done_of: Callable[[W], T],
) -> list[Outcome[T]]:
    """One report is read once, however many items are in its feed."""
    references = dict.fromkeys(one.reference for one in sent)
    reports = {one: await feeds.report(shop, one.removeprefix(FEED)) for one in references}
    outcomes: list[Outcome[T]] = []
    for one in sent:
        report = reports[one.reference]
        if report is None:
            outcomes.append(Sent(reference=one.reference, patience_seconds=feeds.PATIENCE_SECONDS))
            continue
        issues = [issue for sku in skus_of(one.item) for issue in report.get(sku, [])]
        issue = errors.first_error(issues)
        if issue is None:
            outcomes.append(Done(done_of(one.item)))
        else:
            outcomes.append(Failed(errors.problem_of_issue(issue, variant=0, with_options=False)))
    return outcomes


_GONE = Problem(problem_class=ProblemClass.DATA, code=PRODUCT_GONE)
