"""Nothing is changed by a request from anywhere but our own pages, nor by looking at a page."""

from __future__ import annotations

import httpx
import pytest

from portal.models.accounts import Role
from tests.security.house import MOVING, ORIGIN, House, Route, changes, soup

pytestmark = pytest.mark.once

# Called by channels and by whoever holds the signature, never by a browser.
SIGNED = {"/webhooks/{channel:str}"}


def unsafe(house: House) -> list[Route]:
    found = [route for route in house.routes() if not route.is_safe and route.path not in SIGNED]
    assert len(found) > 40
    return found


async def attacks(house: House, path: str) -> list[httpx.Response]:
    """The ways a page of somebody else's can make this browser send something."""
    http = house.ours.owner.http
    good, other = await house.ours.owner.token(), await house.theirs.owner.token()
    form = {"title": "Taken over", "role": "owner", "name": "Taken over"}
    return [
        await http.post(path, data=form),
        await http.post(path, data={**form, "_csrf_token": "wrong"}),
        await http.post(path, data={**form, "_csrf_token": other}),
        await http.post(path, data=form, headers={"x-csrftoken": other}),
        await http.post(path, data={**form, "_csrf_token": good}, headers={"Origin": "https://evil.example"}),
        await http.post(path, data={**form, "_csrf_token": good}, headers={"Origin": "null"}),
        await http.post(path, data={**form, "_csrf_token": good}, headers={"Origin": f"{ORIGIN}.evil.example"}),
        await http.post(path, data={**form, "_csrf_token": good}, headers={"Referer": "https://evil.example/"}),
        await http.post(path, data={**form, "_csrf_token": good}, headers={"Referer": "http://[bad/"}),
        await http.post(path, content=b'{"title": "x"}', headers={"Content-Type": "text/plain"}),
        await http.post(path, content=b'{"title": "x"}', headers={"Content-Type": "application/json"}),
        await http.post(f"{path}?_csrf_token={good}", data=form),
    ]


async def test_nothing_is_changed_from_elsewhere(house: House) -> None:
    before = await house.dump(without=MOVING)
    for route in unsafe(house):
        for number, answer in enumerate(await attacks(house, route.at(house.ours.first()))):
            assert answer.status_code == 403, (route, number, answer.status_code)
    assert changes(before, await house.dump(without=MOVING)) == {}


async def test_the_same_form_from_our_own_page_is_taken(house: House) -> None:
    """What the test above refuses would otherwise have gone through."""
    taken = await house.ours.owner.post("/settings/shop", {"name": "Renamed", "time_zone": "UTC"}, {"Origin": ORIGIN})
    assert taken.status_code == 303


async def test_looking_twice_at_every_page_changes_nothing(house: House) -> None:
    before = await house.dump(without=MOVING)
    for role in (Role.OWNER, Role.VIEWER):
        for route in house.routes():
            if not route.is_safe or route.path == "/live":
                continue
            for _ in range(2):
                answer = await house.ours.browsers[role].get(route.at(house.ours.first()))
                assert answer.status_code != 500, route
    assert changes(before, await house.dump(without=MOVING)) == {}


@pytest.mark.parametrize(
    "payload", ['"><script>alert(1)</script>', "<svg/onload=alert(1)>", "' data-pwned='1", "%22%3E%3Csvg%3E"]
)
async def test_a_planted_token_cookie_does_not_become_markup(house: House, payload: str) -> None:
    forms = 0
    for route in house.routes():
        if not route.is_safe or route.path == "/live":
            continue
        cookies = house.ours.owner.http.cookies
        session = cookies["__Host-session"]
        header = {"Cookie": f"__Host-session={session}; __Host-csrf={payload}"}
        answer = await house.browser().get(route.at(house.ours.first()), header)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = soup(answer)
        forms += bool(page.select("form"))
        assert payload not in answer.text, route
        assert not page.select("script:not([src]), svg[onload], [data-pwned]"), route
    assert forms > 10
