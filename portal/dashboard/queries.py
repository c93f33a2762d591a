"""What the dashboard shows. Every number is the count of the list its link opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from portal.connections import states
from portal.i18n import _, ngettext
from portal.inbox import queries as inbox
from portal.listings import queries as listings
from portal.listings.badge import Held
from portal.listings.badges import held_by
from portal.listings.eligible import channel_name, connection_name
from portal.models.catalog import Product, ProductStatus
from portal.models.connections import Connection, ConnectionState
from portal.models.imports import Import, ImportState
from portal.models.inbox import Decision
from portal.models.tasks import OPEN, Task
from portal.orders import queries as orders
from portal.orders import unread
from portal.tasks import words

IMPORT_FAILURES_SHOWN = timedelta(days=7)
STALE = timedelta(minutes=15)
FAILED_IMPORTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing only the merchant can do, with the button that does it."""

    tone: str
    title: str
    body: str
    action: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One connection at a glance. `stale` is when nothing was heard for a while although it should have been."""

    connection: Connection
    name: str
    held: Held
    live: int
    live_url: str
    problems: int
    problems_url: str
    waiting: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Step:
    key: str
    title: str
    body: str
    done: bool
    action: str
    url: str


@dataclass(frozen=True, slots=True)
class Count:
    label: str
    value: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """`at` is when all of it was read."""

    needs: Sequence[Need]
    channels: Sequence[Channel]
    steps: Sequence[Step]
    counts: Sequence[Count]
    at: datetime

    @property
    def young(self) -> bool:
        return not all(step.done for step in self.steps)


async def dashboard(session: AsyncSession, *, now: datetime) -> Dashboard:
    connections = await _connections(session)
    counts = await _counts(session)
    return Dashboard(
        needs=await needs(session, now=now),
        channels=[await _channel(session, connection, now) for connection in connections],
        steps=await _steps(session, connections, counts),
        counts=list(counts.values()),
        at=now,
    )


async def _connections(session: AsyncSession) -> Sequence[Connection]:
    rows = await session.scalars(
        select(Connection).where(Connection.state != ConnectionState.DISCONNECTED).order_by(Connection.id)
    )
    return rows.all()


async def needs(session: AsyncSession, *, now: datetime) -> list[Need]:
    """What needs the merchant, by the money at risk: orders, lost permission, refused listings, imports, the inbox."""
    connections = await _connections(session)
    found = await _orders(session)
    found += [await _reconnect(session, connection) for connection in connections if _lost(connection)]
    found += [_ends_soon(connection, now) for connection in connections if states.ends_soon(connection, now)]
    found += [_refused(cause) for cause in await listings.cause_groups(session)]
    found += await _failed_imports(session, now)
    waiting = await inbox.count(session, inbox.Filters())
    if waiting:
        title = ngettext("%(num)s product to review", "%(num)s products to review", waiting) % {"num": waiting}
        body = _("Pick their channels, or mark them done.")
        found.append(Need(tone="info", title=title, body=body, action=_("Review"), url="/inbox"))
    return found


async def _orders(session: AsyncSession) -> list[Need]:
    """Orders that nobody could read, that stand still, that buyers want cancelled, and of which something came back."""
    found = []
    if not_read := await unread.count(session):
        title = ngettext("%(num)s order could not be read", "%(num)s orders could not be read", not_read)
        body = _("Its channel has it, and it is tried again by itself. Order Health says why.")
        url = "/orders/health#order-health-unread"
        found.append(
            Need(tone="warning", title=title % {"num": not_read}, body=body, action=_("Open Order Health"), url=url)
        )
    stuck, leaving = await orders.count(session, "problems"), await orders.count(session, "leaving")
    if stuck:
        title = ngettext("%(num)s order needs you", "%(num)s orders need you", stuck) % {"num": stuck}
        body = _("It stands still until somebody acts.")
        url = orders.Filters(tab="problems").query()
        found.append(Need(tone="critical", title=title, body=body, action=_("Open the orders"), url=url))
    if leaving:
        title = ngettext("%(num)s buyer asks to cancel", "%(num)s buyers ask to cancel", leaving) % {"num": leaving}
        body = _("Cancel the order, or ship it and tell the buyer.")
        url = orders.Filters(tab="leaving").query()
        found.append(Need(tone="warning", title=title, body=body, action=_("Open the orders"), url=url))
    if returns := await orders.count(session, "returns"):
        title = ngettext("Something came back of %(num)s order", "Something came back of %(num)s orders", returns) % {
            "num": returns
        }
        body = _("Look at it, and say whether it is for sale again.")
        url = orders.Filters(tab="returns").query()
        found.append(Need(tone="info", title=title, body=body, action=_("Open the orders"), url=url))
    return found


def _lost(connection: Connection) -> bool:
    return connection.state is ConnectionState.NEEDS_REAUTH


async def _reconnect(session: AsyncSession, connection: Connection) -> Need:
    name = connection_name(connection)
    waiting = await waiting_for(session, connection)
    return Need(
        tone="critical",
        title=_("%(channel)s no longer accepts our access") % {"channel": name},
        body=waiting_sentence(waiting),
        action=_("Reconnect %(channel)s") % {"channel": channel_name(connection.channel)},
        url=f"/channels/{connection.id}/reconnect?{urlencode({'return_to': '/'})}",
    )


def _ends_soon(connection: Connection, now: datetime) -> Need:
    """The countdown begins two weeks before; in the last one it is what costs money next."""
    assert connection.access_ends_at is not None  # states.ends_soon
    days = max(0, (connection.access_ends_at - now).days)
    said = {"channel": connection_name(connection), "num": days}
    if days:
        title = ngettext(
            "Access to %(channel)s ends in %(num)s day", "Access to %(channel)s ends in %(num)s days", days
        )
    else:
        title = _("Access to %(channel)s ends today")
    return Need(
        tone="critical" if days < 1 else "warning",
        title=title % said,
        body=_("Renew it before, and nothing stops."),
        action=_("Renew access to %(channel)s") % {"channel": channel_name(connection.channel)},
        url=f"/channels/{connection.id}/reconnect?{urlencode({'return_to': '/'})}",
    )


async def waiting_for(session: AsyncSession, connection: Connection) -> str:
    """What has not reached this connection yet, in a merchant's words; empty when nothing."""
    rows = await session.execute(
        select(Task.kind, func.count(Task.id))
        .where(Task.connection_id == connection.id, Task.state.in_(OPEN))
        .group_by(Task.kind)
    )
    return words.waiting(dict(rows.all()))


def waiting_sentence(waiting: str) -> str:
    """What waits for a connection, for the line under a lost permission."""
    if not waiting:
        return _("Nothing is waiting yet. Your listings stay live meanwhile.")
    return _("Waiting: %(waiting)s. Sent as soon as you're back.") % {"waiting": waiting}


def _refused(cause: listings.Cause) -> Need:
    said = {"num": cause.count, "title": cause.title}
    return Need(
        tone="critical",
        title=ngettext("%(num)s listing: %(title)s", "%(num)s listings: %(title)s", cause.count) % said,
        body=cause.body,
        action=_("Show"),
        url=listings.Filters(state="problems", cause=cause.key).query(),
    )


async def _failed_imports(session: AsyncSession, now: datetime) -> list[Need]:
    rows = await session.scalars(
        select(Import)
        .where(Import.state == ImportState.FAILED, Import.created_at >= now - IMPORT_FAILURES_SHOWN)
        .order_by(Import.id.desc())
        .limit(FAILED_IMPORTS_SHOWN)
    )
    return [
        Need(
            tone="warning",
            title=_("Import of %(file)s stopped") % {"file": one.filename},
            body=one.failure or _("Its report says where."),
            action=_("See import"),
            url=f"/imports/{one.id}",
        )
        for one in rows
    ]


async def _channel(session: AsyncSession, connection: Connection, now: datetime) -> Channel:
    live = listings.Filters(channel=str(connection.id), state="live")
    problems = listings.Filters(channel=str(connection.id), state="problems")
    heard = connection.last_heard_at
    return Channel(
        connection=connection,
        name=connection_name(connection),
        held=held_by(connection, now),
        live=await listings.count(session, live),
        live_url=live.query(),
        problems=await listings.count(session, problems),
        problems_url=problems.query(),
        waiting=await waiting_for(session, connection),
        stale=heard is not None and now - heard > STALE,
    )


async def _counts(session: AsyncSession) -> dict[str, Count]:
    # The list of products opens without the archived ones.
    products = select(func.count(Product.id)).where(Product.status != ProductStatus.ARCHIVED)
    views = {
        "live": (_("Live listings"), listings.Filters(state="live")),
        "waiting": (_("On their way"), listings.Filters(state="waiting")),
        "problems": (_("Listings to fix"), listings.Filters(state="problems")),
    }
    return {
        "products": Count(_("Products"), await session.scalar(products) or 0, "/products"),
        "orders": Count(_("New orders"), await orders.count(session, "new"), orders.Filters().query()),
        "review": Count(_("To review"), await inbox.count(session, inbox.Filters()), "/inbox"),
        **{
            key: Count(label, await listings.count(session, view), view.query()) for key, (label, view) in views.items()
        },
    }


async def _steps(session: AsyncSession, connections: Sequence[Connection], counts: dict[str, Count]) -> list[Step]:
    listed = await listings.count(session, listings.Filters())
    decided = bool(listed) or bool(await session.scalar(select(func.count(Decision.id))))
    connected = any(connection.state is not ConnectionState.SETUP for connection in connections)
    return [
        Step(
            "products",
            _("Bring your products"),
            _("Upload the product file of your shop, or write one product by hand."),
            counts["products"].value > 0,
            _("Import products"),
            "/imports",
        ),
        Step(
            "channel",
            _("Connect a channel"),
            _("Your own shop or marketplace account, or a practice shop that is free and can be removed."),
            connected,
            _("Connect a channel"),
            "/channels",
        ),
        Step(
            "review",
            _("Review products"),
            _("Each product says which channels it is ready for, and what is missing for the others."),
            decided,
            _("Open Inbox"),
            "/inbox",
        ),
        Step(
            "publish",
            _("See your first live listing"),
            _("Publishing takes a few seconds; the result shows up here by itself."),
            counts["live"].value > 0,
            _("See listings"),
            "/listings",
        ),
    ]
