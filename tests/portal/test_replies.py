"""An error page says what happened and has one way on, which leads somewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from bs4 import BeautifulSoup

from portal.config import Settings
from portal.models.accounts import Merchant
from tests.listings.site import Browser, a_site
from tests.settable_clock import SettableClock


@pytest.fixture
async def alice(settings: Settings, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Browser]:
    async with a_site(settings, clock) as site:
        browser = await site.sign_in(merchant, "alice")
        async with browser.http:
            yield browser


def way_on(answer: httpx.Response) -> str:
    [button] = BeautifulSoup(answer.text, "html.parser").select("main a.button")
    return str(button["href"])


async def test_a_form_that_is_refused_leads_back_to_its_page(alice: Browser, settings: Settings) -> None:
    await alice.get("/inbox")
    left = {"Referer": f"{settings.public_url}/inbox?q=mug", "Origin": settings.public_url}
    for path, token, status in (("/settings/theme", "", 403), ("/listings", alice.token, 405)):
        answer = await alice.http.post(path, data={"_csrf_token": token}, headers=left)

        assert answer.status_code == status
        assert way_on(answer) == "/inbox?q=mug"
        [said] = BeautifulSoup(answer.text, "html.parser").select("main .soft")
        assert len(said.text) > 20, "what to do"


async def test_the_way_back_leads_to_no_other_site(alice: Browser, settings: Settings) -> None:
    for place in ("https://evil.example.com/", f"{settings.public_url}//evil.example.com"):
        headers = {"Referer": place, "Origin": settings.public_url}
        answer = await alice.http.post("/listings", data={"_csrf_token": alice.token}, headers=headers)
        assert way_on(answer) == "/"


async def test_a_page_that_is_not_there_leads_home(alice: Browser) -> None:
    answer = await alice.http.get("/nonsense")

    assert answer.status_code == 404
    assert way_on(answer) == "/"
