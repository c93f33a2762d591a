"""A merchant at the form of an offer."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
from bs4 import BeautifulSoup, Tag

from portal.models.accounts import Merchant
from portal.models.listings import Listing
from tests.connections.premises import Premises
from tests.listings.site import Browser

# What practice Amazon's catalog has: free to sell, and one that wants approval.
TEA, TEA_CODE = "B0PRACT002", "4901777300446"
PEN, PEN_CODE = "B0PRACT001", "4006381333931"
BAG = "B0PRACT003"


def fields_of(page: BeautifulSoup, action: str) -> dict[str, str]:
    """What a browser would send of the form, as it is shown."""
    form = page.select_one(f'form[method="post"][action="{action}"]')
    assert isinstance(form, Tag), action
    fields: dict[str, str] = {}
    for control in form.select("input[name]"):
        if control.get("type") in {"checkbox", "radio"} and not control.has_attr("checked"):
            continue
        fields[str(control["name"])] = str(control.get("value", ""))
    return fields


async def offer_form(alice: Browser, path: str, **typed: str) -> httpx.Response:
    """The form at `path`, with these typed into it and sent. The statement is ticked unless `same` is empty."""
    fields = fields_of(await alice.get(path), "/offers") | {"same": "1"} | typed
    return await alice.post("/offers", {name: text for name, text in fields.items() if name != "same" or text})


async def made(premises: Premises, seller: Merchant, alice: Browser, path: str, **typed: str) -> Listing:
    """The listing that the form made, by the page it leads to."""
    answer = await offer_form(alice, path, **typed)
    assert answer.status_code == 303, answer.text
    where = urlsplit(answer.headers["location"]).path
    assert where.startswith("/listings/")
    [listing] = [row for row in await premises.site.rows(seller, Listing) if str(row.id) == where.split("/")[-1]]
    assert isinstance(listing, Listing)
    return listing
