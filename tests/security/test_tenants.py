"""Another merchant's things are as if they were not there: by every route, method, id, form field and query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from portal.models import Base
from portal.tenancy import SYSTEM, ScopedSession
from tests.depth import some
from tests.security.house import HTMX, JSON, MOVING, House, Route, changes, masked

OWNED = {table.name for table in Base.metadata.tables.values() if "merchant_id" in table.c}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# What a form of any of the routes may need to get past its own reading.
FILLED = {
    "role": "viewer",
    "title": "T",
    "quantity": "1",
    "seen": "5",
    "reason": "count",
    "handle": "h",
    "status": "active",
}


def addressed(house: House) -> list[Route]:
    """The routes with a merchant's id in them. A one-time token is its own right, whoever holds it."""
    return [route for route in house.routes() if set(route.parameters) - {"channel", "token"}]


async def asked(house: House, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    browser = house.ours.owner
    token = {} if method == "GET" else {"x-csrftoken": await browser.token()}
    form = None if method == "GET" else FILLED
    return await browser.http.request(method, path, headers={**headers, **token}, data=form)


def values(house: House, route: Route, one: UUID) -> Iterator[dict[str, object]]:
    """`one` in the place of each id, the others being the asker's own or nobody's."""
    own = house.ours.first()
    for name in route.parameters:
        if name != "channel":
            yield {**own, name: one}
    if len(set(route.parameters)) > 1:
        yield {**own, **dict.fromkeys(route.parameters, one), "channel": "shopify"}


async def test_no_route_tells_another_merchants_id_from_nobodys(house: House) -> None:
    before, nobody = await house.dump(without=MOVING), uuid4()
    strangers = [ids[0] for ids in house.theirs.ids.values()]
    routes, calls = addressed(house), 0
    assert len(routes) > 30
    for route in routes:
        for headers in ({}, HTMX, JSON):
            nothing = await asked(house, route.method, route.at(next(values(house, route, nobody))), headers)
            assert nothing.status_code == 404, (route, nothing.status_code)
            fitting = house.theirs.ids.get(route.parameters[-1], strangers[:1])
            ids = fitting if headers else {*fitting, *some(strangers, 4)}
            expected = [
                masked(await asked(house, route.method, route.at(nobodys), headers))
                for nobodys in values(house, route, nobody)
            ]
            for one in ids:
                for theirs, like in zip(values(house, route, one), expected, strict=True):
                    got = await asked(house, route.method, route.at(theirs), headers)
                    assert masked(got) == like, (route, theirs)
                    assert house.theirs.mark not in got.text, (route, theirs)
                    calls += 1
    assert calls > 450
    assert changes(before, await house.dump(without=MOVING)) == {}


async def test_methods_that_no_route_has_are_refused_alike(house: House) -> None:
    paths = {route.path: route for route in addressed(house)}
    known = {(route.method, route.path) for route in house.routes()}
    before = await house.dump(without=MOVING)
    for route in paths.values():
        for method in METHODS:
            if (method, route.path) in known:
                continue
            theirs = await asked(house, method, route.at(house.theirs.first()), {})
            nobodys = await asked(house, method, route.at(dict.fromkeys(house.theirs.first(), uuid4())), {})
            assert (theirs.status_code, masked(theirs)) == (405, masked(nobodys)), (method, route)
    assert changes(before, await house.dump(without=MOVING)) == {}


async def test_every_page_of_a_merchant_holds_nothing_of_another(house: House) -> None:
    own, pages = house.ours.first(), 0
    for route in house.routes():
        if not route.is_safe or route.path == "/live":
            continue
        for headers in ({}, HTMX):
            answer = await house.ours.owner.get(route.at(own), headers)
            assert not [trace for trace in house.theirs.traces() if trace in answer.text], route
            pages += house.ours.mark in answer.text
    assert pages > 20, "the pages show nothing, so this proves nothing"


def queries(one: UUID, name: str) -> list[str]:
    """Every place of a query that takes an id."""
    return [
        f"/listings?product={one}",
        f"/listings?channel={one}",
        f"/listings?before={one}",
        f"/listings?after={one}",
        f"/inbox?before={one}",
        f"/inbox?after={one}",
        f"/inbox?selected={one}",
        f"/products?before={one}",
        f"/products?after={one}",
        f"/imports?before={one}",
        f"/connect/shopify?connection={one}",
        f"/connect/shopify?connection={one}&practice=true&shop=demo",
        f"/live/fragments?id={name}-{one}",
    ]


async def test_an_id_in_a_query_brings_nothing_of_another_merchant(house: House) -> None:
    registry = house.app._app.state.fragments  # type: ignore[attr-defined]  # the application inside the guard
    assert len(registry) > 10
    paths, nothing = partial(queries, name=next(iter(registry))), uuid4()
    expected = {path: masked(await house.ours.owner.get(path)) for path in paths(nothing)}
    # A cursor is a place in one's own list and may stand anywhere: it is only looked at for what it shows.
    for kind, ids in some(list(house.theirs.ids.items()), 8):
        for path, nobodys in zip(paths(ids[0]), paths(nothing), strict=True):
            got = await house.ours.owner.get(path)
            assert house.theirs.mark not in got.text, (path, kind)
            if "before=" not in path and "after=" not in path:
                assert masked(got) == expected[nobodys], (path, kind)
    every = "&".join(f"id={name}-{one}" for name in registry for ids in house.theirs.ids.values() for one in ids[:1])
    got = await house.ours.owner.get(f"/live/fragments?{every}")
    assert house.theirs.mark not in got.text


def forms(house: House, one: UUID) -> list[tuple[str, dict[str, Any]]]:
    """Every form that names somebody's thing in a field."""
    own = house.ours.first()
    product = {"id": str(one), "title": "Mine", "status": "active", "variants-0-price": "1.00"}
    return [
        ("/inbox/approvals", {"item": str(one)}),
        ("/inbox/dones", {"item": str(one)}),
        (f"/inbox/{own['item_id']}/choices", {"shown": str(one), "channel": str(one)}),
        (f"/inbox/{own['item_id']}/approval", {"shown": str(one), "channel": str(one)}),
        ("/connect/shopify/token", {"connection": str(one), "shop": "demo", "token": "", "practice": "true"}),
        ("/products", product),
    ]


async def test_an_id_in_a_form_field_reaches_nothing_of_another_merchant(house: House) -> None:
    untouched = await _rows_of(house)
    for kind, ids in house.theirs.ids.items():
        for (path, theirs), (_path, nobodys) in zip(forms(house, ids[0]), forms(house, uuid4()), strict=True):
            for headers in ({}, HTMX):
                got = await house.ours.owner.post(path, theirs, headers)
                nothing = await house.ours.owner.post(path, nobodys, headers)
                assert masked(got) == masked(nothing), (path, kind)
                assert got.status_code < 500, (path, got.status_code)
    assert await _rows_of(house) == untouched


async def _rows_of(house: House) -> list[str]:
    """Every row that carries the other merchant's id or mark, wherever it is."""
    signs = (house.theirs.mark, repr(house.theirs.merchant.id))
    rows = [row for rows in (await house.dump(without=MOVING)).values() for row in rows]
    found = [row for row in rows if any(sign in row for sign in signs)]
    assert len(found) > 15
    return found


# ---- what goes to the database ----


class Trace:
    """Statements on merchants' tables, by the session that sent them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.seen: list[tuple[Any, str, str]] = []

    def began(self, session: Session, _transaction: Any, connection: Any) -> None:
        connection.info["owner"] = session.info["owner"]

    def executed(self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if tables_in(statement):
            self.seen.append((connection.info.get("owner"), statement, repr(parameters)))

    def __enter__(self) -> Self:
        engines = {self.house.sessions.reader.sync_engine, self.house.sessions.writer.sync_engine}
        event.listen(ScopedSession, "after_begin", self.began)
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self.executed)
        return self

    def __exit__(self, *_raised: object) -> None:
        event.remove(ScopedSession, "after_begin", self.began)
        for engine in {self.house.sessions.reader.sync_engine, self.house.sessions.writer.sync_engine}:
            event.remove(engine, "before_cursor_execute", self.executed)


CLAUSE = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO) ([^()]*?)(?= (?:WHERE|GROUP|ORDER|JOIN|LEFT|ON|SET|LIMIT|FOR|AS SET)\b|[()]|$)"
)


def tables_in(statement: str) -> list[tuple[str, str]]:
    """The merchants' tables that a statement names, each with the name it goes by there."""
    flat = " ".join(statement.split()).replace('"', "")
    named = [part.split() for clause in CLAUSE.findall(flat) for part in clause.split(",") if part.strip()]
    return [(words[0], words[-1]) for words in named if words[0] in OWNED]


def carries(statement: str) -> bool:
    """Whether each merchants' table of the statement is bound to a merchant."""
    flat = " ".join(statement.split()).replace('"', "")
    for table, alias in tables_in(flat):
        if flat.startswith(f"INSERT INTO {table}"):
            bound = "merchant_id" in flat.partition("VALUES")[0]
        elif re.fullmatch(
            rf"(UPDATE {table} SET .*|DELETE FROM {table}) WHERE {table}\.\w+ = [^ ]+( AND {table}\.\w+ = [^ ]+)?", flat
        ):
            # A row the session had loaded: its owner was checked before the flush, and its key names no other.
            bound = True
        else:
            # What is asked of nothing at all needs no owner.
            bound = f"{alias}.merchant_id = " in flat or "WHERE 0 = 1" in flat or "WHERE false" in flat
        if not bound:
            return False
    return True


def test_the_trace_can_tell_a_bound_statement_from_a_loose_one() -> None:
    assert carries("SELECT product.id FROM product WHERE product.merchant_id = ?")
    assert not carries("SELECT product.id FROM product WHERE product.id = ?")
    assert not carries(
        "SELECT 1 FROM product JOIN variant ON variant.product_id = product.id WHERE product.merchant_id = ?"
    )
    assert not carries("SELECT 1 FROM product AS p WHERE product.merchant_id = ?")
    assert not carries("UPDATE product SET title=? WHERE product.title = ? OR product.id = ?")
    assert not carries("INSERT INTO product (id) VALUES (?)")


async def test_every_statement_of_a_merchants_session_is_bound_to_that_merchant(house: House) -> None:
    with Trace(house) as trace:
        for kind in ("product_id", "listing_id", "item_id", "import_id", "connection_id", "decision_id", "variant_id"):
            assert house.ours.ids[kind], kind
        for route in house.routes():
            if route.path in {"/live", "/sign-out"}:
                continue
            path, browser = route.at(house.ours.first()), house.ours.owner
            await (browser.get(path) if route.is_safe else browser.post(path, FILLED))
        every = "&".join(
            f"id={name}-{one}"
            for name in house.app._app.state.fragments  # type: ignore[attr-defined]  # the application inside the guard
            for ids in house.ours.ids.values()
            for one in ids[:1]
        )
        await house.ours.owner.get(f"/live/fragments?{every}")
    mine = [(owner, statement, values) for owner, statement, values in trace.seen if owner != SYSTEM]
    assert len(mine) > 300
    assert {table for _, statement, _ in mine for table, _alias in tables_in(statement)} > {
        "product",
        "listing",
        "task",
    }
    assert not [statement for _, statement, _ in mine if not carries(statement)]
    strangers = {str(house.theirs.merchant.id), house.theirs.merchant.id.hex}
    assert not [statement for _, statement, values in mine if any(one in values for one in strangers)]
    assert {owner for owner, _, _ in mine} == {house.ours.merchant.id}


# Who somebody is and works for is found out before there is a merchant to be bound to; an account connected
# elsewhere is the one question asked across merchants.
ACROSS = {"member", "sign_in_session", "invitation", "audit_entry", "connection"}


async def test_sessions_across_merchants_touch_people_only(house: House) -> None:
    with Trace(house) as trace:
        for route in house.routes():
            if route.path not in {"/live", "/sign-out"}:
                await house.ours.owner.send(route, route.at(house.ours.first()))
    touched = {table for owner, sql, _ in trace.seen if owner is SYSTEM for table, _alias in tables_in(sql)}
    assert touched
    assert touched <= ACROSS


@pytest.mark.each
async def test_the_database_alone_hides_the_other_merchants_goods(house: House) -> None:
    async with house.sessions.reader.connect() as connection:
        if connection.dialect.name != "postgresql":
            pytest.skip("SQLite has no row-level security")
        for setting, expected in (("", False), (str(house.ours.merchant.id), True)):
            await connection.execute(text("SELECT set_config('app.merchant', :setting, true)"), {"setting": setting})
            for name in sorted(OWNED - {"rate_bucket", "attempt", "attempt_item", "connect_attempt"}):
                rows = [repr(tuple(row)) for row in await connection.execute(text(f'SELECT * FROM "{name}"'))]
                assert bool(rows) is expected, (name, setting)
                assert not [row for row in rows if str(house.theirs.merchant.id) in row], name
            await connection.rollback()
