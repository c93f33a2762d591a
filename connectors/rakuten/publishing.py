"""Puts products into a store and brings them up to date, so that doing it twice is doing it once.

An item's code is its key: Rakuten overwrites whatever stands under it without a word. So the item is read first,
and our mark on it tells whether it may be written whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.errors import HANDLE_NOT_UNIQUE, PRODUCT_GONE, ChannelError, Problem, ProblemClass
from connectors.rakuten import inventory, mapping, names, pointers
from connectors.rakuten.batches import one_by_one
from connectors.rakuten.client import RakutenClient
from connectors.rakuten.pictures import Pictures
from connectors.records import Aspect, Done, Failed, Outcome, Published, PublishItem


async def publish(client: RakutenClient, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
    """Every product is in the store, and for sale when it is active, or its outcome says why not."""

    pictures = Pictures(client)

    async def one(item: PublishItem) -> Outcome[Published]:
        if not item.channel_id:
            return await _create(client, pictures, item)
        return await (_replace(client, pictures, item) if item.ours else _change_linked(client, item, show=True))

    return await one_by_one(items, one)


async def update(client: RakutenClient, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
    """Every listed product says what our record says, as far as it is ours to say."""

    pictures = Pictures(client)

    async def one(item: PublishItem) -> Outcome[Published]:
        if not item.ours:
            return await _change_linked(client, item, show=False)
        linked = {link.key for link in item.links}
        whole = item.changed & {Aspect.SHAPE, Aspect.VARIANTS} or any(
            variant.key not in linked for variant in item.product.variants
        )
        return await (_replace(client, pictures, item) if whole else _change_ours(client, item))

    return await one_by_one(items, one)


# ---- create ----


async def _create(client: RakutenClient, pictures: Pictures, item: PublishItem) -> Outcome[Published]:
    """The item under the code made of our product, with its quantities.

    An item that an earlier try of ours made is written again, and gets the quantities that try did not come to set.
    """
    problem = mapping.unfit(item.product)
    if problem is not None:
        return Failed(problem)
    manage_number = names.manage_number(item.product)
    reply = await client.get_item(manage_number)
    there = None if reply.not_found else reply.body
    if there is not None and not mapping.is_ours(there, item.product):
        return Failed(
            Problem(
                problem_class=ProblemClass.DATA,
                code=HANDLE_NOT_UNIQUE,
                field="/handle",
                message="an item that is not ours has this code",
            )
        )
    outcome = await _write_whole(client, pictures, item, manage_number, there)
    return await _fill(client, item, outcome, held_before=there is not None, counted=True)


async def _write_whole(
    client: RakutenClient, pictures: Pictures, item: PublishItem, manage_number: str, there: Mapping[str, Any] | None
) -> Done[Published] | Failed:
    """The item as a whole, after all of its pictures: it is never there with fewer than it should show."""
    product = item.product
    locations = await pictures.locations(product)
    if isinstance(locations, Failed):
        return locations
    ids = mapping.chosen_ids(item, there)
    body = mapping.full_body(product, ids, locations=locations, there=there)
    problem = (await client.put_item(manage_number, body)).problem(mapping.positions(product, ids))
    if problem is not None:
        return Failed(problem)
    return Done(mapping.published(manage_number, product, ids, shop=client.shop))


async def _fill(
    client: RakutenClient, item: PublishItem, outcome: Done[Published] | Failed, *, held_before: bool, counted: bool
) -> Outcome[Published]:
    """The outcome of an item written whole whose variants have their stock rows too.

    What is not counted has no stock updates, so its row is set here every time. A counted variant gets its number
    only where `counted`, and where it has no row: one that is there is left to the stock updates.
    """
    if isinstance(outcome, Failed):
        return outcome
    ids = {link.key: link.stock_id for link in outcome.value.links}
    uncounted = {ids[variant.key] for variant in item.product.variants if variant.quantity is None}
    quantities = mapping.quantities(item.product, ids)
    wanted = quantities if counted else {one: quantities[one] for one in quantities if one in uncounted}
    try:
        held = await inventory.rows(client, list(wanted)) if wanted and held_before else {}
        due = {one: quantity for one, quantity in wanted.items() if one in uncounted or one not in held}
        problem = await _set_rows(client, due, held, mapping.positions(item.product, ids)) if due else None
    except ChannelError as error:
        # The item is there by now, so the rest of the batch must not be told that nothing happened.
        problem = error.problem
    return Failed(problem) if problem is not None else outcome


async def _set_rows(
    client: RakutenClient, due: Mapping[str, int], held: Mapping[str, inventory.Row], positions: Mapping[str, int]
) -> Problem | None:
    reply = await inventory.write(client, due, held)
    problem = reply.problem()
    row = pointers.row_of(reply.refusals[0].path) if problem is not None else None
    if problem is None or row is None or row >= len(due):
        return problem
    return replace(problem, field=f"/variants/{positions[list(due)[row]]}/quantity")


# ---- update ----


async def _replace(client: RakutenClient, pictures: Pictures, item: PublishItem) -> Outcome[Published]:
    """A full write of an item we made."""
    problem = mapping.unfit(item.product)
    if problem is not None:
        return Failed(problem)
    reply = await client.get_item(item.channel_id)
    problem = reply.problem()
    if problem is not None:
        return Failed(_gone(problem))
    outcome = await _write_whole(client, pictures, item, item.channel_id, reply.body)
    return await _fill(client, item, outcome, held_before=True, counted=False)


async def _change_ours(client: RakutenClient, item: PublishItem) -> Outcome[Published]:
    if Aspect.FIELDS not in item.changed:
        return Done(_as_it_was(client, item))
    problem = mapping.unfit(item.product)
    if problem is not None:
        return Failed(problem)
    return await _patched(client, item, mapping.fields_body(item))


async def _change_linked(client: RakutenClient, item: PublishItem, *, show: bool) -> Outcome[Published]:
    """Single fields of an item the merchant made; `show` also puts it on sale."""
    problem = mapping.wrong_currency(item.product)
    if problem is not None:
        return Failed(problem)
    fields = show or Aspect.FIELDS in item.changed
    variants = bool(item.changed & {Aspect.VARIANTS, Aspect.SHAPE})
    body = mapping.linked_body(item, fields=fields, variants=variants)
    if show and item.product.active:
        body["hideItem"] = False
    return await _patched(client, item, body)


async def _patched(client: RakutenClient, item: PublishItem, body: Mapping[str, Any]) -> Outcome[Published]:
    if not body:
        return Done(_as_it_was(client, item))
    reply = await client.patch_item(item.channel_id, body)
    problem = reply.problem(_linked_positions(item))
    if problem is None:
        return Done(_as_it_was(client, item))
    return Failed(_gone(problem) if reply.not_found else problem)


def _linked_positions(item: PublishItem) -> dict[str, int]:
    parts = {link.key: names.split_item_id(link.channel_id) for link in item.links}
    ids = {key: pair[1] for key, pair in parts.items() if pair is not None}
    return {ids[v.key]: position for position, v in enumerate(item.product.variants) if v.key in ids}


def _gone(problem: Problem) -> Problem:
    return replace(problem, problem_class=ProblemClass.DATA, code=PRODUCT_GONE, field="")


def _as_it_was(client: RakutenClient, item: PublishItem) -> Published:
    return Published(
        channel_id=item.channel_id,
        handle=item.channel_id,
        url=names.item_url(client.shop, item.channel_id),
        links=item.links,
    )
