"""Which news of orders Crossdock carries for a connection, and which the merchant sees to outside of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Connector
from portal import db
from portal.i18n import _
from portal.models.connections import Connection
from portal.orders.cancelling import CANCELLATIONS, CARRIES
from portal.orders.echoes import SHIPMENTS
from portal.orders.intake import ACCEPTANCE
from portal.orders.returned import HEARD
from portal.orders.returning import RETURNS


@dataclass(frozen=True, slots=True)
class Update:
    """One kind of news, with what carrying it means at this channel. `carried` unless it is handled outside."""

    kind: str
    name: str
    note: str
    carried: bool


def updates(connection: Connection, connector: Connector) -> list[Update]:
    """The kinds that can be carried to this connection; none where its channel tells of no orders."""
    if connector.orders is None:
        return []
    can, said = connector.capabilities, {"channel": connector.capabilities.name}
    found = []
    if can.accepts_orders:
        note = _("A new order is accepted at %(channel)s at once. Otherwise accept it there, before it can be shipped.")
        found.append((ACCEPTANCE, _("Acceptance"), note))
    if can.cancels in CARRIES:
        note = (
            _("An order that is cancelled at its marketplace is cancelled in %(channel)s as well.")
            if can.is_store
            else _("An order that is cancelled here or in your store is cancelled at %(channel)s as well.")
        )
        found.append((CANCELLATIONS, _("Cancellations"), note))
    if not can.is_store:
        note = _("The tracking numbers of what your store ships are told to %(channel)s.")
        found.append((SHIPMENTS, _("Shipments"), note))
    if can.returns == HEARD:
        note = _("What you refund in %(channel)s after it has left shows on its order, and you decide about its stock.")
        found.append((RETURNS, _("Returns"), note))
    outside = connection.handled_outside
    return [Update(kind, name, note % said, kind not in outside) for kind, name, note in found]


def way_back(connector: Connector) -> str:
    """What a cancellation made at the channel does, in one sentence."""
    can, said = connector.capabilities, {"channel": connector.capabilities.name}
    if can.cancels in CARRIES and can.is_store:
        return _("An order that you cancel in %(channel)s is cancelled at its marketplace, if that takes it.") % said
    if can.cancels in CARRIES:
        return _("An order that is cancelled at %(channel)s is cancelled here, and in your store.") % said
    return _("Cancellations don't travel to or from %(channel)s. Cancel an order there.") % said


def returns_heard(connector: Connector) -> str:
    """Whether the channel tells of returns, in one sentence."""
    can, said = connector.capabilities, {"channel": connector.capabilities.name}
    if can.returns == HEARD:
        return _("A return shows here once you refund its items in %(channel)s.") % said
    return _("Returns at %(channel)s are not told to apps. Record them on the order.") % said


def carry(session: AsyncSession, connection: Connection, connector: Connector, wanted: Collection[str]) -> None:
    """Of the kinds that can be carried, those in `wanted` are, and the others are handled outside from now on."""
    connection.handled_outside = [one.kind for one in updates(connection, connector) if one.kind not in wanted]
    db.changed(session, connection.merchant_id, f"connection:{connection.id}", "orders")
