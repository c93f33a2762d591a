"""Odd requests get a plain answer with a request id, and never a word of how the house is built."""

from __future__ import annotations

from itertools import product
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import select

from portal import fragments
from portal.accounts import routes as accounts
from portal.models.connections import ConnectAttempt
from portal.registry import ROUTES
from tests.depth import some
from tests.security.house import HTMX, JSON, ORIGIN, House, soup

NASTY = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "..%2f..%2fetc%2fpasswd",
    "%0d%0aX-Evil:1",
    "9" * 40,
    "-1",
    "%F0%9F%A6%A3",
    "[",
    "//[",
    "'",
    "\u0130".encode().hex(),
]
TRACES = ("Traceback", "sqlalchemy", "asyncpg", "sqlite3", ".py", "/site-packages", "SELECT ", 'File "', "litestar")


def plainly_said(answer: httpx.Response) -> None:
    """The answer is dressed, numbered, and tells nothing of the inside."""
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code >= 400:
        said = answer.text + str(dict(answer.headers))
        assert not [trace for trace in TRACES if trace in said], said[:500]


async def test_an_address_that_nobody_serves_is_a_page_or_a_problem_with_its_number(house: House) -> None:
    for path in (
        "/.git/config",
        "/.env",
        "/debug",
        "/schema",
        "/schema/openapi.json",
        "/static/",
        "/static/x/..%2f..%2fpyproject.toml",
        "/%00",
        "/static/x/%00",
    ):
        page = await house.ours.owner.get(path)
        assert page.status_code == 404, path
        assert page.headers["x-request-id"] in page.text
        problem = await house.ours.owner.get(path, JSON)
        assert problem.headers["content-type"].startswith("application/problem+json")
        assert problem.json()["request_id"] == problem.headers["x-request-id"]
        plainly_said(page)
        plainly_said(problem)


async def test_methods_nobody_serves_are_refused(house: House) -> None:
    for method in ("TRACE", "TRACK", "CONNECT", "PROPFIND", "DELETE", "PUT"):
        answer = await house.ours.owner.http.request(method, "/")
        assert answer.status_code in {403, 405}, method
        plainly_said(answer)


def readings(house: House) -> list[str]:
    """Every page with each nasty text in the place of each part of its path and of its query."""
    own, found = house.ours.first(), []
    for route in house.routes():
        if not route.is_safe or route.path in {"/live", "/readyz"}:
            continue
        plain = route.at(own)
        for nasty in NASTY:
            found += [f"{plain}{'&' if '?' in plain else '?'}{name}={nasty}" for name in asks_for(route.path)]
            if nasty[0] not in "/.[":
                found += [route.at({**own, name: nasty}) for name in route.parameters]
    return found


def asks_for(path: str) -> list[str]:
    """The names a page reads from its query."""
    handlers = [handler for handler in [*accounts.ROUTES, *fragments.ROUTES, *ROUTES] if path in handler.paths]
    named = {
        name
        for handler in handlers
        for name, kind in handler.fn.__annotations__.items()
        if "Query" in str(kind) or "Place" in str(kind)
    }
    return sorted({"state" if name == "view" else name for name in named} | ({"next", "left"} & {path[1:]}))


async def test_no_path_or_query_breaks_a_page(house: House) -> None:
    paths, broken = readings(house), []
    assert len(paths) > 500
    for path in some(paths, 250):
        answer = await house.ours.owner.get(path)
        broken += [path] if answer.status_code == 500 else []
        plainly_said(answer)
    assert broken == [], "\n".join(broken)


async def test_a_long_or_foreign_header_changes_nothing(house: House) -> None:
    for name in ("User-Agent", "Accept", "Accept-Language", "HX-Current-URL", "Referer", "Cookie", "X-Forwarded-Host"):
        for value in ("x" * 8192, '\x1b[31m{"a":1}', "http://[", "é"):
            headers = {name.encode(): value.encode()}
            answer = await house.browser().http.get("/sign-in", headers=headers)
            assert answer.status_code == 200, (name, value[:20])
            plainly_said(answer)


BODIES: list[tuple[str, bytes]] = [
    ("application/json", b'{"a":'),
    ("application/json", b"[" * 20_000),
    (
        "application/x-www-form-urlencoded",
        b"a=%00&title=%00&name=%00&q=%00&identifier=%00&email=%00&token=%00&shop=%00",
    ),
    (
        "application/x-www-form-urlencoded",
        b"\xff\xfe=\xff&title=%ED%A0%80&name=%ED%A0%80&identifier=%ED%A0%80&shop=%ED%A0%80&token=%ED%A0%80",
    ),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\ncut off'),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00b.csv"\r\n\r\na,b\r\n--x--\r\n',
    ),
    ("text/plain", b"\x00\x01"),
    ("application/x-msgpack", b"\xc1"),
    ("nonsense", b"x"),
]


async def test_no_body_breaks_a_form(house: House) -> None:
    broken = []
    for route in house.routes():
        if route.is_safe:
            continue
        for kind, body in BODIES:
            token = await house.ours.owner.token()
            headers = {"Content-Type": kind, "x-csrftoken": token}
            answer = await house.ours.owner.http.post(route.at(house.theirs.first()), content=body, headers=headers)
            broken += [(route, kind, body[:60])] if answer.status_code == 500 else []
            plainly_said(answer)
    assert broken == []


async def test_more_than_two_megabytes_are_not_read(house: House) -> None:
    answer = await house.ours.owner.post("/settings/shop", {"name": "x" * (2 * 1024 * 1024 + 1)})
    assert answer.status_code == 413
    plainly_said(answer)


HOSTS = ["evil.example", "portalXtest", "portal.test.evil.example", "portal.test:8443", "evil@portal.test", ""]


async def test_only_our_own_host_is_answered(house: House) -> None:
    for host, path in product(HOSTS, ("/", "/sign-in", "/products", "/live", "/static/x/app.css", "/webhooks/shopify")):
        answer = await house.ours.owner.get(path, {"Host": host, "X-Forwarded-Host": "portal.test"})
        assert answer.status_code == 400, (host, path)
        assert house.ours.mark not in answer.text
        plainly_said(answer)


async def raw(house: House, headers: list[tuple[bytes, bytes]]) -> int:
    """The status of a request whose headers are exactly these."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "http_version": "1.0", "method": "GET", "path": "/sign-in", "raw_path": b"/sign-in"}
    scope |= {
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
        "state": {},
        "extensions": {},
    }
    await house.app(scope, receive, send)
    return int(sent[0]["status"])


async def test_without_a_host_or_with_two_there_is_no_answer(house: House) -> None:
    assert await raw(house, [(b"host", b"portal.test")]) == 200
    assert await raw(house, []) == 400
    assert await raw(house, [(b"x-forwarded-host", b"portal.test")]) == 400
    assert await raw(house, [(b"host", b"evil.example"), (b"host", b"portal.test")]) == 400
    assert await raw(house, [(b"host", b"portal.test"), (b"host", b"evil.example")]) == 400


async def test_a_forwarded_address_is_not_believed(house: House) -> None:
    """Guesses are counted against the connection, whatever a header says of it."""
    browser, codes = house.browser(), []
    for number in range(40):
        headers = {
            "X-Forwarded-For": f"198.51.100.{number}",
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        form = {"identifier": f"nobody-{number % 3}", "password": "wrong wrong wrong"}
        codes.append((await browser.post("/sign-in", form, headers)).status_code)
    assert 429 in codes


NEXTS = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "%2f%2fevil.example",
    "javascript:alert(1)",
    "https://portal.test@evil.example",
    "https://portal.test.evil.example",
    "///evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:///evil.example",
    "/%09/evil.example",
    "//[",
    "/\u2028/evil.example",
    "data:text/html,x",
    "//portal.test@evil.example",
    ".evil.example",
    "@evil.example",
    ":80",
    "/\u00a0/evil.example",
    "?x",
    "evil.example",
    "/\r\nSet-Cookie: a=b",
    "////evil.example",
]


def stays(location: str) -> bool:
    """Whether a browser that follows this from our origin is still there."""
    joined = httpx.URL(ORIGIN).join(location)
    plain = "\\" not in location and location.isprintable()
    return plain and not location.startswith("//") and (joined.scheme, joined.host) == ("https", "portal.test")


async def test_no_parameter_sends_a_browser_elsewhere(house: House) -> None:
    for wanted in NEXTS:
        await follows(house, wanted)
    async with house.sessions.read(house.ours.merchant.id) as session:
        kept = list(await session.scalars(select(ConnectAttempt.return_to)))
    assert len(kept) == 2 * len(NEXTS)
    assert [path for path in kept if not stays(path)] == []


async def follows(house: House, wanted: str) -> None:
    """Every parameter and header that names a page to go to names this one."""
    owner, connection = house.ours.owner, house.ours.ids["connection_id"][0]
    signed_in = await owner.get(f"/sign-in?next={quote(wanted)}")
    assert stays(signed_in.headers["location"]), wanted
    form = soup(await house.browser().get(f"/sign-in?next={quote(wanted)}"))
    assert stays(str(form.select_one("input[name=next]")["value"])), wanted  # type: ignore[index]  # None fails
    for path in ("/settings/theme", "/products"):
        for name in ("Referer", "HX-Current-URL"):
            value = f"{ORIGIN}{wanted}"
            if not value.isascii() or set(value) & set("\r\n\x00"):
                continue
            answer = await owner.post(path, {"theme": "dark"}, {"Origin": ORIGIN} | {name: value})
            assert stays(answer.headers.get("location", "/")), (wanted, path, name)
            anonymous = await house.browser().post(path, {}, {"Origin": ORIGIN} | {name: value} | HTMX)
            assert stays(anonymous.headers.get("hx-redirect", "/")), (wanted, path, name)
    await owner.get(f"/channels/{connection}/reconnect?return_to={quote(wanted)}")
    await owner.get(f"/connect/shopify/authorize?shop=demo&practice=true&return_to={quote(wanted)}")


async def test_a_path_of_ours_is_followed(house: House) -> None:
    """Else the refusals above would prove nothing."""
    assert (await house.ours.owner.get("/sign-in?next=/products%3Fq%3Da")).headers["location"] == "/products?q=a"
