"""The list, the drill-down and the decisions, as people and their browsers meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from connectors.records import Observed
from portal.clock import new_id
from portal.models.accounts import Merchant, Role
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import Intent, LastAttempt, Listing
from portal.models.tasks import Attempt, AttemptItem, Lane, Task, TaskState
from tests.listings.site import DATA_PROBLEM, Site
from tests.listings.test_service import LIVE, MET

REFUSED = {"attempt": LastAttempt.REJECTED, "problem": DATA_PROBLEM, "problem_count": 1}
SUSPENDED = {**DATA_PROBLEM, "problem_class": "account", "code": "PRODUCT_SUSPENDED", "field": ""}


async def refused(site: Site, merchant: Merchant, **columns: Any) -> Listing:
    """A listing refused a minute ago, with the attempt that says so."""
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    at = site.now - timedelta(minutes=1)
    listing = await site.listing(merchant, mug, demo, **{**REFUSED, "attempted_at": at, "problem_since": at, **columns})
    lane_id, attempt_id, task_id = new_id(), new_id(), new_id()
    mine = {"merchant_id": merchant.id}
    async with site.sessions.write(merchant.id) as session:
        session.add(Lane(id=lane_id, key=f"{demo.id}:x", connection_id=demo.id, name="content", **mine))
        await session.flush()
        session.add(Attempt(id=attempt_id, lane_id=lane_id, kind="publish", fence=1, idempotency_key="k", **mine))
        task = {"kind": "publish", "subject": str(listing.id), "state": TaskState.REFUSED, "priority": 50}
        session.add(Task(id=task_id, lane_id=lane_id, connection_id=demo.id, not_before=at, **task, **mine))
        await session.flush()
        item = {"subject": str(listing.id), "outcome": "refused", "problem": listing.problem, "ended_at": at}
        session.add(AttemptItem(attempt_id=attempt_id, task_id=task_id, **item, **mine))
    return listing


async def test_the_original_message_is_there_byte_for_byte_with_code_ids_and_language(
    site: Site, merchant: Merchant
) -> None:
    listing = await refused(site, merchant)
    (item,) = await site.rows(merchant, AttemptItem)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    original = page.select_one(f"#original-{listing.id}-text")
    assert original is not None
    assert original.text == DATA_PROBLEM["original"]
    assert original["lang"] == "en"
    ids = page.select_one(".original__ids")
    assert ids is not None
    for evidence in ("TOO_LONG", "req-77", str(item.attempt_id)):
        assert evidence in ids.text


async def put_off(site: Site, merchant: Merchant) -> Listing:
    """A listing whose last try Shopify put off, with the task that will try again."""
    listing = await refused(site, merchant, attempt=LastAttempt.QUEUED, problem=None, problem_count=0)
    async with site.sessions.write(merchant.id) as session:
        item = (await session.scalars(select(AttemptItem))).one()
        item.outcome, item.problem = "busy", {**DATA_PROBLEM, "problem_class": "busy", "code": "THROTTLED"}
        task = (await session.scalars(select(Task))).one()
        task.state, task.tries = TaskState.WAITING, 1
    return listing


async def test_what_is_put_off_shows_the_channels_words_too(site: Site, merchant: Merchant) -> None:
    listing = await put_off(site, merchant)
    alice = await site.sign_in(merchant, "alice")

    page = await alice.get(f"/listings/{listing.id}")

    said = page.select_one(f"#delay-{listing.id}-text")
    assert said is not None
    assert said.text == DATA_PROBLEM["original"]


async def test_what_a_lost_permission_holds_shows_its_words_though_it_was_never_tried(
    site: Site, merchant: Merchant
) -> None:
    listing = await put_off(site, merchant)
    lost = {**DATA_PROBLEM, "problem_class": "permission", "code": "px-04102", "original": "expired token"}
    async with site.sessions.write(merchant.id) as session:
        connection = await session.get_one(Connection, listing.connection_id)
        connection.state, connection.problem = ConnectionState.NEEDS_REAUTH, lost
    alice = await site.sign_in(merchant, "alice")

    page = await alice.get(f"/listings/{listing.id}")

    said = page.select_one(f"#delay-{listing.id}-text")
    assert said is not None
    assert said.text == "expired token"


async def test_the_plain_words_come_before_the_original_and_the_button_leads_to_the_field(
    site: Site, merchant: Merchant
) -> None:
    listing = await refused(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    panel = (await alice.get(f"/listings/{listing.id}")).select_one(f"#listing-panel-{listing.id}")
    assert panel is not None
    text = panel.get_text(" ")
    order = [
        "Rejected",
        "Too long for Shopify: title",
        "Shorten it",
        "Edit title",
        "Original message",
        "What was tried",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert panel.select_one(f'a[href="/products/{listing.product_id}#field-title"]')


async def test_the_same_address_answers_the_side_panel_and_the_browser(site: Site, merchant: Merchant) -> None:
    listing = await refused(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    part = await alice.get(f"/listings/{listing.id}", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.select_one(f"#listing-panel-{listing.id}")
    assert part.title is None
    whole = await alice.get(f"/listings/{listing.id}")
    assert whole.title
    assert whole.select_one("nav")


async def test_retry_is_offered_only_where_it_can_help(site: Site, merchant: Merchant) -> None:
    listing = await refused(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    # A title that is too long is edited; sending it again cannot help. The product was made after the refusal here,
    # so the page is told that it was edited before.
    async with site.sessions.write(merchant.id) as session:
        row = await session.get_one(Listing, listing.id)
        row.attempted_at = site.now + timedelta(minutes=1)
    assert not (await alice.get(f"/listings/{listing.id}")).select('form[action$="/retry"]')
    async with site.sessions.write(merchant.id) as session:
        row = await session.get_one(Listing, listing.id)
        row.problem = SUSPENDED
    assert (await alice.get(f"/listings/{listing.id}")).select('form[action$="/retry"]')


async def test_a_retry_that_cannot_help_is_refused_by_the_server_too(site: Site, merchant: Merchant) -> None:
    listing = await refused(site, merchant, attempted_at=site.now + timedelta(minutes=1))
    alice = await site.sign_in(merchant, "alice")
    seen = (site.now + timedelta(minutes=1)).isoformat()
    answer = await alice.post(f"/listings/{listing.id}/retry", {"seen": seen})
    assert answer.status_code == 409
    assert await site.waiting(merchant) == []


@pytest.mark.parametrize("htmx", [True, False])
async def test_ten_fast_retries_are_one(site: Site, merchant: Merchant, htmx: bool) -> None:
    listing = await refused(site, merchant, problem=SUSPENDED)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    for _ in range(10):
        answer = await alice.press(page, 'form[action$="/retry"]', htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
    assert await site.waiting(merchant) == [("publish", str(listing.id))]
    (task,) = await site.rows(merchant, Task, state="waiting")
    assert task.version == 1


async def test_a_click_on_an_old_page_does_not_send_again_what_was_refused_since(
    site: Site, merchant: Merchant
) -> None:
    listing = await refused(site, merchant, problem=SUSPENDED)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Listing, listing.id)).attempted_at = site.now
    await alice.press(page, 'form[action$="/retry"]')
    assert await site.waiting(merchant) == []


async def test_an_answer_for_htmx_holds_the_panel_the_row_and_the_causes(site: Site, merchant: Merchant) -> None:
    listing = await refused(site, merchant, problem=SUSPENDED)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    answer = await alice.press(page, 'form[action$="/retry"]', htmx=True)
    for name in (f"listing-panel-{listing.id}", f"listing-row-{listing.id}", "listings-causes"):
        assert f'id="{name}"' in answer.text
    assert "Queued" in answer.text
    assert "Trying again" in answer.headers["hx-trigger"]


async def test_listings_are_grouped_by_cause_and_each_count_is_its_lists(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    for number in range(5):
        product = await site.product(merchant, f"Mug {number}")
        kind = REFUSED if number < 3 else {**REFUSED, "problem": SUSPENDED}
        await site.listing(merchant, product, demo, **kind)
    hidden = {"attempt": LastAttempt.ACCEPTED, "observed": Observed.SUPPRESSED, "channel_id": "gid://5"}
    await site.listing(merchant, await site.product(merchant, "Hidden"), demo, **hidden)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/listings")
    groups = page.select("#listings-causes li")
    assert [group.strong.text.split(":")[0] for group in groups if group.strong] == [
        "3 listings",
        "2 listings",
        "1 listing",
    ]
    for group, expected in zip(groups, (3, 2, 1), strict=True):
        link = group.select_one("a")
        assert link is not None
        shown = await alice.get(str(link["href"]))
        assert len(shown.select("#listing-rows > tr")) == expected


async def test_one_press_tries_everything_of_a_cause_again_once(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    ids = set()
    for number in range(3):
        product = await site.product(merchant, f"Mug {number}")
        row = {**REFUSED, "problem": SUSPENDED, "attempted_at": site.now}
        ids.add(str((await site.listing(merchant, product, demo, **row)).id))
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/listings")
    for _ in range(10):
        await alice.press(page, 'form[action="/listings/retries"]')
    assert {subject for _kind, subject in await site.waiting(merchant)} == ids
    assert len(await site.rows(merchant, Task)) == 3


async def test_the_views_together_are_everything_and_filters_survive_in_the_address(
    site: Site, merchant: Merchant
) -> None:
    demo = await site.connection(merchant)
    kinds: dict[str, dict[str, Any]] = {
        "problems": {**REFUSED, "observed": Observed.LIVE},
        "live": LIVE,
        "waiting": {"attempt": LastAttempt.QUEUED},
        "held": {"intent": Intent.HOLD},
        "ended": {"intent": Intent.WITHDRAW, "observed": Observed.ENDED},
    }
    for state, columns in kinds.items():
        await site.listing(merchant, await site.product(merchant, state), demo, **columns)
    alice = await site.sign_in(merchant, "alice")
    for state in kinds:
        page = await alice.get(f"/listings?state={state}&channel={demo.id}")
        assert [link.text for link in page.select("#listing-rows [data-row-link]")] == [state]
        selected = page.select_one("#filter-state option[selected]")
        assert selected is not None
        assert selected["value"] == state
    assert len((await alice.get("/listings")).select("#listing-rows > tr")) == 5


async def test_the_three_empties_are_three(site: Site, merchant: Merchant) -> None:
    alice = await site.sign_in(merchant, "alice")
    assert "Nothing is listed yet" in (await alice.get("/listings")).text
    await site.listing(merchant, await site.product(merchant, "Mug"), await site.connection(merchant), **LIVE)
    assert "No listing needs you" in (await alice.get("/listings?state=problems")).text
    page = await alice.get("/listings?q=nothing-like-it")
    assert "Nothing matches these filters" in page.text
    assert page.select_one('a[href="/listings"]')


async def test_fifty_a_page_walked_in_both_directions(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    for number in range(53):
        await site.listing(
            merchant, await site.product(merchant, f"Mug {number}"), demo, **LIVE | {"channel_id": str(number)}
        )
    alice = await site.sign_in(merchant, "alice")
    first = await alice.get("/listings")
    older = first.select_one("a[rel=next]")
    assert older is not None
    second = await alice.get(str(older["href"]))
    assert [len(page.select("#listing-rows > tr")) for page in (first, second)] == [50, 3]
    newer = second.select_one("a[rel=prev]")
    assert newer is not None
    back = await alice.get(str(newer["href"]))
    assert [row["id"] for row in back.select("#listing-rows > tr")] == [
        row["id"] for row in first.select("#listing-rows > tr")
    ]


async def test_linking_and_listing_as_new_are_offered_for_what_is_already_there(site: Site, merchant: Merchant) -> None:
    listing = await refused(site, merchant, **MET)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    assert "Already there" in page.text
    assert "Old mug" in page.text
    answer = await alice.post(f"/listings/{listing.id}/list-as-new", {"handle": "mug"})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text.replace("\n", "")
    assert 'value="mug"' in answer.text
    assert (await alice.press(page, 'form[action$="/link"]')).status_code == 303
    assert ("update", str(listing.id)) in await site.waiting(merchant)


async def test_a_lost_permission_offers_the_way_back_to_this_very_page(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant, state=ConnectionState.NEEDS_REAUTH)
    listing = await site.listing(merchant, await site.product(merchant, "Mug"), demo, attempt=LastAttempt.QUEUED)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    wanted = f"/channels/{demo.id}/reconnect?return_to=/listings/{listing.id}"
    assert [link for link in page.select("a") if str(link["href"]).replace("%2F", "/") == wanted]


async def test_ending_says_what_it_means_first(site: Site, merchant: Merchant) -> None:
    listing = await site.listing(merchant, await site.product(merchant, "Mug"), await site.connection(merchant), **LIVE)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}/end")
    assert "1 product, Mug, goes off sale on 1 channel, Shopify (Demo)." in page.text
    assert await site.waiting(merchant) == []
    await alice.press(page, 'form[action$="/end"]')
    assert await site.waiting(merchant) == [("end", str(listing.id))]


DECISIONS = ("retry", "end", "hold", "publish", "link", "list-as-new")


@pytest.mark.parametrize("decision", DECISIONS)
async def test_another_merchants_listing_is_as_absent_as_a_random_one(
    site: Site, merchant: Merchant, other_merchant: Merchant, decision: str
) -> None:
    listing = await refused(site, merchant, **MET)
    charlie = await site.sign_in(other_merchant, "charlie")
    theirs = await charlie.post(f"/listings/{listing.id}/{decision}", {"handle": "new"})
    random = await charlie.post(f"/listings/{uuid4()}/{decision}", {"handle": "new"})
    assert (theirs.status_code, random.status_code) == (404, 404)
    await charlie.get(f"/listings/{listing.id}", status=404)
    await charlie.get(f"/listings/{listing.id}/end", status=404)
    await charlie.get("/listings/nonsense", status=404)
    assert "Mug" not in (await charlie.get(f"/listings?product={listing.product_id}")).text
    live = await charlie.http.get(f"/live/fragments?id=listing-panel-{listing.id}&id=listing-row-{listing.id}")
    assert live.text == ""
    assert await site.waiting(merchant) == []


@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_viewer_looks_and_decides_nothing(site: Site, merchant: Merchant, decision: str) -> None:
    listing = await refused(site, merchant, **MET)
    bob = await site.sign_in(merchant, "bob", Role.VIEWER)
    page = await bob.get(f"/listings/{listing.id}")
    assert not page.select(f"#listing-panel-{listing.id} form")
    assert (await bob.post(f"/listings/{listing.id}/{decision}")).status_code == 403
    assert (await bob.post("/listings/retries", {"cause": "shopify:TOO_LONG"})).status_code == 403
    assert await site.waiting(merchant) == []


async def test_live_updates_answer_with_the_same_partials(site: Site, merchant: Merchant) -> None:
    listing = await refused(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    names = [f"listing-row-{listing.id}", f"listing-panel-{listing.id}", "listings-causes"]
    answer = await alice.http.get("/live/fragments?" + "&".join(f"id={name}" for name in names))
    for name in names:
        assert f'hx-target="#{name}"' in answer.text
        assert f'id="{name}"' in answer.text


async def test_a_warning_of_a_live_listing_says_in_plain_words_what_to_do(site: Site, merchant: Merchant) -> None:
    warning = {**DATA_PROBLEM, "code": "IMAGE_DOWNLOAD_FAILURE", "original": "Image could not be downloaded"}
    mug, demo = await site.product(merchant, "Mug"), await site.connection(merchant)
    listing = await site.listing(merchant, mug, demo, **{**LIVE, "warnings": [warning]})
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/listings/{listing.id}")
    said = page.select_one(f"#listing-panel-{listing.id}")
    assert said is not None
    for words in ("Shopify couldn't fetch an image", "Check that its address opens", "Image could not be downloaded"):
        assert words in said.text
