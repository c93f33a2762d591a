"""Puts items into a store and brings them up to date; edits go live by one publish of the whole store a batch.

Yahoo! has no idempotency key and no field for our mark. What makes a create safe is the look right before it: the
code was free a moment ago, so an item that has it after a lost answer is ours. That knowledge is kept by answering
`Sent`, and a later look finishes the item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import HANDLE_NOT_UNIQUE, PRODUCT_GONE, ChannelError, InDoubt, Problem, ProblemClass
from connectors.records import Done, Failed, Outcome, PriceChange, Published, PublishItem, Sent, SentItem
from connectors.yahoo import codes, editing, errors, looking, mapping
from connectors.yahoo.client import YahooClient
from connectors.yahoo.images import Pictures

# What a look finds of an item whose create was never answered; of one that is there and waits to be published.
UNHEARD = "unheard"
UNPUBLISHED = "unpublished"
# A write can be read about two and a half seconds later; twice that is sure.
UNHEARD_SECONDS = 5.0
UNPUBLISHED_SECONDS = 30.0
PATIENCE_SECONDS = 1800.0

_STOPPED = Problem(problem_class=ProblemClass.BUSY, code="not_tried", message="an earlier item of the batch was lost")
_GONE = Problem(problem_class=ProblemClass.DATA, code=PRODUCT_GONE)
_NOT_UNIQUE = Problem(problem_class=ProblemClass.DATA, code=HANDLE_NOT_UNIQUE, field="/handle")
# Failures of a publish that pass: the item is in the editing area and only waits to be shown.
_PASSING = frozenset({ProblemClass.BUSY, ProblemClass.UNKNOWN})
_ASKS_THE_MERCHANT = frozenset({ProblemClass.PERMISSION, ProblemClass.ACCOUNT})

Outcomes = dict[int, Outcome[Published]]


@dataclass(frozen=True, slots=True)
class _Named:
    """An item with the codes it has at Yahoo!."""

    item: PublishItem
    code: str
    subcodes: list[str]

    def fields(self, image_urls: Sequence[str]) -> dict[str, str]:
        return mapping.edit_item(self.item.product, code=self.code, subcodes=self.subcodes, image_urls=image_urls)

    def published(self, seller_id: str) -> Published:
        return mapping.published(self.item.product, code=self.code, subcodes=self.subcodes, seller_id=seller_id)


def _named(item: PublishItem) -> _Named:
    code = item.channel_id or codes.item_code(item.product)
    return _Named(item, code, codes.subcodes(item.product, item.links))


async def publish(shop: YahooClient, items: Mapping[int, PublishItem]) -> Outcomes:
    """Every item is in the store and published, on its way there, or its outcome says why not."""
    linked = {number: item for number, item in items.items() if item.channel_id and not item.ours}
    whole = {number: _named(item) for number, item in items.items() if number not in linked}
    outcomes = await _write_all(shop, whole)
    created = [
        whole[number] for number, outcome in outcomes.items() if _accepted(outcome) and not _known(whole[number])
    ]
    await _first_stock(shop, created)
    if linked:
        outcomes |= await _tell_linked(shop, linked, first=not whole, activate=True)
    return await _show(shop, outcomes)


async def update(shop: YahooClient, items: Mapping[int, PublishItem]) -> Outcomes:
    """Every listed item says what our record says: written whole where we made it, single fields where linked."""
    linked = {number: item for number, item in items.items() if not item.ours}
    whole = {number: _named(item) for number, item in items.items() if item.ours}
    outcomes = await _write_all(shop, whole)
    if linked:
        outcomes |= await _tell_linked(shop, linked, first=not whole, activate=False)
    return await _show(shop, outcomes)


def _known(one: _Named) -> bool:
    return bool(one.item.channel_id)


def _accepted(outcome: Outcome[Published]) -> bool:
    return isinstance(outcome, Done)


# ---- whole items ----


async def _write_all(shop: YahooClient, items: Mapping[int, _Named]) -> Outcomes:
    """One after another: Yahoo! takes one a second. Raises when the first call as a whole came to nothing.

    After a call that came to nothing, or was lost, the rest is not tried. A code is written once: Yahoo! may say for
    two seconds more that nothing has it, and the second of two products would replace the first.
    """
    outcomes: Outcomes = {}
    written: set[str] = set()
    pictures = Pictures(shop)
    for number, one in items.items():
        try:
            outcomes[number] = await _write(shop, pictures, one) if one.code not in written else Failed(_NOT_UNIQUE)
        except ChannelError as error:
            if not outcomes:
                raise
            outcomes[number] = Failed(error.problem)
            lost = error.problem.problem_class is ProblemClass.UNKNOWN
            return _rest(items, outcomes, _STOPPED if lost else error.problem)
        if isinstance(outcomes[number], Sent):
            return _rest(items, outcomes, _STOPPED)
        if _accepted(outcomes[number]):
            written.add(one.code)
    return outcomes


def _rest(items: Mapping[int, _Named], outcomes: Outcomes, problem: Problem) -> Outcomes:
    return {number: Failed(problem) for number in items} | outcomes


async def _write(shop: YahooClient, pictures: Pictures, one: _Named) -> Outcome[Published]:
    """The item, after all of its pictures: it is never there with fewer than it should show.

    That Yahoo! takes pictures of a code which has no item yet is likely, as it does numbers. [unsure]
    """
    there = await looking.item(shop, one.code)
    if _known(one) and there is None:
        return Failed(_GONE)
    # Only a code made of our key tells that an earlier try of ours made the item.
    if not _known(one) and there is not None and not codes.is_mark(one.code, one.item.product):
        return Failed(_NOT_UNIQUE)
    named = await pictures.put(one.code, one.item.product)
    if isinstance(named, Failed):
        return named
    return await (_create(shop, one, named) if there is None else _edit(shop, one, named))


async def _create(shop: YahooClient, one: _Named, image_urls: Sequence[str]) -> Outcome[Published]:
    try:
        return await _edit(shop, one, image_urls)
    except InDoubt:
        return Sent(UNHEARD, PATIENCE_SECONDS, UNHEARD_SECONDS)


async def _edit(shop: YahooClient, one: _Named, image_urls: Sequence[str]) -> Outcome[Published]:
    reply = await shop.post("editItem", one.fields(image_urls))
    if reply.refusals:
        problem = errors.problem_of(reply.refusals, request_id=reply.request_id)
        return Failed(errors.of_product(problem, variants=len(one.item.product.variants)))
    return Done(one.published(shop.seller_id))


async def _first_stock(shop: YahooClient, created: Sequence[_Named]) -> None:
    """The quantities of items just made, in one call. Recording a publish sets stock again, so a failure is no loss."""
    quantities: dict[str, int] = {}
    for one in created:
        quantities |= mapping.first_quantities(one.item.product, one.published(shop.seller_id).links)
    if not quantities:
        return
    try:
        await shop.post("setStock", mapping.set_stock(quantities))
    except ChannelError:
        return


# ---- single fields ----


async def _tell_linked(shop: YahooClient, items: Mapping[int, PublishItem], *, first: bool, activate: bool) -> Outcomes:
    """`first`: nothing was written before in this operation, so what stops the whole call is raised."""
    rows = {number: mapping.changed_fields(item, activate=activate) for number, item in items.items()}
    told = {number: fields for number, fields in rows.items() if fields}
    outcomes: Outcomes = {number: Done(_as_it_was(shop, item)) for number, item in items.items()}
    if not told:
        return outcomes
    try:
        refused = await editing.update_items(shop, told)
    except ChannelError as error:
        if first:
            raise
        refused = dict.fromkeys(told, error.problem)
    for number, problem in refused.items():
        variants = len(items[number].product.variants)
        outcomes[number] = Failed(errors.of_product(problem, variants=variants))
    return outcomes


def _as_it_was(shop: YahooClient, item: PublishItem) -> Published:
    url = mapping.page_url(shop.seller_id, item.channel_id)
    return Published(channel_id=item.channel_id, handle=item.channel_id, url=url, links=item.links)


# ---- publishing ----


async def _show(shop: YahooClient, outcomes: Outcomes) -> Outcomes:
    """The outcomes with all that was written also published, or on its way to be.

    Also what waits for the merchant to act is on its way: the look that follows tells what they have to do.
    """
    written = [number for number, outcome in outcomes.items() if _accepted(outcome)]
    problem = await publish_store(shop) if written else None
    if problem is None:
        return outcomes
    if problem.problem_class in _PASSING | _ASKS_THE_MERCHANT:
        return outcomes | dict.fromkeys(written, Sent(UNPUBLISHED, PATIENCE_SECONDS, UNPUBLISHED_SECONDS))
    return outcomes | dict.fromkeys(written, Failed(problem))


async def publish_store(shop: YahooClient) -> Problem | None:
    """Everything edited in the store is live, or what kept it from being. Edits made by others go live with ours."""
    try:
        reply = await shop.post("reservePublish", {"mode": "1"})
    except ChannelError as error:
        return error.problem
    # Nothing is left to publish: an earlier call of ours, or the merchant, did it.
    if not reply.refusals or reply.refusals[0].code == errors.NOTHING_TO_PUBLISH:
        return None
    return errors.problem_of(reply.refusals, request_id=reply.request_id)


async def look(shop: YahooClient, sent: Sequence[SentItem[PublishItem]]) -> list[Outcome[Published]]:
    """What became of items on their way: those that are there are published now. Raises when nothing was learned."""
    found: list[Outcome[Published]] = []
    for one in sent:
        named = _named(one.item)
        there = await looking.item(shop, named.code) is not None
        found.append(Done(named.published(shop.seller_id)) if there else Failed(_not_there(one)))
    if not any(_accepted(outcome) for outcome in found):
        return found
    problem = await publish_store(shop)
    if problem is None:
        return found
    if problem.problem_class not in _PASSING:
        raise errors.as_error(problem)
    waiting = Sent(UNPUBLISHED, PATIENCE_SECONDS, UNPUBLISHED_SECONDS)
    return [waiting if _accepted(outcome) else outcome for outcome in found]


def _not_there(one: SentItem[PublishItem]) -> Problem:
    """A create that was never executed goes again by itself; what was there and is gone is the merchant's doing."""
    if one.reference == UNHEARD:
        return Problem(problem_class=ProblemClass.BUSY, code="not_created")
    return _GONE


# ---- ending and prices ----


async def end(shop: YahooClient, channel_ids: Sequence[str]) -> list[Outcome[None]]:
    """Hidden, and the store published, so that buyers see it. An item that is gone is ended already."""
    rows = {number: {"item_code": code, "display": "0"} for number, code in enumerate(channel_ids)}
    refused = await editing.update_items(shop, rows)
    kept = {number: problem for number, problem in refused.items() if problem.code != PRODUCT_GONE}
    outcomes = await _publish_rows(shop, rows, refused)
    return [Failed(kept[number]) if number in kept else outcomes.get(number, Done(None)) for number in rows]


async def set_prices(shop: YahooClient, changes: Mapping[int, PriceChange]) -> dict[int, Outcome[None]]:
    """Prices changed and the store published, one outcome a listing."""
    rows = {number: mapping.price_fields(change) for number, change in changes.items()}
    refused = await editing.update_items(shop, rows)
    told: dict[int, Outcome[None]] = {
        number: Failed(errors.of_product(problem, variants=len(changes[number].prices)))
        for number, problem in refused.items()
    }
    return told | await _publish_rows(shop, rows, refused)


async def _publish_rows(
    shop: YahooClient, rows: Mapping[int, editing.Fields], refused: Mapping[int, Problem]
) -> dict[int, Outcome[None]]:
    """The outcomes of the rows that were taken; a publish that fails leaves all of them to be repeated."""
    taken = [number for number in rows if number not in refused]
    problem = await publish_store(shop) if taken else None
    return dict.fromkeys(taken, Done(None) if problem is None else Failed(problem))
