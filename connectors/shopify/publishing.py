"""Puts products into a shop and brings them up to date, so that doing it twice is doing it once.

A create has no idempotency key at Shopify. What makes its repetition harmless is the handle, which Shopify
never gives twice, and our mark, which tells that the product behind the handle is the one we made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.errors import HANDLE_NOT_UNIQUE, PRODUCT_GONE, ChannelError, Problem, ProblemClass
from connectors.records import Aspect, Done, Failed, Outcome, ProductRecord, Published, PublishItem, Sent
from connectors.shopify import errors, fields, looking, mapping
from connectors.shopify.client import Result, ShopifyClient
from connectors.shopify.documents import Part

# Shopify does not say how long it may take with a large product. Nobody would wait longer than this.
PATIENCE_SECONDS = 1800.0

Outcomes = dict[int, Outcome[Published]]


async def publish(
    shop: ShopifyClient, items: Sequence[PublishItem], *, location_id: str, publication_id: str
) -> list[Outcome[Published]]:
    """Every product is in the shop and shown in the publication, or its outcome says why not."""
    new = {number: item for number, item in enumerate(items) if not item.channel_id}
    known = {number: item for number, item in enumerate(items) if item.channel_id}
    outcomes: Outcomes = {}
    if new:
        outcomes |= await _create({number: item.product for number, item in new.items()}, shop, location_id)
    if known:
        # The new ones are there already by now, so a failure belongs to the known ones only.
        outcomes |= await _anyway(_bring_back, known, shop) if new else await _bring_back(known, shop)
    return await _show([outcomes[number] for number in range(len(items))], shop, publication_id)


async def update(shop: ShopifyClient, items: Sequence[PublishItem], *, publication_id: str) -> list[Outcome[Published]]:
    """Every listed product says what our record says, as far as it is ours to say, with as few points as that takes.

    What has to be written whole is also shown: an earlier publish may have come no further than creating it.
    Whether another product is shown stays as it is.
    """
    numbered = dict(enumerate(items))
    whole = {number: item for number, item in numbered.items() if _needs_full_write(item)}
    outcomes: Outcomes = {}
    if rest := {number: item for number, item in numbered.items() if number not in whole}:
        outcomes |= await fields.update(rest, shop, activate=False)
        whole |= {number: rest[number] for number in rest if rest[number].ours and _lost_a_variant(outcomes[number])}
    if whole:
        written = await _anyway(_replace, whole, shop) if rest else await _replace(whole, shop)
        shown = await _show([written[number] for number in whole], shop, publication_id)
        outcomes |= dict(zip(whole, shown, strict=True))
    return [outcomes[number] for number in numbered]


def _needs_full_write(item: PublishItem) -> bool:
    linked = {link.key for link in item.links}
    return item.ours and (Aspect.SHAPE in item.changed or any(v.key not in linked for v in item.product.variants))


def _lost_a_variant(outcome: Outcome[Published]) -> bool:
    """The merchant deleted one of its variants in the shop: the full write makes it again."""
    return isinstance(outcome, Failed) and outcome.problem.code == errors.VARIANT_GONE


# ---- create ----


async def _create(products: Mapping[int, ProductRecord], shop: ShopifyClient, location_id: str) -> Outcomes:
    parts = [
        _product_set(product, mapping.create_input(product, location_id=location_id), identifier=None)
        for product in products.values()
    ]
    results = await shop.run(parts)
    outcomes: Outcomes = {}
    for (number, product), result in zip(products.items(), results, strict=True):
        outcomes[number] = await _written(product, result, shop)
    taken = {number: products[number] for number, outcome in outcomes.items() if _handle_taken(outcome)}
    return outcomes | await _adopt(taken, shop) if taken else outcomes


def _product_set(product: ProductRecord, value: dict[str, Any], *, identifier: dict[str, str] | None) -> Part:
    if len(product.variants) > mapping.LARGEST_PAGE:
        # Shopify's advice for what might time out. The images of so many variants would cost more than a request may.
        value = mapping.without_variant_files(value)
        return Part("ProductSetLater", {"input": value, "identifier": identifier})
    return Part("ProductSet", {"input": value, "identifier": identifier, "variantsFirst": len(product.variants)})


async def _written(product: ProductRecord, result: Result, shop: ShopifyClient) -> Outcome[Published]:
    problem = errors.problem_in(result)
    if problem is not None or not isinstance(result, dict):
        return Failed(problem or Problem(problem_class=ProblemClass.UNKNOWN, code="no_result"))
    if result.get("productSetOperation"):
        return Sent(str(result["productSetOperation"]["id"]), PATIENCE_SECONDS)
    node = result.get("product")
    if node is None:
        return Failed(Problem(problem_class=ProblemClass.UNKNOWN, code="no_product"))
    return await _linked(product, node, shop)


async def _linked(product: ProductRecord, node: Mapping[str, Any], shop: ShopifyClient) -> Outcome[Published]:
    """The product with all its variants read; a page that cannot be read leaves the rest to a repetition."""
    variants = await looking.variants_or_problem(shop, node, more="MoreVariants")
    if isinstance(variants, Problem):
        return Failed(variants)
    return Done(mapping.published(node, product, variants))


def _handle_taken(outcome: Outcome[Published]) -> bool:
    return isinstance(outcome, Failed) and outcome.problem.code == HANDLE_NOT_UNIQUE


async def _adopt(products: Mapping[int, ProductRecord], shop: ShopifyClient) -> Outcomes:
    """The outcomes of products whose handle turned out to be held by the very product an earlier try of ours made."""
    parts = [Part("ProductByHandle", {"handle": product.handle}) for product in products.values()]
    results = await shop.run_anyway(parts)
    outcomes: Outcomes = {}
    for (number, product), result in zip(products.items(), results, strict=True):
        if isinstance(result, Problem):
            outcomes[number] = Failed(result)
        elif result is not None and mapping.mark_of(result) == product.key:
            outcomes[number] = await _linked(product, result, shop)
    return outcomes


# ---- show ----


async def _show(
    outcomes: Sequence[Outcome[Published]], shop: ShopifyClient, publication_id: str
) -> list[Outcome[Published]]:
    """The outcomes with every product that is there also shown, or failed so that it is tried again."""
    shown: list[Outcome[Published]] = list(outcomes)
    there = {number: outcome.value for number, outcome in enumerate(outcomes) if isinstance(outcome, Done)}
    parts = [Part("Publish", {"id": value.channel_id, "publicationId": publication_id}) for value in there.values()]
    results = await shop.run_anyway(parts)
    for (number, value), result in zip(there.items(), results, strict=True):
        problem = errors.problem_in(result)
        if problem is not None:
            shown[number] = Failed(problem)
        elif isinstance(result, dict):
            shown[number] = Done(replace(value, url=mapping.shown_at(result) or value.url))
    return shown


# ---- update ----


async def _bring_back(items: Mapping[int, PublishItem], shop: ShopifyClient) -> Outcomes:
    ours = {number: item for number, item in items.items() if item.ours}
    linked = {number: item for number, item in items.items() if not item.ours}
    outcomes: Outcomes = await _replace(ours, shop) if ours else {}
    if linked:
        send = partial(fields.update, activate=True)
        outcomes |= await _anyway(send, linked, shop) if ours else await send(linked, shop)
    return outcomes


async def _anyway(
    write: Callable[[Mapping[int, PublishItem], ShopifyClient], Awaitable[Outcomes]],
    items: Mapping[int, PublishItem],
    shop: ShopifyClient,
) -> Outcomes:
    """What stops the whole write is the outcome of each item: for a write after which others have been made."""
    try:
        return await write(items, shop)
    except ChannelError as error:
        return {number: Failed(error.problem) for number in items}


async def _replace(items: Mapping[int, PublishItem], shop: ShopifyClient) -> Outcomes:
    """Full writes of products we created, keeping the ids of what the shop still holds of them."""
    held = await shop.run([Part("HeldProduct", {"id": item.channel_id}) for item in items.values()])
    outcomes: Outcomes = {}
    parts: dict[int, Part] = {}
    for (number, item), node in zip(items.items(), held, strict=True):
        if isinstance(node, Problem):
            outcomes[number] = Failed(node)
            continue
        if node is None:
            outcomes[number] = Failed(Problem(problem_class=ProblemClass.DATA, code=PRODUCT_GONE))
            continue
        variants = await looking.variants_or_problem(shop, node, more="MoreVariants")
        if isinstance(variants, Problem):
            outcomes[number] = Failed(variants)
        else:
            parts[number] = _replacement(item, node, variants)
    results = await shop.run_anyway(list(parts.values()))
    for number, result in zip(parts, results, strict=True):
        outcomes[number] = await _written(items[number].product, result, shop)
    return outcomes


def _replacement(item: PublishItem, node: Mapping[str, Any], variants: Sequence[mapping.Node]) -> Part:
    """A variant the merchant deleted in the shop is not asked for by its id: it comes back as a new one."""
    ids = mapping.ids_held(item, variants)
    images = mapping.images_kept(item.product, node)
    value = mapping.replace_input(item.product, ids=ids, images=images)
    return _product_set(item.product, value, identifier={"id": item.channel_id})
