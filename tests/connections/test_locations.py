"""Choosing the locations of a shop that count, in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from connectors import locations
from portal.models.accounts import AuditEntry, Merchant, Role
from portal.models.connections import Connection, ConnectionState
from portal.models.tasks import Task
from tests.connections.premises import Premises, words
from tests.listings.site import Browser

SHOP, ROOM, SERVICE = (f"gid://shopify/Location/{n}" for n in (1, 2, 3))


@pytest.fixture
async def row(premises: Premises, merchant: Merchant) -> Connection:
    """A shop of two locations of its own and somebody else's, of which the first counts."""
    connection = await premises.site.connection(merchant)
    places = [
        locations.Location(id=SHOP, name="Shop floor"),
        locations.Location(id=ROOM, name="<b>Store</b> room"),
        locations.Location(id=SERVICE, name="Their warehouse", own=False),
    ]
    await keep(premises, connection, locations.first_choice(places, SHOP))
    return connection


async def keep(premises: Premises, connection: Connection, settings: dict[str, Any], **columns: Any) -> None:
    async with premises.stage.sessions.write(connection.merchant_id) as session:
        found = await session.get_one(Connection, connection.id)
        found.settings = settings
        for name, value in columns.items():
            setattr(found, name, value)


async def kept(premises: Premises, connection: Connection) -> dict[str, Any]:
    async with premises.stage.sessions.read(connection.merchant_id) as session:
        return dict((await session.get_one(Connection, connection.id)).settings)


def ticked(page: BeautifulSoup, name: str) -> list[str]:
    return [str(box["value"]) for box in page.select(f'input[name="{name}"]') if box.has_attr("checked")]


def offered(page: BeautifulSoup, name: str) -> list[str]:
    return [str(box["value"]) for box in page.select(f'input[name="{name}"]')]


async def test_the_channels_page_names_what_counts_and_leads_to_the_choice(
    premises: Premises, alice: Browser, row: Connection
) -> None:
    page = await alice.get(f"/channels/{row.id}")
    assert "What is at this location is what Shopify sells of: Shop floor" in words(page)
    assert page.select_one(f'a[href="/channels/{row.id}/locations"]') is not None


async def test_the_merchants_own_locations_are_offered_by_name_with_what_choosing_does(
    premises: Premises, alice: Browser, row: Connection
) -> None:
    page = await alice.get(f"/channels/{row.id}/locations")
    assert offered(page, "counts") == offered(page, "main") == [SHOP, ROOM]
    assert ticked(page, "counts") == ticked(page, "main") == [SHOP]
    assert "<b>Store</b> room" in words(page)
    assert "Counting a location adds what is there to your stock; no longer counting it takes that away." in words(page)


async def test_what_is_ticked_counts_with_the_main_one_first_and_stands_in_the_book(
    premises: Premises, alice: Browser, merchant: Merchant, row: Connection
) -> None:
    page = await alice.get(f"/channels/{row.id}/locations")
    assert page.select_one(f'form[action="/channels/{row.id}/locations"]') is not None
    answer = await alice.post(f"/channels/{row.id}/locations", {"counts": [SHOP, ROOM], "main": ROOM})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/channels/{row.id}")
    settings = await kept(premises, row)
    assert locations.counted(settings) == (ROOM, SHOP)
    assert locations.recounted_at(settings) == premises.stage.now
    async with premises.stage.sessions.read(merchant.id) as session:
        [entry] = list(await session.scalars(select(AuditEntry).where(AuditEntry.act == "locations.changed")))
    assert (entry.subject, entry.detail) == (str(row.id), {"locations": "<b>Store</b> room, Shop floor"})
    page = await alice.get(f"/channels/{row.id}")
    assert "What is at these locations together" in words(page)
    assert ticked(await alice.get(f"/channels/{row.id}/locations"), "counts") == [SHOP, ROOM]


@pytest.mark.parametrize(
    ("counts", "main", "field", "said"),
    [
        ([], SHOP, "counts", "Tick one location at least"),
        (["gid://shopify/Location/9"], SHOP, "counts", "Tick one location at least"),
        ([SERVICE], SHOP, "counts", "Tick one location at least"),
        ([ROOM], SHOP, "main", "The main location has to count"),
        ([SHOP, ROOM], "", "main", "Choose the main location"),
        ([SHOP, ROOM], "gid://shopify/Location/9", "main", "Choose the main location"),
        ([SHOP], SERVICE, "main", "Choose the main location"),
    ],
)
async def test_what_cannot_be_is_said_at_its_field_and_what_was_ticked_stays_ticked(
    premises: Premises, alice: Browser, row: Connection, *, counts: list[str], main: str, field: str, said: str
) -> None:
    before = await kept(premises, row)
    answer = await alice.post(f"/channels/{row.id}/locations", {"counts": counts, "main": main})

    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    group = page.select_one(f"#field-{field}")
    assert group is not None
    assert group["aria-invalid"] == "true"
    assert said in words(group)
    link = page.select_one(f'#error-summary a[href="#field-{field}"]')
    assert link is not None
    assert said in words(link)
    assert ticked(page, "counts") == [one for one in (SHOP, ROOM) if one in counts]
    assert ticked(page, "main") == [one for one in (SHOP, ROOM) if one == main]
    assert await kept(premises, row) == before


async def test_both_mistakes_are_said_at_once(premises: Premises, alice: Browser, row: Connection) -> None:
    answer = await alice.post(f"/channels/{row.id}/locations", {})
    page = BeautifulSoup(answer.text, "html.parser")
    assert [link["href"] for link in page.select("#error-summary a")] == ["#field-counts", "#field-main"]


async def test_saving_the_same_again_asks_nothing_of_the_channel(
    premises: Premises, alice: Browser, merchant: Merchant, row: Connection
) -> None:
    await alice.post(f"/channels/{row.id}/locations", {"counts": SHOP, "main": SHOP})
    assert locations.recounted_at(await kept(premises, row)) is None
    assert await premises.site.rows(merchant, Task) == []


async def test_a_location_that_is_gone_is_told_until_the_merchant_chooses_again(
    premises: Premises, alice: Browser, row: Connection
) -> None:
    both = locations.chosen(await kept(premises, row), {SHOP, ROOM}, SHOP)
    left = locations.first_choice([locations.Location(id=SHOP, name="Shop floor")], SHOP)
    await keep(premises, row, locations.refreshed(both, left))

    for path in ("/channels", f"/channels/{row.id}"):
        assert "The location “<b>Store</b> room” is no longer there" in words(await alice.get(path)), path
    page = await alice.get(f"/channels/{row.id}/locations")
    assert "“<b>Store</b> room” is no longer there" in words(page)
    assert offered(page, "counts") == [SHOP]
    await alice.post(f"/channels/{row.id}/locations", {"counts": SHOP, "main": SHOP})
    assert "no longer there" not in words(await alice.get(f"/channels/{row.id}/locations"))
    assert "no longer there" not in words(await alice.get("/channels"))


async def test_somebody_elses_warehouse_is_offered_where_it_counts_already(
    premises: Premises, alice: Browser, row: Connection
) -> None:
    await keep(premises, row, locations.chosen(await kept(premises, row), {SHOP, SERVICE}, SHOP))
    page = await alice.get(f"/channels/{row.id}/locations")
    assert offered(page, "counts") == [SHOP, ROOM, SERVICE]
    assert "A fulfilment service keeps this stock." in words(page)


async def test_before_the_first_test_there_is_nothing_to_choose(
    premises: Premises, alice: Browser, row: Connection
) -> None:
    await keep(premises, row, {"location_id": SHOP})
    page = await alice.get(f"/channels/{row.id}/locations")
    assert offered(page, "counts") == []
    assert "are not known yet" in words(page)
    assert "Not known yet. Test the channel." in words(await alice.get(f"/channels/{row.id}"))
    assert (await alice.post(f"/channels/{row.id}/locations", {"counts": SHOP, "main": SHOP})).status_code == 422
    assert await kept(premises, row) == {"location_id": SHOP}


@pytest.mark.parametrize(
    "columns", [{"channel": "amazon"}, {"state": ConnectionState.DISCONNECTED}], ids=["amazon", "disconnected"]
)
async def test_a_channel_without_locations_has_no_such_page(
    premises: Premises, alice: Browser, row: Connection, columns: dict[str, Any]
) -> None:
    await keep(premises, row, await kept(premises, row), **columns)
    await alice.get(f"/channels/{row.id}/locations", status=404)
    assert (await alice.post(f"/channels/{row.id}/locations", {"counts": SHOP, "main": SHOP})).status_code == 404
    assert (await alice.get(f"/channels/{row.id}")).select_one('a[href$="/locations"]') is None


async def test_only_who_manages_channels_chooses_and_only_their_own(
    premises: Premises, charlie: Browser, merchant: Merchant, row: Connection
) -> None:
    before, form = await kept(premises, row), {"counts": [SHOP, ROOM], "main": ROOM}
    packer = await premises.site.sign_in(merchant, "pia", Role.PACKER)
    async with packer.http:
        await packer.get(f"/channels/{row.id}/locations", status=403)
        assert (await packer.post(f"/channels/{row.id}/locations", form)).status_code == 403
    await charlie.get(f"/channels/{row.id}/locations", status=404)
    assert (await charlie.post(f"/channels/{row.id}/locations", form)).status_code == 404
    assert await kept(premises, row) == before
