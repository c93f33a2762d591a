"""Accounts come to be: the first owner's, those with a user name, those with an address."""

from __future__ import annotations

from portal.accounts.links import first_owner_link
from tests.accounts.town import PASSWORD, Browser, Town, paths

FORM = {"shop": "Linen & Co", "identifier": "alice", "password": PASSWORD, "currency": "EUR"}


async def the_first_owner(town: Town, **typed: str) -> Browser:
    link = await first_owner_link(town.sessions, town.runtime.settings, town.clock)
    assert link is not None
    browser = town.browser()
    answer = await browser.post(paths(link)[0], **FORM | typed)
    assert answer.status_code == 303, answer.text
    return browser


async def test_a_fresh_installation_has_no_user_and_its_one_time_link_makes_the_owner(town: Town) -> None:
    browser = await the_first_owner(town)
    assert (await browser.who() or {}) | {"id": ""} == {
        "name": "alice",
        "shop": "Linen & Co",
        "role": "owner",
        "id": "",
    }
    assert await first_owner_link(town.sessions, town.runtime.settings, town.clock) is None
