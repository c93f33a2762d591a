"""Finishes products that Shopify went on with after our call: looks whether they are written, adds what was left out.

A product of many variants is written without the images of its variants. They are added once Shopify has fetched
them, and only then is the product shown. Every step sets what is wanted, so a look may stop anywhere and begin again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.errors import HANDLE_NOT_UNIQUE, PRODUCT_GONE, Problem, ProblemClass
from connectors.records import Done, Failed, Outcome, ProductRecord, Published, PublishItem, Sent, SentItem
from connectors.shopify import costs, errors, looking, mapping
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import Part
from connectors.shopify.publishing import PATIENCE_SECONDS

# Shopify fetches an image in seconds, and in these ten it gives back the points of one request for images.
IMAGES_SECONDS = 10.0


async def look(
    shop: ShopifyClient, sent: Sequence[SentItem[PublishItem]], *, publication_id: str
) -> list[Outcome[Published]]:
    """What became of each product; `Sent` again while Shopify is at it. Raises when nothing could be learned."""
    operations = await shop.values([Part("SetOperation", {"id": one.reference}) for one in sent])
    return [
        await _outcome(shop, one, operation, publication_id) for one, operation in zip(sent, operations, strict=True)
    ]


async def _outcome(
    shop: ShopifyClient, one: SentItem[PublishItem], operation: Mapping[str, Any] | None, publication_id: str
) -> Outcome[Published]:
    product = one.item.product
    if operation is None:
        return Failed(Problem(problem_class=ProblemClass.UNKNOWN, code="no_operation"))
    if operation["status"] != "COMPLETE":
        return Sent(one.reference, PATIENCE_SECONDS)
    node = operation["product"]
    problem = errors.problem_in(operation)
    if problem is not None and problem.code == HANDLE_NOT_UNIQUE:
        node = await _made_before(shop, product)
    if problem is not None and node is None:
        return Failed(problem)
    if node is None:
        return Failed(Problem(problem_class=ProblemClass.UNKNOWN, code="no_product"))
    return await _finish(shop, one, str(node["id"]), publication_id)


async def _made_before(shop: ShopifyClient, product: ProductRecord) -> dict[str, Any] | None:
    """The product that holds the handle, if an earlier try of ours made it."""
    (node,) = await shop.values([Part("ProductByHandle", {"handle": product.handle})])
    return node if node is not None and mapping.mark_of(node) == product.key else None


async def _finish(
    shop: ShopifyClient, one: SentItem[PublishItem], channel_id: str, publication_id: str
) -> Outcome[Published]:
    (node,) = await shop.values([Part("FinishedProduct", {"id": channel_id})])
    if node is None:
        return Failed(Problem(problem_class=ProblemClass.DATA, code=PRODUCT_GONE))
    variants = await looking.all_variants(shop, node, more="MoreFinishedVariants")
    published = mapping.published(node, one.item.product, variants)
    changes = mapping.images_missing(one.item.product, node, variants, links=published.links)
    if changes is None:
        return Sent(one.reference, PATIENCE_SECONDS, IMAGES_SECONDS)
    if not changes:
        return await _show(shop, published, publication_id)
    return await _set_images(shop, channel_id, changes) or Sent(one.reference, PATIENCE_SECONDS, IMAGES_SECONDS)


async def _set_images(shop: ShopifyClient, channel_id: str, changes: Sequence[dict[str, str]]) -> Failed | None:
    """As many as one request may do have their image; the next look goes on, so no bucket runs dry half-way."""
    parts = [
        Part("VariantsUpdate", {"productId": channel_id, "variants": changes[start : start + mapping.LARGEST_PAGE]})
        for start in range(0, len(changes), mapping.LARGEST_PAGE)
    ]
    now, *_later = costs.affordable(parts, most=len(parts))
    # Which of the product's variants a row was is not known here, so no position is claimed.
    problems = [errors.problem_in(result, variants=()) for result in await shop.values(now)]
    return next((Failed(problem) for problem in problems if problem is not None), None)


async def _show(shop: ShopifyClient, published: Published, publication_id: str) -> Outcome[Published]:
    where = {"id": published.channel_id, "publicationId": publication_id}
    (result,) = await shop.values([Part("Publish", where)])
    problem = errors.problem_in(result)
    if problem is not None:
        return Failed(problem)
    return Done(replace(published, url=mapping.shown_at(result) or published.url))
