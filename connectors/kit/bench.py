"""What a channel brings to the conformance suite: itself, an account to work on, and levers at the channel's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connectors.protocol import Account, Connector
from connectors.records import ProductRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A product by the channel's own record: prices in the minor unit and units to sell, both in variants' order."""

    title: str
    prices: tuple[int, ...]
    quantities: tuple[int, ...]
    on_sale: bool


class Bench(Protocol):
    """One channel, practice or sandbox, under test. Time there is the bench's own to move."""

    connector: Connector
    account: Account
    """An account that is let in, with the settings `identify` found."""

    def product(self, number: int = 1) -> ProductRecord:
        """A product the channel takes: two variants, ten units of each; another `number` is another product."""

    def refused(self) -> ProductRecord:
        """One that the channel itself refuses because of its title alone."""

    async def stranger(self) -> Account:
        """Another account of the channel, let in as well."""

    async def revoke(self) -> None:
        """The account's credentials open nothing any more."""

    async def let_in_again(self) -> None:
        """The same account has new credentials, and `account` uses them."""

    async def fault(self, kind: str, **details: Any) -> None:
        """The next call meets a `throttle` or `maintenance`; the next write of a product loses its answer: `lost`."""

    async def shown(self, product: ProductRecord) -> Shown | None:
        """The product as the channel itself has it; None where it has none."""

    async def writes(self) -> int:
        """How many writes the channel has accepted so far."""


class OrderBench(Bench, Protocol):
    """A bench of a channel that has orders."""

    def now(self) -> datetime:
        """The time at the channel."""

    async def wait(self) -> None:
        """What has happened by now is in the channel's lists."""

    async def buy(self, product: ProductRecord, units: int) -> str:
        """Somebody has bought and paid so many of the product's first variant; the order's id."""

    async def parcels(self, order_id: str) -> Sequence[str]:
        """The tracking numbers on the order, as the channel itself has them."""

    async def spoil(self, order_id: str, kind: str) -> None:
        """Until `mend`, the channel tells of the order what nobody can read (`garbled`), or answers the reading of it
        with an error of its own (`broken`)."""

    async def mend(self) -> None:
        """Every order is told of as it is again."""

    def unknown_order(self) -> str:
        """A number such as the channel gives, which it has given to no order of this account."""
