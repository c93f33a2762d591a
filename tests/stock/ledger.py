"""What must be true of stock at any time, and short ways to say what orders do to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.db import Sessions
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.stock import Component, Movement, Reservation, Shortfall
from portal.stock import claims, returns
from portal.stock import service as stock
from portal.stock.claims import Claim, Taken
from portal.stock.returns import Arrival, Return, Returned
from portal.stock.service import Move
from portal.tenancy import SYSTEM
from tests.settable_clock import SettableClock

NOW = SettableClock()()


class Ledger:
    """One merchant's stock, with everything said at one moment."""

    def __init__(self, sessions: Sessions, merchant: Merchant) -> None:
        self.sessions, self.merchant = sessions, merchant

    async def receive(self, variant_id: UUID, quantity: int, cause_id: str = "in") -> None:
        move = Move(variant_id=variant_id, quantity=quantity, cause="received", cause_id=cause_id)
        async with self.sessions.write(self.merchant.id) as session:
            await stock.move(session, merchant_id=self.merchant.id, moves=[move], made_by="Alice", now=NOW)

    async def reserve(self, *wanted: Claim) -> None:
        async with self.sessions.write(self.merchant.id) as session:
            await claims.reserve(session, merchant_id=self.merchant.id, claims=wanted, now=NOW)

    async def release(self, *ended: Claim) -> None:
        async with self.sessions.write(self.merchant.id) as session:
            causes = [claim.key for claim in ended]
            await claims.release(session, merchant_id=self.merchant.id, causes=causes, now=NOW)

    async def take(self, *wanted: Claim) -> list[Taken]:
        async with self.sessions.write(self.merchant.id) as session:
            return await claims.take(session, merchant_id=self.merchant.id, claims=wanted, made_by="shop", now=NOW)

    async def give_back(self, *back: Return) -> list[Returned]:
        async with self.sessions.write(self.merchant.id) as session:
            return await returns.give_back(session, merchant_id=self.merchant.id, returns=back, made_by="shop", now=NOW)

    async def bring_back(self, *back: Arrival) -> list[int]:
        async with self.sessions.write(self.merchant.id) as session:
            return await returns.bring_back(session, merchant_id=self.merchant.id, arrivals=back, now=NOW)

    async def bundle(self, bundle_id: UUID, parts: dict[UUID, int]) -> None:
        async with self.sessions.write(self.merchant.id) as session:
            for variant_id, quantity in parts.items():
                session.add(
                    Component(
                        merchant_id=self.merchant.id, bundle_id=bundle_id, variant_id=variant_id, quantity=quantity
                    )
                )

    async def levels(self, variant_id: UUID) -> tuple[int, int]:
        """On hand, and reserved."""
        async with self.sessions.read(SYSTEM) as session:
            variant = await session.get_one(Variant, variant_id)
            return variant.on_hand, variant.reserved

    async def short(self, *variant_ids: UUID) -> list[tuple[int, int]]:
        """Units that were missing, and those of them that are settled, of every cause."""
        async with self.sessions.read(SYSTEM) as session:
            query = select(Shortfall).where(Shortfall.variant_id.in_(variant_ids)).order_by(Shortfall.id)
            rows = await session.scalars(query)
            return [(row.quantity, row.cleared) for row in rows]

    async def wrong(self) -> list[str]:
        """What is not as it must be: each number is the sum of its rows, and none is below zero."""
        moved = await self._sums(select(Movement.variant_id, func.sum(Movement.quantity)), Movement.variant_id)
        opened = select(Reservation.variant_id, func.sum(Reservation.quantity)).where(Reservation.ended_at.is_(None))
        held = await self._sums(opened, Reservation.variant_id)
        async with self.sessions.read(SYSTEM) as session:
            variants: Sequence[Variant] = (await session.scalars(select(Variant))).all()
            shortfalls = (await session.scalars(select(Shortfall))).all()
        return [
            f"{variant.on_hand}/{variant.reserved} of {variant.id}"
            for variant in variants
            if (variant.on_hand, variant.reserved) != (moved.get(variant.id, 0), held.get(variant.id, 0))
            or variant.on_hand < 0
            or variant.reserved < 0
        ] + [f"{row.cleared} of {row.quantity} cleared" for row in shortfalls if not 0 <= row.cleared <= row.quantity]

    async def _sums(self, query: Any, column: Any) -> dict[UUID, int]:
        async with self.sessions.read(SYSTEM) as session:
            return {key: int(total) for key, total in await session.execute(query.group_by(column))}


def line(variant_id: UUID, quantity: int, cause_id: str = "line-1") -> Claim:
    return Claim(variant_id=variant_id, quantity=quantity, cause="order", cause_id=cause_id)


def back(claim: Claim, total: int, lost: int = 0) -> Return:
    return Return(
        variant_id=claim.variant_id,
        total=total,
        sold=claim.quantity,
        cause=claim.cause,
        cause_id=claim.cause_id,
        lost=lost,
    )


def sent_back(claim: Claim, total: int) -> Arrival:
    return Arrival(
        variant_id=claim.variant_id,
        total=total,
        sold=claim.quantity,
        cause=claim.cause,
        cause_id=claim.cause_id,
        made_by="Alice",
    )
