"""The conformance suite: what every channel must do alike. Import it into a test module beside a fixture `bench`."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from connectors.errors import ChannelError, InDoubt, PermissionLost, ProblemClass
from connectors.kit.bench import Bench, Shown
from connectors.records import (
    Aspect,
    Done,
    Failed,
    LinkedItem,
    Money,
    Observed,
    Outcome,
    PriceChange,
    ProductRecord,
    Published,
    PublishItem,
    Sent,
    SentItem,
    StockChange,
    StockSet,
)

T = TypeVar("T")
MOST_LOOKS = 20


def value(outcome: Outcome[T]) -> T:
    assert isinstance(outcome, Done), outcome
    return outcome.value


async def requirements(bench: Bench, product: ProductRecord) -> Mapping[str, Any] | None:
    """What the channel publishes about the product's kind, as callers hand it to a publish."""
    kinds, named = bench.connector.kinds, product.details.get(bench.connector.capabilities.kind_detail, "")
    return value((await kinds.requirements(bench.account, [named]))[0]) if kinds and named else None


async def publish(bench: Bench, *products: ProductRecord) -> list[Outcome[Published]]:
    """What became of first publishes, those included that the channel goes on with for a while."""
    items = [PublishItem(product=one, requirements=await requirements(bench, one)) for one in products]
    outcomes = await bench.connector.publish(bench.account, items)
    for _ in range(MOST_LOOKS):
        open_ones = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Sent)]
        if not open_ones:
            break
        sent = [SentItem(item=items[n], reference=outcomes[n].reference) for n in open_ones]  # type: ignore[union-attr]  # they are Sent
        for n, outcome in zip(open_ones, await bench.connector.look(bench.account, sent), strict=True):
            outcomes[n] = outcome
    return outcomes


async def published(bench: Bench, product: ProductRecord) -> Published:
    [outcome] = await publish(bench, product)
    return value(outcome)


async def update(bench: Bench, product: ProductRecord, there: Published, *changed: Aspect) -> Outcome[Published]:
    item = PublishItem(
        product=product,
        channel_id=there.channel_id,
        links=there.links,
        changed=frozenset(changed or Aspect),
        requirements=await requirements(bench, product),
    )
    [outcome] = await bench.connector.update(bench.account, [item])
    return outcome


async def error_of(call: Awaitable[list[Outcome[Published]]]) -> ProblemClass:
    """The class in which a call as a whole, or its only item, came to nothing."""
    try:
        [outcome] = await call
    except ChannelError as error:
        return error.problem.problem_class
    assert isinstance(outcome, Failed), outcome
    return outcome.problem.problem_class


async def test_an_account_says_who_it_is_and_another_is_somebody_else(bench: Bench) -> None:
    first = await bench.connector.identify(bench.account)
    again = await bench.connector.identify(bench.account)
    other = await bench.connector.identify(await bench.stranger())

    assert first.external_id
    assert first.name
    assert first.currency
    assert first == again
    assert other.external_id != first.external_id


async def test_a_product_is_on_sale_with_its_prices_and_stock(bench: Bench) -> None:
    product = bench.product()

    there = await published(bench, product)

    assert {link.key for link in there.links} == {variant.key for variant in product.variants}
    assert all(link.channel_id for link in there.links)
    prices = tuple(variant.price.minor for variant in product.variants)
    expected = Shown(title=product.title, prices=prices, quantities=(10, 10), on_sale=True)
    assert await bench.shown(product) == expected
    [state] = await bench.connector.read_states(bench.account, [there.channel_id])
    assert value(state).observed is Observed.LIVE


async def test_publishing_twice_makes_one_product(bench: Bench) -> None:
    product = bench.product()
    first = await published(bench, product)

    [found] = await bench.connector.find(bench.account, [product])
    [again] = await publish(bench, product)

    seen = value(found)
    assert seen is not None
    assert seen.channel_id == first.channel_id
    if bench.connector.capabilities.keeps_mark:
        assert seen.mark == product.key
    if seen.mark:
        assert value(again).channel_id == first.channel_id
    else:
        # It cannot be told from a stranger's, so it is not written over: the merchant is asked.
        assert isinstance(again, Failed)
        assert (again.problem.problem_class, again.problem.field) == (ProblemClass.DATA, "/handle")


async def test_a_refusal_keeps_the_channels_words_and_names_the_field_and_the_rest_of_the_batch_goes_on(
    bench: Bench,
) -> None:
    bad, good = bench.refused(), bench.product(2)

    refused, taken = await publish(bench, bad, good)

    assert isinstance(refused, Failed)
    assert refused.problem.problem_class is ProblemClass.DATA
    assert refused.problem.code
    assert refused.problem.original
    assert refused.problem.field == "/title"
    assert await bench.shown(bad) is None
    assert value(taken).channel_id
    assert await bench.shown(good) is not None


async def test_what_was_refused_is_taken_once_it_is_put_right(bench: Bench) -> None:
    bad = bench.refused()
    [refused] = await publish(bench, bad)
    assert isinstance(refused, Failed)

    await published(bench, replace(bad, title=bench.product().title))

    assert await bench.shown(bad) is not None


async def test_a_changed_title_arrives_and_nothing_else_changes(bench: Bench) -> None:
    product = bench.product()
    there = await published(bench, product)
    before = await bench.shown(product)
    assert before is not None

    value(await update(bench, replace(product, title="Another title"), there, Aspect.FIELDS))

    assert await bench.shown(product) == replace(before, title="Another title")


async def test_stock_is_set_to_a_number_however_often_it_is_said(bench: Bench) -> None:
    product = bench.product()
    there = await published(bench, product)
    links = _links(there, product)
    changes = [StockChange(key=link.key, stock_id=link.stock_id, quantity=3, expected=10) for link in links]

    answers = await bench.connector.set_stock(bench.account, changes, idempotency_key="key-1")
    again = [replace(change, quantity=4, expected=3) for change in changes]
    await bench.connector.set_stock(bench.account, again, idempotency_key="key-2")
    last = [replace(change, expected=4, quantity=4) for change in changes]
    await bench.connector.set_stock(bench.account, last, idempotency_key="key-3")

    assert [value(answer) for answer in answers] == [StockSet(quantity=3), StockSet(quantity=3)]
    shown = await bench.shown(product)
    assert shown is not None
    assert shown.quantities == (4, 4)


async def test_prices_are_set_by_themselves(bench: Bench) -> None:
    product = bench.product()
    there = await published(bench, product)
    currency = product.variants[0].price.currency
    prices = tuple((link.key, link.channel_id, Money(9900, currency), None) for link in _links(there, product))
    before = await bench.shown(product)
    assert before is not None

    change = PriceChange(listing_channel_id=there.channel_id, prices=prices)
    [outcome] = await bench.connector.set_prices(bench.account, [change])

    assert isinstance(outcome, Done), outcome
    assert await bench.shown(product) == replace(before, prices=(9900, 9900))


async def test_ending_takes_it_off_sale_and_ending_again_is_done(bench: Bench) -> None:
    product = bench.product()
    there = await published(bench, product)

    for _ in range(2):
        [ended] = await bench.connector.end(bench.account, [there.channel_id])
        assert isinstance(ended, Done), ended

    shown = await bench.shown(product)
    assert shown is None or not shown.on_sale
    [state] = await bench.connector.read_states(bench.account, [there.channel_id])
    assert value(state).observed is not Observed.LIVE


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("throttle", {ProblemClass.BUSY}),
        # Where nothing but a status says so, nobody can know whether a write came before it.
        ("maintenance", {ProblemClass.BUSY, ProblemClass.UNKNOWN}),
    ],
)
async def test_a_channel_that_is_busy_took_nothing_and_is_asked_again(
    bench: Bench, kind: str, said: set[ProblemClass]
) -> None:
    product = bench.product()
    before = await bench.writes()
    await bench.fault(kind)

    assert await error_of(publish(bench, product)) in said
    assert await bench.writes() == before

    await published(bench, product)
    assert await bench.shown(product) is not None


async def test_lost_credentials_are_said_to_be_lost_and_new_ones_open_the_same_account(bench: Bench) -> None:
    before = await bench.connector.identify(bench.account)
    await bench.revoke()

    with pytest.raises(PermissionLost):
        await bench.connector.identify(bench.account)
    assert await error_of(publish(bench, bench.product())) is ProblemClass.PERMISSION

    await bench.let_in_again()
    after = await bench.connector.identify(bench.account)
    assert after.external_id == before.external_id
    await published(bench, bench.product())


async def test_a_lost_answer_leaves_doubt_and_a_look_settles_it(bench: Bench) -> None:
    """By `Sent` and a later look, or by looking for what was left there and publishing again."""
    product = bench.product()
    await bench.fault("lost")

    if await is_in_doubt(publish(bench, product)):
        [found] = await bench.connector.find(bench.account, [product])
        assert value(found) is not None, "it was accepted although nobody heard of it"
        await published(bench, product)
    shown = await bench.shown(product)
    assert shown is not None
    assert shown.on_sale


async def is_in_doubt(call: Awaitable[list[Outcome[Published]]]) -> bool:
    """Whether nobody knows what became of the call, or of its only item."""
    try:
        [outcome] = await call
    except InDoubt:
        return True
    return isinstance(outcome, Failed) and outcome.problem.problem_class is ProblemClass.UNKNOWN


def _links(there: Published, product: ProductRecord) -> list[LinkedItem]:
    """In the order of the product's variants."""
    by_key = {link.key: link for link in there.links}
    return [by_key[variant.key] for variant in product.variants]


__all__ = [name for name in dir() if name.startswith("test_")]
