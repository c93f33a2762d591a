"""What every answer carries: policy, transport, caching, and cookies that only our own origin can set and read."""

from __future__ import annotations

import re

import httpx
import pytest

from jobs import web
from portal.accounts import passwords
from portal.app import create_app
from portal.models.accounts import Role, User
from portal.tenancy import SYSTEM
from tests.security.house import HTMX, JSON, House

pytestmark = pytest.mark.once

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


async def answers(house: House, monkeypatch: pytest.MonkeyPatch) -> dict[str, httpx.Response]:
    """An answer of each kind."""
    page = await house.ours.owner.get("/products")
    file = re.search(r'href="(/static/[^"]+\.css)"', page.text)
    assert file
    found = {
        "page": page,
        "fragment": await house.ours.owner.get("/products", HTMX),
        "live fragment": await house.ours.owner.get("/live/fragments?id=banners"),
        "file": await house.ours.owner.get(file[1]),
        "download": await house.ours.owner.get(f"/imports/{house.ours.ids['import_id'][0]}/refused.csv"),
        "redirect": await house.ours.owner.get("/settings"),
        "404": await house.ours.owner.get("/nothing"),
        "404 as json": await house.ours.owner.get("/nothing", JSON),
        "403": await house.ours.owner.http.post("/settings/shop", data={}),
        "webhook": await house.browser().http.post("/webhooks/shopify", content=b"{}"),
        "stream": await house.ours.owner.get("/live"),
        "health": await house.ours.owner.get("/healthz"),
        "host": await house.ours.owner.get("/", {"Host": "evil.example"}),
    }

    def broken(*_given: object, **_named: object) -> None:
        raise RuntimeError("planted fault in /srv/secret/place.py")

    monkeypatch.setattr("portal.dashboard.queries.dashboard", broken)
    found["500"] = await house.ours.owner.get("/")
    found["500 in htmx"] = await house.ours.owner.get("/", HTMX)
    found["500 as json"] = await house.ours.owner.get("/", JSON)
    return found


async def test_every_kind_of_answer_is_dressed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await answers(house, monkeypatch)
    expected = {"404": 404, "404 as json": 404, "403": 403, "webhook": 401, "host": 400, "redirect": 303}
    expected |= {"500": 500, "500 in htmx": 500, "500 as json": 500}
    for kind, answer in found.items():
        assert answer.status_code == expected.get(kind, 200), kind
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy | POLICY == policy, kind
        assert "unsafe" not in answer.headers["content-security-policy"], kind
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains", kind
        assert answer.headers["x-content-type-options"] == "nosniff", kind
        assert answer.headers["referrer-policy"] in {"strict-origin-when-cross-origin", "same-origin", "no-referrer"}
        assert answer.headers["x-request-id"], kind
        assert not {"server", "x-powered-by", "access-control-allow-origin"} & set(answer.headers), kind
        words = answer.headers.get("content-type", "")
        assert not words.startswith("text/") or words.count("charset=utf-8") == 1, (kind, words)
        assert words or not answer.content, kind


async def test_a_fault_of_ours_is_said_without_a_word_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await answers(house, monkeypatch)
    for kind in ("500", "500 in htmx", "500 as json"):
        said = found[kind].text + str(dict(found[kind].headers))
        assert "planted" not in said
        assert "RuntimeError" not in said
        assert found[kind].headers["x-request-id"] in said


async def test_nothing_private_is_kept_by_a_browser_or_a_proxy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await answers(house, monkeypatch)
    assert "immutable" in found.pop("file").headers["cache-control"]
    for kind, answer in found.items():
        assert answer.headers["cache-control"] == "no-store", kind
    for kind in ("page", "fragment", "live fragment", "404", "403", "500"):
        assert {"HX-Request", "Cookie"} <= {name.strip() for name in found[kind].headers["vary"].split(",")}, kind


async def test_a_page_and_its_fragment_never_stand_for_one_another(house: House) -> None:
    page, fragment = await house.ours.owner.get("/products"), await house.ours.owner.get("/products", HTMX)
    assert page.text != fragment.text
    assert "HX-Request-Type" in page.headers["vary"]
    assert "HX-Request-Type" in fragment.headers["vary"]
    listing = f"/listings/{house.ours.ids['listing_id'][0]}"
    assert "HX-Request-Type" in (await house.ours.owner.get(listing, HTMX)).headers["vary"]


async def test_no_other_origin_is_let_read(house: House) -> None:
    for origin in ("https://portal.test.evil.example", "https://portalXtest", "null", "https://portal.test"):
        answer = await house.ours.owner.get("/products", {"Origin": origin})
        assert not [name for name in answer.headers if name.startswith("access-control")]


def cookies_of(answer: httpx.Response) -> dict[str, set[str]]:
    """Name -> attributes, of each cookie that the answer sets."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        first, *rest = [part.strip() for part in line.split(";")]
        found[first.partition("=")[0]] = {part.lower() for part in rest}
    return found


async def test_cookies_belong_to_this_host_alone(house: House) -> None:
    browser = house.browser()
    set_by_form = cookies_of(await browser.get("/sign-in"))
    password = await passwords.hashed("three quiet herons")
    await _give_password(house, password)
    form = {"identifier": "owner-ours7f3a", "password": "three quiet herons"}
    entered = await browser.post("/sign-in", form)
    assert entered.status_code == 303, entered.text
    cookies = set_by_form | cookies_of(entered)
    assert set(cookies) == {"__Host-csrf", "__Host-session", "__Host-device"}
    for name, attributes in cookies.items():
        assert {"secure", "samesite=lax", "path=/"} <= attributes, name
        assert not [one for one in attributes if one.startswith("domain")], name
    assert "httponly" in cookies["__Host-session"]
    assert "httponly" in cookies["__Host-device"]


async def _give_password(house: House, hashed: str) -> None:
    async with house.sessions.write(SYSTEM) as session:
        user = await session.get_one(User, house.ours.people[Role.OWNER].id)
        user.password_hash = hashed


async def test_files_streams_and_numbers_set_no_cookie(house: House) -> None:
    for path in ("/static/x/app.css", "/healthz", "/live/fragments", "/webhooks/shopify", "/metrics"):
        assert "set-cookie" not in (await house.browser().get(path)).headers, path


async def test_what_is_served_shows_no_server_name() -> None:
    """The real servers, the one process and the web alone, are told not to name themselves."""
    config = web.server(create_app, "127.0.0.1", 0).config
    assert config.server_header is False
