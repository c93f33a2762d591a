"""Getting people into a town the way they come: by the first owner's link, by user name, by letter, by invitation."""

from __future__ import annotations

from portal.accounts.links import first_owner_link
from tests.accounts.town import PASSWORD, Browser, Town, paths

FORM = {"shop": "Linen & Co", "identifier": "alice", "password": PASSWORD, "currency": "EUR"}


async def first_owner(town: Town, identifier: str = "alice") -> Browser:
    """Alice, signed in as the owner of the first shop."""
    link = await first_owner_link(town.sessions, town.runtime.settings, town.clock)
    assert link is not None
    browser = town.browser()
    answer = await browser.post(paths(link)[0], **FORM | {"identifier": identifier})
    assert answer.status_code == 303, answer.text
    return browser


async def by_username(town: Town, name: str) -> Browser:
    """Somebody with a shop of their own."""
    browser = town.browser()
    answer = await browser.post("/sign-up", **FORM | {"identifier": name, "shop": f"Shop {len(name)}"})
    assert answer.status_code == 303, answer.text
    return browser


async def by_letter(town: Town, email: str) -> Browser:
    """Somebody with a shop of their own and a confirmed address."""
    browser = town.browser()
    answer = await browser.post("/sign-up", **FORM | {"identifier": email})
    assert answer.headers["location"] == "/sign-up/sent", answer.text
    answer = await browser.post(await town.link(email, "/sign-up/"))
    assert answer.status_code == 303, answer.text
    return browser


async def invited(town: Town, owner: Browser, email: str, role: str) -> Browser:
    """Somebody who accepted the owner's invitation."""
    await owner.post("/settings/team/invitations", email=email, role=role)
    browser = town.browser()
    path = await town.link(email, "/invitations/")
    answer = await browser.post(f"{path}/account", name=email.partition("@")[0].title(), password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return browser
