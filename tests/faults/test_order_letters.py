"""A letter about new orders leaves once at least, and twice only where nobody can know that the first one did."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from functools import partial
from signal import SIGKILL

import pytest
from sqlalchemy import func, select, update

from portal.models.accounts import MailMessage, Member, User
from portal.models.orders import Order
from portal.tenancy import SYSTEM
from tests.faults import market
from tests.faults.installation import TRIALS, Installation, Trader
from tests.faults.moments import Moment
from tests.faults.processes import Worker
from tests.people import a_member
from tests.postman import TAKEN, Postman, a_postman

pytestmark = pytest.mark.faults

LETTER = MailMessage.__name__
BUYER = {
    "name": "Planted Taro",
    "email": "planted-buyer@example.com",
    "phone": "555-0199",
    "address1": "1 Planted Street",
    "city": "Plantedville",
    "zip": "99999",
    "note": "Planted note",
}
Figure = Callable[[str, object], None]
Kill = Callable[[Installation, Postman, Worker], None]


@pytest.fixture
async def postman(installation: Installation) -> AsyncIterator[Postman]:
    async with a_postman() as made:
        installation.stage.process.runtime.settings.smtp_url = made.url
        yield made


def inside(moment: Moment) -> Kill:
    return lambda installation, _postman, _worker: installation.ask(moment, LETTER)


def at(word: str) -> Kill:
    """The mail server kills the worker when it hears this for the first time."""

    def order(_installation: Installation, postman: Postman, worker: Worker) -> None:
        def kill(heard: str) -> None:
            if heard == word and not worker.died:
                os.kill(worker.pid, SIGKILL)

        postman.at = kill

    return order


# When the worker dies, and how many letters come of it.
POINTS: dict[str, tuple[Kill, int]] = {
    "before it is written": (inside(Moment.KEEPING), 1),
    "when it is written": (inside(Moment.KEPT), 1),
    "while it is sent": (at("RCPT"), 1),
    "when it was taken, and that is not recorded": (at(TAKEN), 2),
}


# One is enough for the common run: a letter that may have arrived.
@pytest.mark.parametrize("point", POINTS if TRIALS > 1 else ["when it was taken, and that is not recorded"])
async def test_a_letter_about_new_orders_reaches_who_asked_for_it_and_no_order_is_told_of_in_two(
    installation: Installation, postman: Postman, record_property: Figure, point: str
) -> None:
    """Of a letter that was sent twice both copies are the same, down to the id by which mailboxes show one."""
    kill, copies = POINTS[point]
    worker = installation.worker()
    for _ in range(TRIALS):
        trader = await installation.trader()
        reader = await _a_reader(trader)
        postman.letters.clear()
        kill(installation, postman, worker)
        await _buys(trader, 2)
        await worker.death()
        worker = installation.worker()
        await installation.eventually(partial(_all_told, trader), 20)
        letters = list(postman.letters)
        assert len(letters) == copies
        assert {str(letter) for letter in letters} == {str(letters[0])}
        _says_how_many_and_nothing_of_the_buyer(letters[0], reader, 2)
        postman.letters.clear()
        await _buys(trader, 1)
        await installation.eventually(partial(_all_told, trader), 20)
        [later] = postman.letters
        assert later["Message-ID"] != letters[0]["Message-ID"]
        _says_how_many_and_nothing_of_the_buyer(later, reader, 1)
    record_property("letters", f"{point}: {TRIALS} kills, {copies} copies of each letter, no order in two letters")


async def _a_reader(trader: Trader) -> str:
    """The address of the one member of two who asked for letters."""
    asked = await a_member(trader.stage.sessions, trader.merchant, f"asked-{trader.merchant.id.hex[-8:]}")
    await a_member(trader.stage.sessions, trader.merchant, f"quiet-{trader.merchant.id.hex[-8:]}")
    async with trader.stage.sessions.write(SYSTEM) as session:
        await session.execute(update(Member).where(Member.user_id == asked.id).values(order_letters=True))
        await session.execute(update(User).values(email_verified_at=trader.stage.now))
    return str(asked.email)


async def _buys(trader: Trader, count: int) -> None:
    """So many are sold to one buyer, and heard of together."""
    line = {"sku": "other", "quantity": 1, "title": "Planted thing", "price": "10.00"}
    await trader.shop.do("orders", lines=[line], count=count, buyer=BUYER)
    await market.is_read(trader, trader.connection)


async def _all_told(trader: Trader) -> bool:
    """As many orders as the shop has are here, no letter about any is due, and every letter has left."""
    async with trader.stage.sessions.read(SYSTEM) as session:
        mine = Order.merchant_id == trader.merchant.id
        here = await session.scalar(select(func.count()).select_from(Order).where(mine, ~Order.letter_due))
        waiting = await session.scalar(select(func.count()).where(MailMessage.sent_at.is_(None)))
    return here == len(await trader.shop.ask("orders")) and not waiting


def _says_how_many_and_nothing_of_the_buyer(letter: EmailMessage, reader: str, number: int) -> None:
    text = letter.get_content()
    assert letter["To"] == reader
    assert str(letter["Subject"]).startswith(f"{number} new order")
    assert text.count("/orders/") == number
    for word in ("Planted", "Taro", "planted-buyer", "555-0199", "99999"):
        assert word not in str(letter) + text
