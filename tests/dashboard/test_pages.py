"""The dashboard says what needs the merchant, dearest first, and every number opens a list of exactly that many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.inbox import service as inbox
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState
from portal.models.imports import Import, ImportState
from portal.models.listings import LastAttempt
from tests.listings.site import DATA_PROBLEM, Site
from tests.listings.test_service import LIVE, MET

ROWS = "#listing-rows > tr, #inbox-rows > tr, #product-rows > tr"
REFUSED = {"attempt": LastAttempt.REJECTED, "problem": DATA_PROBLEM, "problem_count": 1}


async def a_busy_shop(site: Site, merchant: Merchant) -> Connection:
    """Three refused for one reason, one already there, one live, one waiting, two to review, a stopped import."""
    demo = await site.connection(merchant)
    columns = [REFUSED, REFUSED, REFUSED, MET, LIVE, {"attempt": LastAttempt.QUEUED}]
    for number, state in enumerate(columns):
        await site.listing(merchant, await site.product(merchant, f"Mug {number}"), demo, **state)
    waiting = [(await site.product(merchant, f"New {number}")).id for number in range(2)]
    failed = {"state": ImportState.FAILED, "filename": "spring.csv", "stored_as": "x", "size": 1}
    async with site.sessions.write(merchant.id) as session:
        await inbox.arrive(session, merchant.id, waiting, site.now)
        session.add(Import(merchant_id=merchant.id, created_at=site.now, failure="Stopped at row 12.", **failed))
    return demo


async def lose_permission(site: Site, connection: Connection) -> None:
    async with site.sessions.write(connection.merchant_id) as session:
        (await session.get_one(Connection, connection.id)).state = ConnectionState.NEEDS_REAUTH


async def test_needs_are_ordered_by_the_money_at_risk_each_with_its_button(site: Site, merchant: Merchant) -> None:
    demo = await a_busy_shop(site, merchant)
    await lose_permission(site, demo)
    alice = await site.sign_in(merchant, "alice")
    needs = (await alice.get("/")).select("#dashboard-needs li")
    titles = [need.select_one(".banner__title").text for need in needs]  # type: ignore[union-attr]  # each has one
    assert titles == [
        "Shopify (Demo) no longer accepts our access",
        "3 listings: A text is longer than Shopify takes",
        "1 listing: This product is already on Shopify",
        "Import of spring.csv stopped",
        "2 products to review",
    ]
    links = [need.select_one("a.button") for need in needs]
    assert all(links)
    assert str(links[0]["href"]).startswith(f"/channels/{demo.id}/reconnect")  # type: ignore[index]  # checked above
    assert [link["data-key"] for link in links if link] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=15), None),
        (timedelta(days=13, hours=23), "Access to Shopify (Demo) ends in 13 days"),
        (timedelta(days=1, hours=1), "Access to Shopify (Demo) ends in 1 day"),
        (timedelta(hours=5), "Access to Shopify (Demo) ends today"),
    ],
)
async def test_access_that_ends_is_counted_down_while_there_is_time_to_renew_it(
    site: Site, merchant: Merchant, left: timedelta, said: str | None
) -> None:
    demo = await site.connection(merchant)
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Connection, demo.id)).access_ends_at = site.now + left
    alice = await site.sign_in(merchant, "alice")

    titles = [title.text for title in (await alice.get("/")).select("#dashboard-needs .banner__title")]

    assert titles == ([said] if said else [])
    card = await alice.get("/channels")
    assert ("Renew it before" in card.text) is (said is not None)


async def test_every_number_equals_the_list_it_opens(site: Site, merchant: Merchant) -> None:
    await a_busy_shop(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/")
    numbers = [(link["href"], link.select_one(".stat__value").text) for link in page.select("a.stat")]  # type: ignore[union-attr]  # each has one
    numbers += [(link["href"], link.text) for link in page.select("#dashboard-channels td.is-number a")]
    assert len(numbers) == 8
    for url, number in numbers:
        shown = await alice.get(str(url))
        assert len(shown.select(ROWS)) == int(number), url
    needs = page.select("#dashboard-needs li")
    for need in needs:
        title = need.select_one(".banner__title")
        link = need.select_one("a")
        assert title is not None
        assert link is not None
        if title.text[0].isdigit():
            assert len((await alice.get(str(link["href"]))).select(ROWS)) == int(title.text.split()[0])


async def test_from_the_dashboard_to_the_exact_message_are_two_clicks(site: Site, merchant: Merchant) -> None:
    await a_busy_shop(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    first = (await alice.get("/")).select_one("#dashboard-needs a")
    assert first is not None
    second = (await alice.get(str(first["href"]))).select_one("[data-row-link]")
    assert second is not None
    original = (await alice.get(str(second["href"]))).select_one(".original__text")
    assert original is not None
    assert original.text == DATA_PROBLEM["original"]


async def test_a_lost_permission_says_once_on_every_page_what_waits(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    ids = [(await site.product(merchant, f"Mug {number}")).id for number in range(2)]
    async with site.sessions.write(merchant.id) as session:
        await inbox.arrive(session, merchant.id, ids, site.now)
    alice = await site.sign_in(merchant, "alice")
    await alice.post("/inbox/approvals", {"all": "1", "sure": "1"})
    await lose_permission(site, demo)
    for path, place in (("/", "needs"), ("/inbox", "banners"), ("/listings", "banners"), ("/products", "banners")):
        [banner] = (await alice.get(path)).select(".banner.tone--critical")
        assert banner.find_parent(id=place), path
        assert "Shopify (Demo) no longer accepts our access" in banner.text
        assert "Waiting: 2 new listings. Sent as soon as you're back." in banner.text
        assert banner.select_one(f'a[href^="/channels/{demo.id}/reconnect"]')


async def test_the_menu_counts_what_its_lists_hold(site: Site, merchant: Merchant) -> None:
    await a_busy_shop(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/")
    counts = {name: page.select_one(f"#nav-count-{name} [aria-hidden]") for name in ("inbox", "problems")}
    assert {name: element.text for name, element in counts.items() if element} == {"inbox": "2", "problems": "4"}


async def test_the_guide_ticks_what_was_done_elsewhere_and_goes_when_all_is(site: Site, merchant: Merchant) -> None:
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/")
    assert "0 of 4 done" in page.text
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    assert "2 of 4 done" in (await alice.get("/")).text
    await site.listing(merchant, mug, demo, **LIVE)
    assert not (await alice.get("/")).select("#dashboard-guide")


async def test_when_nothing_needs_anybody_it_says_so_and_when_it_looked(site: Site, merchant: Merchant) -> None:
    alice = await site.sign_in(merchant, "alice")
    needs = (await alice.get("/")).select_one("#dashboard-needs")
    assert needs is not None
    assert "Nothing needs you." in needs.text
    assert needs.select_one(f'time[datetime="{site.now.isoformat()}"]')


async def test_an_answer_long_ago_looks_it(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Connection, demo.id)).last_heard_at = site.now - timedelta(minutes=16)
    alice = await site.sign_in(merchant, "alice")
    channels = (await alice.get("/")).select_one("#dashboard-channels")
    assert channels is not None
    assert "Older" in channels.text


async def test_another_merchant_sees_none_of_it(site: Site, merchant: Merchant, other_merchant: Merchant) -> None:
    demo = await a_busy_shop(site, merchant)
    await lose_permission(site, demo)
    charlie = await site.sign_in(other_merchant, "charlie")
    page = await charlie.get("/")
    assert "Nothing needs you." in page.text
    assert not page.select("#banners .banner")
    assert {link.select_one(".stat__value").text for link in page.select("a.stat")} == {"0"}  # type: ignore[union-attr]  # each has one


async def test_live_updates_answer_for_every_part(site: Site, merchant: Merchant) -> None:
    await a_busy_shop(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/")
    names = [str(part["id"]) for part in page.select('main [id^="dashboard-"]')]
    assert {"dashboard-needs", "dashboard-counts", "dashboard-channels"} <= set(names)
    answer = await alice.http.get("/live/fragments?" + "&".join(f"id={name}" for name in names))
    for name in names:
        if name != "dashboard-guide":
            assert f'id="{name}"' in answer.text
