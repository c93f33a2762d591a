"""Whose rows a session may touch: every statement carries its merchant, or it is refused.

A session is opened for one merchant or, by name, for the SYSTEM (sign-in, the
sweep, inbound webhooks). For a merchant's session every ORM statement and every
Core UPDATE of one table gets the merchant's condition added, every new row must be
that merchant's, and any other Core statement on a merchant's table is refused
unless it inserts that merchant's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ForeignKey, Table, TextClause, event, text
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, UOWTransaction, mapped_column, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.visitors import ExternallyTraversible


class Scope(Enum):
    SYSTEM = "*"


SYSTEM = Scope.SYSTEM
Owner = UUID | Scope


class TenancyError(Exception):
    """Our own mistake: a statement that could have crossed merchants was stopped before it ran."""


class MerchantOwned:
    """A row that belongs to one merchant."""

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchant.id"), index=True, sort_order=-10)


class ScopedSession(Session):
    """The sync half of every AsyncSession; `info["owner"]` is set where the session is opened."""


@event.listens_for(ScopedSession, "do_orm_execute")
def _add_the_merchant(state: ORMExecuteState) -> None:
    owner = cast(Owner, state.session.info["owner"])
    if owner is SYSTEM:
        return
    if state.is_orm_statement:
        if state.is_insert:
            _check_inserted(state, owner)
            return
        state.statement = state.statement.options(
            with_loader_criteria(MerchantOwned, lambda cls: cls.merchant_id == owner, include_aliases=True)
        )
        return
    if isinstance(state.statement, Insert):
        _check_inserted(state, owner)
        return
    if isinstance(state.statement, TextClause):
        raise TenancyError("raw SQL cannot be given the merchant's condition; use the ORM entity")
    elements = visitors.iterate(cast(ExternallyTraversible, state.statement))
    tables = [element for element in elements if isinstance(element, Table) and "merchant_id" in element.c]
    if isinstance(state.statement, Update) and tables == [state.statement.table]:
        if any(merchant is not None for merchant in _merchants_given(state)):
            raise TenancyError(f"a row of {tables[0].name} stays with its merchant")
        state.statement = state.statement.where(tables[0].c.merchant_id == owner)
    elif tables:
        raise TenancyError(f"a Core statement on {tables[0].name} has no merchant's condition; use the ORM entity")


def _check_inserted(state: ORMExecuteState, owner: UUID) -> None:
    table = getattr(state.statement, "table", None)
    if table is None or "merchant_id" not in table.c:
        return
    if any(merchant != owner for merchant in _merchants_given(state)):
        raise TenancyError(f"a row for {table.name} carries another merchant's id")


def _merchants_given(state: ORMExecuteState) -> list[object]:
    """The merchant that each row is to have, by the statement or beside it; None where neither says."""
    beside = state.parameters or {}
    rows = [beside] if isinstance(beside, Mapping) else beside
    compiled = getattr(state.statement, "_values", None) or {}
    given = {getattr(column, "name", column): value for column, value in compiled.items()}
    same = getattr(given.get("merchant_id"), "value", None)
    return [row.get("merchant_id", same) for row in rows]


@event.listens_for(ScopedSession, "before_flush")
def _refuse_strangers(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    owner = cast(Owner, session.info["owner"])
    if owner is SYSTEM:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, MerchantOwned) and row.merchant_id != owner:
            raise TenancyError(f"{type(row).__name__} belongs to another merchant")


@event.listens_for(ScopedSession, "after_begin")
def _tell_postgresql(session: Session, _transaction: Any, connection: Any) -> None:
    """Row-level security stands behind the code above: the policies read this setting."""
    if connection.dialect.name == "postgresql":
        owner = cast(Owner, session.info["owner"])
        value = owner.value if isinstance(owner, Scope) else str(owner)
        connection.execute(text("SELECT set_config('app.merchant', :owner, true)"), {"owner": value})
