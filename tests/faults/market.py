"""A trader's marketplaces: sellers of their own at practice Amazon, Rakuten and Yahoo!, whose books are the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from connectors.records import Credentials
from portal.connections import service as connections
from portal.connections.account import NewcomerAccount
from portal.models.connections import Connection
from portal.models.orders import Order
from portal.tasks import kinds
from portal.tasks import service as tasks
from tests.faults.installation import Trader
from tests.faults.processes import Worker

# What a buyer pays where the SKU is not listed, in yen.
PRICE = 1000


@dataclass(frozen=True, slots=True)
class Market:
    trader: Trader
    connection: Connection
    book: str

    @property
    def channel(self) -> str:
        return str(self.connection.channel)

    async def sells(self, sku: str, *, count: int = 1, quantity: int = 1, **more: Any) -> list[str]:
        """So many buyers buy; the ids of their orders. `more` is what the practice channel lets say of an order."""
        # A practice seller sells on several Amazons, of which one is connected.
        where = {"marketplace": "A1VC38T7YXB528"} if self.channel == "amazon" else {}
        line = {"sku": sku, "quantity": quantity, "title": "Mug", "price": PRICE}
        return list((await self.do("orders", lines=[line], count=count, **where, **more))["order_ids"])

    async def do(self, action: str, **data: Any) -> Any:
        answer = await self.trader.stage.http.post(f"{self.book}/{action}", json=data)
        assert answer.is_success, answer.text
        return answer.json()

    async def orders(self) -> dict[str, dict[str, Any]]:
        """The marketplace's own record, by the order's id."""
        found = (await self.trader.stage.http.get(f"{self.book}/orders")).json()
        return {order["order_id"]: order for order in found}

    async def fault(self, kind: str, **details: Any) -> None:
        await self.do("faults", kind=kind, **details)

    async def kill(self, worker: Worker, operation: str, when: str) -> None:
        """The marketplace kills the worker at its next call of the operation, before or after accepting it."""
        await self.fault("kill", count=1, operation=operation, when=when, pid=worker.pid)

    async def calls(self, table: str, operation: str) -> list[dict[str, Any]]:
        """What it heard of one operation (table `requests`), or what it did for it (`ledger`), oldest first."""
        rows = (await self.trader.stage.http.get(f"{self.book}/{table}")).json()
        return [row for row in rows if row["operation"] == operation]

    async def is_read(self, *order_ids: str) -> None:
        """These orders, or all that changed, are to be read as soon as a worker comes to it."""
        await is_read(self.trader, self.connection, *order_ids)


async def amazon(trader: Trader) -> Market:
    form = {"name": trader.domain, "decision": "allow"}
    connection = await _consented(trader, "amazon", "amazon.co.jp", form)
    return _market(trader, connection, f"amazon/practice/api/sellers/{connection.settings['seller_id']}")


async def yahoo(trader: Trader, name: str = "") -> Market:
    """`name` is the store's there: its orders' numbers begin with it."""
    name = name or trader.domain.partition(".")[0]
    connection = await _consented(trader, "yahoo", name, {"owner": name, "decision": "allow"})
    return _market(trader, connection, f"yahoo/practice/api/stores/{name}")


async def rakuten(trader: Trader) -> Market:
    name, stage = trader.domain.partition(".")[0], trader.stage
    made = await stage.http.post(f"{stage.practice_url}/rakuten/practice/api/stores", json={"name": name})
    keys = {key: made.json()[key] for key in ("service_secret", "license_key")}
    credentials = stage.process.runtime.connectors["rakuten"].credentials_of(keys)
    connection = await _connected(trader, "rakuten", name, credentials, auth_method="token")
    return _market(trader, connection, f"rakuten/practice/api/stores/{name}")


async def _consented(trader: Trader, channel: str, domain: str, form: dict[str, str]) -> Connection:
    """The merchant goes to the channel's page, answers, and comes back."""
    stage, runtime = trader.stage, trader.stage.process.runtime
    consent, base_url = runtime.consent(channel, practice=True), runtime.base_url(channel, domain, practice=True)
    state, callback = connections.new_visit(), f"{runtime.settings.public_url}/connect/{channel}/callback"
    page = consent.authorize_url(base_url, redirect_uri=callback, state=state)
    answer = await stage.http.post(page, data=form, headers={"Origin": stage.practice_url})
    assert answer.status_code == 302, answer.text
    query = parse_qsl(urlsplit(answer.headers["location"]).query)
    said = consent.read_return(query, now=stage.now, expected_state=state)
    credentials = await consent.exchange(base_url, code=said.code, now=stage.now)
    return await _connected(trader, channel, said.domain or domain, credentials, auth_method="oauth")


async def _connected(
    trader: Trader, channel: str, domain: str, credentials: Credentials, *, auth_method: str
) -> Connection:
    stage, runtime = trader.stage, trader.stage.process.runtime
    base_url = runtime.base_url(channel, domain, practice=True)
    identity = await runtime.connectors[channel].identify(NewcomerAccount(domain, base_url, credentials))
    if channel == "yahoo":
        # One call a second: the connection's own test follows at once, and a refused one would wait for a minute.
        await asyncio.sleep(1.1)
    async with stage.sessions.write(trader.merchant.id) as session:
        return await connections.connect(
            session,
            runtime.vault,
            identity,
            credentials,
            merchant_id=trader.merchant.id,
            channel=channel,
            practice=True,
            auth_method=auth_method,
            connection_id=None,
            now=stage.now,
        )


def _market(trader: Trader, connection: Connection, book: str) -> Market:
    return Market(trader, connection, f"{trader.stage.practice_url}/{book}")


async def is_read(trader: Trader, connection: Connection, *order_ids: str) -> None:
    """These orders of the connection, or all that changed, are to be read as soon as a worker comes to it."""
    if order_ids:
        await ask(trader, connection, kinds.ORDER, *order_ids)
    else:
        await ask(trader, connection, kinds.ORDERS, str(connection.id))


async def ask(trader: Trader, connection: Connection, kind: kinds.Kind, *subjects: str) -> None:
    async with trader.stage.sessions.write(trader.merchant.id) as session:
        await tasks.enqueue(
            session,
            kind,
            list(subjects),
            merchant_id=trader.merchant.id,
            connection_id=connection.id,
            now=trader.stage.now,
        )


async def order_of(trader: Trader, number: str) -> Order:
    return next(order for order in await orders_of(trader) if order.number == number)


async def orders_of(trader: Trader) -> Sequence[Order]:
    async with trader.stage.sessions.read(trader.merchant.id) as session:
        return (await session.scalars(select(Order).options(selectinload(Order.lines)).order_by(Order.id))).all()
