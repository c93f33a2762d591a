"""Brings single fields of products up to date, at a fraction of what a full write costs.

Of a product we created, the aspects that changed are sent as they are. Of a product the merchant made,
what our record says is sent and what it leaves empty stays theirs; nothing of it is removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.errors import Problem, ProblemClass
from connectors.records import Aspect, Done, Failed, Outcome, Published, PublishItem
from connectors.shopify import errors, mapping
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import Part

Outcomes = dict[int, Outcome[Published]]


async def update(items: Mapping[int, PublishItem], shop: ShopifyClient, *, activate: bool) -> Outcomes:
    """`activate` also puts a merchant's own product on sale."""
    told = {number: item for number, item in items.items() if activate or Aspect.FIELDS in item.changed}
    results = await shop.run([_product_update(item, activate=activate) for item in told.values()])
    outcomes: Outcomes = {number: Done(_as_it_was(item)) for number, item in items.items()}
    for (number, item), result in zip(told.items(), results, strict=True):
        problem = errors.problem_in(result)
        node = result.get("product") if isinstance(result, dict) else None
        if problem is None and node is not None:
            outcomes[number] = Done(replace(mapping.published(node, item.product, ()), links=item.links))
        else:
            outcomes[number] = Failed(problem or Problem(problem_class=ProblemClass.UNKNOWN, code="no_product"))
    return outcomes | await _update_variants(items, outcomes, shop, anyway=bool(told))


def _as_it_was(item: PublishItem) -> Published:
    return Published(channel_id=item.channel_id, handle=item.product.handle, links=item.links)


def _product_update(item: PublishItem, *, activate: bool) -> Part:
    value = mapping.update_input(item)
    status = {"status": "ACTIVE"} if activate and item.product.active else {}
    return Part("ProductUpdate", {"product": value | status})


async def _update_variants(
    items: Mapping[int, PublishItem], outcomes: Outcomes, shop: ShopifyClient, *, anyway: bool
) -> Outcomes:
    """The failures among the variant updates of the products that could be updated themselves."""
    parts: list[Part] = []
    about: list[tuple[int, list[int]]] = []
    for number, item in items.items():
        if isinstance(outcomes[number], Failed) or not item.changed & {Aspect.VARIANTS, Aspect.SHAPE}:
            continue
        ids = {link.key: link.channel_id for link in item.links}
        known = [position for position, variant in enumerate(item.product.variants) if variant.key in ids]
        for start in range(0, len(known), mapping.LARGEST_PAGE):
            positions = known[start : start + mapping.LARGEST_PAGE]
            variants = [item.product.variants[position] for position in positions]
            values = [mapping.variant_update_input(v, channel_id=ids[v.key], ours=item.ours) for v in variants]
            parts.append(Part("VariantsUpdate", {"productId": item.channel_id, "variants": values}))
            about.append((number, positions))
    failed: Outcomes = {}
    results = await (shop.run_anyway(parts) if anyway else shop.run(parts))
    for (number, positions), result in zip(about, results, strict=True):
        problem = errors.problem_in(result, variants=positions)
        if problem is not None:
            failed.setdefault(number, Failed(problem))
    return failed
