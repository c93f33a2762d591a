"""A return that a member records by hand: what they type, checked line by line, and what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.orders import OrderState
from portal.errors import Conflict, FormInvalid
from portal.i18n import _, ngettext
from portal.models.connections import Connection
from portal.models.orders import Order, OrderLine, Parcel, Shelving
from portal.orders import events, queries, returning, taking

LONGEST_NOTE: Final = 500
DECISIONS: Final = (Shelving.WAITING, Shelving.BACK, Shelving.GONE)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a member types of one line: how many came back, what becomes of them, and how many their page knew of."""

    quantity: str
    shelving: str
    seen: str


def sent_out(order: Order, parcels: Sequence[Parcel]) -> dict[UUID, int]:
    """By line, how many units have left for the buyer: as the channel says, or by the parcels of the store."""
    whole = order.state is OrderState.SHIPPED or any(not parcel.lines for parcel in parcels)
    sent: dict[str, int] = {}
    for parcel in parcels:
        for line_id, quantity in parcel.lines:
            sent[line_id] = sent.get(line_id, 0) + int(quantity)
    return {
        line.id: min(
            line.quantity,
            max(line.shipped, sent.get(str(line.id), 0), line.quantity - line.cancelled if whole else 0),
        )
        for line in order.lines
    }


def may_record(order: Order, parcels: Sequence[Parcel]) -> bool:
    """Whether something has left that could come back to the merchant's own shelf."""
    return not order.by_channel and any(sent_out(order, parcels).values())


async def record(
    session: AsyncSession, order_id: UUID, wanted: Mapping[UUID, Noted], note: str, *, made_by: str, now: datetime
) -> int:
    """What came back stands on the order, and what is for sale again on the shelf; how many units that were.

    Raises NotFound, Conflict where nothing has left, and FormInvalid by "quantity-<line>" or "note".
    """
    order = await queries.one(session, order_id, lock=True)
    source = await session.get_one(Connection, order.connection_id)
    parcels = list(await session.scalars(select(Parcel).where(Parcel.order_id == order.id)))
    if not may_record(order, parcels):
        raise Conflict(_("Nothing of this order can come back"), _("Only what has left can be sent back."))
    chosen = _read(order, sent_out(order, parcels), wanted, note)
    for line, quantity, shelving in chosen:
        known = line.came_back
        line.noted_back = known + quantity
        decided = made_by if shelving is not Shelving.WAITING else ""
        returning.add(
            session,
            order,
            line,
            first=known,
            quantity=quantity,
            shelving=shelving,
            at=now,
            now=now,
            made_by=made_by[:200],
            note=note,
            decided_by=decided,
        )
        events.write(session, order, events.NOTED_BACK, now=now, made_by=made_by, sku=line.sku, quantity=quantity)
    await session.flush()
    await taking.settle(session, source, [order], now=now)
    return sum(quantity for _line, quantity, _shelving in chosen)


def _read(
    order: Order, sent: Mapping[UUID, int], wanted: Mapping[UUID, Noted], note: str
) -> list[tuple[OrderLine, int, Shelving]]:
    """Each line of which something came back. Raises FormInvalid."""
    errors: dict[str, str] = {}
    chosen = []
    for line in order.lines:
        typed = wanted.get(line.id, Noted("", "", ""))
        quantity, wrong = _units(line, sent[line.id], typed)
        if wrong:
            errors[f"quantity-{line.id}"] = wrong
        elif quantity:
            chosen.append((line, quantity, _shelving(line, typed)))
    if not errors and not chosen:
        errors["#came-back"] = _("Type how many came back of at least one item.")
    if len(note) > LONGEST_NOTE:
        errors["note"] = _("Say it in %(most)s characters at most.") % {"most": LONGEST_NOTE}
    if errors:
        raise FormInvalid(errors)
    return chosen


def _shelving(line: OrderLine, typed: Noted) -> Shelving:
    """What was chosen; where no stock of ours left for the line, there is nothing to decide."""
    if line.variant_id is None or not line.taken:
        return Shelving.OUTSIDE
    return Shelving(typed.shelving) if typed.shelving in set(DECISIONS) else Shelving.WAITING


def _units(line: OrderLine, sent: int, typed: Noted) -> tuple[int, str]:
    """How many of the line came back, or what is wrong with what was typed."""
    text, said = typed.quantity.strip(), {"item": line.title or line.sku}
    if not text:
        return 0, ""
    if not (text.isdecimal() and len(text) < 7):
        return 0, _("%(item)s: type how many came back as a whole number, such as 1.") % said
    quantity, most = int(text), sent - line.came_back
    if not quantity:
        return 0, ""
    if typed.seen.isdecimal() and int(typed.seen) != line.came_back:
        words = ngettext(
            "%(item)s: meanwhile %(num)s unit is known to be back. If yours is another one, record it again.",
            "%(item)s: meanwhile %(num)s units are known to be back. If yours are others, record them again.",
            line.came_back,
        )
        return 0, words % {**said, "num": line.came_back}
    if most <= 0:
        words = ngettext(
            "%(item)s: the %(num)s unit that was sent has come back already. Leave it empty.",
            "%(item)s: all %(num)s units that were sent have come back already. Leave it empty.",
            sent,
        )
        return 0, (words if sent else _("%(item)s: nothing of it was sent. Leave it empty.")) % {**said, "num": sent}
    if quantity > most:
        words = _("%(item)s: %(sent)s were sent and %(back)s came back before. Type %(most)s or less.")
        return 0, words % {**said, "sent": sent, "back": line.came_back, "most": most}
    return quantity, ""
