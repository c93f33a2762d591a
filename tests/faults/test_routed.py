"""F11: news of an order goes to where it was sold, and to another marketplace only where the merchant said so; once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from portal.models.orders import StoreStep
from portal.orders import references
from portal.rules import service as rules
from portal.rules.deciding import Act, Attribute, Condition, Operator, Outcome
from portal.rules.service import Draft
from portal.tasks import kinds
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.market import Market
from tests.faults.moments import Moment

pytestmark = pytest.mark.faults

SKU, TELLS, CANCELS = "mug-0", "orderShipStatusChange", "orderStatusChange"
# Yahoo!'s numbers begin with the store's name, so an order of Amazon's form can be there too.
_stores, _sales = count(100), count(1_000_000)
Figure = Callable[[str, object], None]


@pytest.mark.parametrize("death", ["claimed", "told", "never"] if TRIALS > 1 else ["told"])
@pytest.mark.parametrize("only", [True, False], ids=["only to its source", "by a rule"])
async def test_a_parcel_goes_to_a_second_marketplace_once_and_only_where_the_switch_is_off_and_a_rule_says_so(
    installation: Installation, record_property: Figure, only: bool, death: str
) -> None:
    """The worker dies when it has passed the news on and told nobody, or when the second marketplace was told."""
    installation.worker()
    trader, amazon, yahoo = await _selling_at_both(installation, only=only)
    for _ in range(TRIALS):
        number = await _sold_at_both(installation, trader, amazon, yahoo)
        worker = installation.workers[-1]
        if death == "claimed":
            installation.ask(Moment.CLAIMED, kinds.SHIPPED.name)
        elif death == "told":
            # Where nothing may go there, nobody is killed by its going there either.
            source = (amazon, "confirmShipment") if only else (yahoo, TELLS)
            await source[0].kill(worker, source[1], "after")
        tracking = await _ships(trader, number)
        if death != "never":
            await worker.death()
            installation.worker()
        await installation.idle()
        await market.is_read(trader, trader.connection)
        await installation.idle()
        assert await _parcels(amazon, number, "number") == [tracking], "where it was sold is told in any case"
        assert await _parcels(yahoo, number, "number") == ([] if only else [tracking])
        await installation.sound()
    calls = await yahoo.calls("requests", TELLS)
    assert len(calls) <= (0 if only else TRIALS * (2 if death == "told" else 1))
    await trader.has_kept_every_promise()
    record_property(
        "F11", f"{'switch on' if only else 'rule'}, {death}: {TRIALS} parcels, {len(calls)} calls to the second"
    )


@pytest.mark.parametrize("only", [True, False], ids=["only to its source", "by a rule"])
async def test_a_cancellation_in_the_store_goes_to_a_second_marketplace_once_and_only_where_a_rule_says_so(
    installation: Installation, record_property: Figure, only: bool
) -> None:
    """The worker dies when the second marketplace has cancelled, or its source where nothing else may hear of it."""
    installation.worker()
    trader, amazon, yahoo = await _selling_at_both(installation, only=only)
    for _ in range(TRIALS):
        number = await _sold_at_both(installation, trader, amazon, yahoo)
        worker = installation.workers[-1]
        await (amazon.kill(worker, "createFeed", "after") if only else yahoo.kill(worker, CANCELS, "after"))
        await trader.shop.do("cancel", order=(await _in_the_store(trader, number))["order_id"])
        await market.is_read(trader, trader.connection)
        await worker.death()
        installation.worker()
        await installation.idle()
        await _both_are_read(installation, amazon, yahoo, number)
        assert (await amazon.orders())[number]["state"] == "CANCELLED", "where it was sold hears of it in any case"
        assert (await yahoo.orders())[number]["state"] == ("open" if only else "cancelled")
        trader.expected[SKU] -= 1 if only else 0
        assert await trader.on_hand() == trader.expected, "stock was invented or lost"
        await installation.sound()
    done = await yahoo.calls("ledger", CANCELS)
    assert len(done) == (0 if only else TRIALS)
    await trader.has_kept_every_promise()
    record_property("F11", f"{'switch on' if only else 'rule'}: {TRIALS} cancelled, {len(done)} of them at the second")


async def _selling_at_both(installation: Installation, *, only: bool) -> tuple[Trader, Market, Market]:
    """A trader who sells at Amazon and Yahoo!, with a rule that news of Amazon's orders goes to Yahoo! too."""
    trader = await installation.trader(currency="JPY")
    await trader.stocks(["mug"])
    await trader.moves(2 * TRIALS, [SKU])
    amazon, yahoo = await market.amazon(trader), await market.yahoo(trader, f"{next(_stores)}")
    at_amazon = Condition(Attribute.SOURCE, Operator.IS, "Amazon")
    then = [Outcome(Act.TELL, str(yahoo.connection.id))]
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        draft = Draft(name="Both", conditions=[at_amazon], then=then, otherwise=[])
        await rules.create(session, trader.merchant.id, draft)
        if not only:
            await rules.switch(session, trader.merchant.id, to_source_only=False)
    await installation.idle()
    return trader, amazon, yahoo


async def _sold_at_both(installation: Installation, trader: Trader, amazon: Market, yahoo: Market) -> str:
    """Both have an order of the same number, and both stand in the store; the number."""
    tail = f"{next(_sales)}-{next(_sales)}"
    [number] = await yahoo.sells(SKU, number=tail)
    assert await amazon.sells(SKU, number=number) == [number]
    await _both_are_read(installation, amazon, yahoo, number)
    here = [order for order in await market.orders_of(trader) if order.number == number]
    assert [order.store_step for order in here] == [StoreStep.CREATED] * 2
    return number


async def _both_are_read(installation: Installation, amazon: Market, yahoo: Market, number: str) -> None:
    """One after the other: to read an order is one promise for each id, wherever that is."""
    for source in (amazon, yahoo):
        await source.is_read(number)
        await installation.idle()


async def _ships(trader: Trader, number: str) -> str:
    """Amazon's order leaves the store; the number of its parcel."""
    there, tracking = await _in_the_store(trader, number), f"40{next(_sales):010}"
    await trader.shop.do("fulfil", order=there["order_id"], carrier="Yamato (JA)", number=tracking)
    await market.is_read(trader, trader.connection)
    return tracking


async def _in_the_store(trader: Trader, number: str) -> dict[str, Any]:
    """Amazon's order as the store has it."""
    reference = references.of("amazon", number)
    [there] = [order for order in await trader.shop.ask("orders") if order["reference"] == reference]
    return dict(there)


async def _parcels(there: Market, number: str, name: str) -> list[Any]:
    return [parcel[name] for parcel in (await there.orders())[number]["parcels"]]
