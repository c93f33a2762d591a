"""The inbox as people and their browsers meet it: rows, boxes, decisions, undo, many at once."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest

from portal import i18n
from portal.inbox import queries, service
from portal.models.accounts import ListingMode, Merchant, Role
from portal.models.catalog import Product
from portal.models.connections import ConnectionState
from portal.models.inbox import Decision, InboxItem, InboxState
from portal.models.listings import Listing
from portal.models.tasks import Task
from tests.inbox.test_service import arrive
from tests.listings.site import Site
from tests.settable_clock import SettableClock


async def one(site: Site, merchant: Merchant, title: str = "Mug", price_minor: int = 1000) -> InboxItem:
    product = await site.product(merchant, title, price_minor=price_minor)
    await arrive(site, merchant, product)
    item: InboxItem
    (item,) = await site.rows(merchant, InboxItem, product_id=product.id)
    return item


async def test_a_row_shows_the_product_its_boxes_and_why_one_is_not_ready(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    good, bad = await one(site, merchant), await one(site, merchant, "Free", 0)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox")
    ready = page.select_one(f"#box-{good.id}-{demo.id}")
    assert ready is not None
    assert ready.has_attr("checked")
    assert not ready.has_attr("disabled")
    stopped = page.select_one(f"#box-{bad.id}-{demo.id}")
    assert stopped is not None
    assert stopped.has_attr("disabled")
    row = page.select_one(f"#inbox-item-{bad.id}")
    assert row is not None
    assert "No price" in row.text
    assert row.select_one(f'a[href^="/products/{bad.product_id}#field-variant-"]')
    assert not row.select_one("button.button--primary")
    button = page.select_one(f"#decide-{good.id} button")
    assert button is not None
    assert button.text.strip() == "Publish to Shopify"


@pytest.mark.parametrize("htmx", [True, False])
async def test_ten_fast_approvals_of_one_row_are_one(site: Site, merchant: Merchant, htmx: bool) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox")
    for _ in range(10):
        answer = await alice.press(page, f"#decide-{item.id}", htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
    assert len(await site.rows(merchant, Listing)) == 1
    assert len(await site.rows(merchant, Task)) == 1
    (decision,) = await site.rows(merchant, Decision)
    assert decision.made_by is not None


async def test_the_answer_is_the_row_in_its_place_with_an_undo(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    answer = await alice.press(await alice.get("/inbox"), f"#decide-{item.id}", htmx=True)
    (decision,) = await site.rows(merchant, Decision)
    assert f'hx-target="#inbox-item-{item.id}"' in answer.text
    assert "Approved" in answer.text
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert toast["url"] == f"/inbox/decisions/{decision.id}/undo"
    undone = await alice.post(toast["url"], htmx=True)
    assert "Publish to Shopify" in undone.text
    assert await site.rows(merchant, Listing) == []


async def test_without_a_script_the_next_page_says_it_and_offers_undo(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    await alice.press(await alice.get("/inbox"), f"#decide-{item.id}")
    page = await alice.get("/inbox")
    toast = page.select_one("[data-toast]")
    assert toast is not None
    assert "Approved" in toast.text
    assert (await alice.press(toast, "form")).status_code == 303
    assert await site.rows(merchant, Listing) == []


async def test_after_the_window_the_row_offers_unpublish_instead(
    site: Site, merchant: Merchant, clock: SettableClock
) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    await alice.press(await alice.get("/inbox"), f"#decide-{item.id}")
    row = (await alice.get("/inbox?state=done")).select_one(f"#inbox-item-{item.id}")
    assert row is not None
    assert row.select_one('form[action$="/undo"]')
    clock.advance(11)
    row = (await alice.get("/inbox?state=done")).select_one(f"#inbox-item-{item.id}")
    assert row is not None
    assert not row.select_one('form[action$="/undo"]')
    assert row.select_one('form[action$="/unpublish"]')


async def test_a_box_is_remembered_for_every_member_and_changes_the_buttons_words(
    site: Site, merchant: Merchant
) -> None:
    demo, second = await site.connection(merchant), await site.connection(merchant, "Second")
    item = await one(site, merchant)
    alice, bob = await site.sign_in(merchant, "alice"), await site.sign_in(merchant, "bob")
    form = {"shown": [str(demo.id), str(second.id)], "channel": [str(second.id)]}
    answer = await alice.post(f"/inbox/{item.id}/choices", form, htmx=True)
    assert f'id="inbox-item-{item.id}"' in answer.text
    assert "hx-trigger" not in answer.headers
    page = await bob.get("/inbox")
    boxes = {name.id: page.select_one(f"#box-{item.id}-{name.id}") for name in (demo, second)}
    assert {key: box.has_attr("checked") for key, box in boxes.items() if box} == {demo.id: False, second.id: True}
    await alice.post(f"/inbox/{item.id}/choices", {"shown": [str(second.id)]}, htmx=True)
    assert not (await bob.get("/inbox")).select(f"#decide-{item.id} button")


async def test_where_all_would_go_is_named_in_the_readers_language(site: Site, merchant: Merchant) -> None:
    for name in ("North", "South"):
        await site.connection(merchant, name)
    item = await one(site, merchant)
    i18n.use("ja", "UTC")
    async with site.sessions.read(merchant.id) as session:
        said = await queries.forecast(session, merchant.id, [item.id])
    assert said.channels == "Shopify (North)、Shopify (South)"


async def test_approving_nothing_says_so_and_publishes_nothing(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    answer = await alice.post(f"/inbox/{item.id}/approval", {"shown": str(demo.id)})
    assert answer.status_code == 409
    (row,) = await site.rows(merchant, InboxItem)
    assert (row.state, row.choices) == (InboxState.NEW, {str(demo.id): False})


async def test_done_leaves_the_inbox_and_can_come_back(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    await alice.post(f"/inbox/{item.id}/done")
    assert await site.rows(merchant, Task) == []
    page = await alice.get("/inbox")
    assert "All reviewed" in page.text
    done = await alice.get("/inbox?state=done")
    assert done.select_one(f"#inbox-item-{item.id}")
    await alice.post(f"/inbox/{item.id}/restore")
    assert (await alice.get("/inbox")).select_one(f"#decide-{item.id}")


async def test_the_views_count_what_they_show(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    for number in range(3):
        await one(site, merchant, f"Mug {number}")
    alice = await site.sign_in(merchant, "alice")
    first = (await site.rows(merchant, InboxItem))[0]
    await alice.post(f"/inbox/{first.id}/done")
    page = await alice.get("/inbox")
    for tab in page.select(".tabs__link"):
        count = tab.select_one(".tabs__count")
        assert count is not None
        assert len((await alice.get(str(tab["href"]))).select("#inbox-rows > tr")) == int(count.text)
    badge = page.select_one("#nav-count-inbox")
    assert badge is not None
    assert badge.select_one("[aria-hidden]").text == "2"  # type: ignore[union-attr]  # it is there


# ---- many at once


async def test_the_selected_are_sent_and_those_that_need_info_stay_selected_with_their_reasons(
    site: Site, merchant: Merchant
) -> None:
    await site.connection(merchant)
    items = [await one(site, merchant, f"Mug {number}", 0 if number == 1 else 1000) for number in range(3)]
    alice = await site.sign_in(merchant, "alice")
    answer = await alice.post("/inbox/approvals", {"item": [str(item.id) for item in items], "state": "", "q": ""})
    assert answer.status_code == 303
    page = await alice.get(answer.headers["location"])
    assert "2 approved, 1 needs info" in page.text
    ticked = [box["value"] for box in page.select("[data-row-check][checked]")]
    assert ticked == [str(items[1].id)]
    assert "No price" in page.text
    assert len(await site.rows(merchant, Decision)) == 1


async def test_undoing_a_decision_on_many_brings_their_page_back(site: Site, merchant: Merchant) -> None:
    """The page after such a decision does not show them, so there is nothing a fragment could replace."""
    await site.connection(merchant)
    items = [await one(site, merchant, title) for title in ("Mug", "Cup")]
    alice = await site.sign_in(merchant, "alice")
    await alice.post("/inbox/approvals", {"item": [str(item.id) for item in items]})
    (decision,) = await site.rows(merchant, Decision)

    undone = await alice.post(f"/inbox/decisions/{decision.id}/undo", htmx=True)

    assert undone.headers["hx-redirect"] == "/inbox"
    page = await alice.get("/inbox")
    assert len(page.select("[data-open]")) == 2
    assert "Undone" in page.text


async def test_everything_that_matches_is_asked_once_more_with_numbers(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    for number in range(53):
        await one(site, merchant, f"Mug {number}", 0 if number == 7 else 1000)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox")
    assert "All 53 matching" in page.text
    asked = await alice.post("/inbox/approvals", {"all": "1", "state": "", "q": ""})
    assert asked.status_code == 200
    assert "Publish 52 products?" in asked.text
    assert "1 stays in the inbox with its reason." in asked.text
    assert await site.rows(merchant, Task) == []
    sure = await alice.post("/inbox/approvals", {"all": "1", "sure": "1", "state": "", "q": ""})
    assert len(await site.rows(merchant, Task)) == 52
    shown = await alice.get(sure.headers["location"])
    assert "52 approved, 1 needs info" in shown.text
    (decision,) = await site.rows(merchant, Decision)
    await alice.post(f"/inbox/decisions/{decision.id}/undo")
    assert await site.rows(merchant, Listing) == []


async def test_a_search_narrows_what_all_means(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    for title in ("Blue mug", "Blue cup", "Red mug"):
        await one(site, merchant, title)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox?q=ＢＬＵＥ")
    assert len(page.select("#inbox-rows > tr")) == 2
    await alice.post("/inbox/dones", {"all": "1", "sure": "1", "state": "", "q": "blue"})
    titles = [link.text for link in (await alice.get("/inbox")).select("[data-row-link]")]
    assert titles == ["Red mug"]


async def test_the_empties_differ(site: Site, merchant: Merchant) -> None:
    alice = await site.sign_in(merchant, "alice")
    assert "Nothing to review yet" in (await alice.get("/inbox")).text
    await one(site, merchant)
    page = await alice.get("/inbox?q=zzz")
    assert "Nothing matches these filters" in page.text
    assert "Connect a channel to publish" in (await alice.get("/inbox")).text
    unchanged = (await alice.get("/inbox?state=changed")).select_one(".empty")
    assert unchanged is not None
    assert "Nothing has changed" in unchanged.text, "something is still to review, so not all is reviewed"


async def test_new_products_are_announced_and_move_no_row(site: Site, merchant: Merchant) -> None:
    first = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    line = (await alice.get("/inbox")).select_one("[id^=inbox-new-]")
    assert line is not None
    assert line["id"] == f"inbox-new-{first.id}"
    assert "Show" not in line.text
    await one(site, merchant, "Cup")
    answer = await alice.http.get(f"/live/fragments?id={line['id']}")
    assert "1 new product" in answer.text


# ---- Auto-Sync


async def test_switching_auto_sync_says_the_numbers_first(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    await one(site, merchant)
    await one(site, merchant, "Free", 0)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox/mode")
    assert "1 product is ready now and would go to Shopify (Demo)." in page.text
    assert await site.rows(merchant, Listing) == []
    await alice.press(page, 'form[action="/inbox/mode"]')
    assert len(await site.rows(merchant, Listing)) == 1
    async with site.sessions.read(merchant.id) as session:
        assert (await session.get_one(Merchant, merchant.id)).listing_mode is ListingMode.AUTO_SYNC


# ---- whose inbox


DECISIONS = ("approval", "done", "choices", "restore", "unpublish")


@pytest.mark.parametrize("decision", DECISIONS)
async def test_another_merchants_item_is_as_absent_as_a_random_one(
    site: Site, merchant: Merchant, other_merchant: Merchant, decision: str
) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    charlie = await site.sign_in(other_merchant, "charlie")
    for key in (item.id, uuid4(), "nonsense"):
        assert (await charlie.post(f"/inbox/{key}/{decision}")).status_code == 404
    for many in ("approvals", "dones"):
        assert (await charlie.post(f"/inbox/{many}", {"item": str(item.id)})).status_code == 404
    assert "Mug" not in (await charlie.get("/inbox")).text
    live = await charlie.http.get(f"/live/fragments?id=inbox-item-{item.id}")
    assert live.text == ""
    (row,) = await site.rows(merchant, InboxItem)
    assert row.state is InboxState.NEW


async def test_another_merchants_decision_is_not_undone(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice, charlie = await site.sign_in(merchant, "alice"), await site.sign_in(other_merchant, "charlie")
    await alice.press(await alice.get("/inbox"), f"#decide-{item.id}")
    (decision,) = await site.rows(merchant, Decision)
    assert (await charlie.post(f"/inbox/decisions/{decision.id}/undo")).status_code == 404
    assert len(await site.waiting(merchant)) == 1


@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_viewer_looks_and_decides_nothing(site: Site, merchant: Merchant, decision: str) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    bob = await site.sign_in(merchant, "bob", Role.VIEWER)
    page = await bob.get("/inbox")
    assert not page.select("#inbox-rows form, [data-row-check]")
    assert (await bob.post(f"/inbox/{item.id}/{decision}")).status_code == 403
    for many in ("approvals", "dones"):
        assert (await bob.post(f"/inbox/{many}", {"item": str(item.id)})).status_code == 403
    assert (await bob.post("/inbox/mode", {"mode": "auto_sync"})).status_code == 403


async def test_a_held_channel_may_be_chosen_and_says_what_happens(site: Site, merchant: Merchant) -> None:
    demo = await site.connection(merchant, state=ConnectionState.NEEDS_REAUTH)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get("/inbox")
    row = page.select_one(f"#inbox-item-{item.id}")
    assert row is not None
    assert "Paused" in row.text
    assert row.select_one(f'a[href^="/channels/{demo.id}/reconnect"]')
    await alice.press(page, f"#decide-{item.id}")
    assert len(await site.waiting(merchant)) == 1


async def test_a_changed_product_names_the_field(site: Site, merchant: Merchant) -> None:
    await site.connection(merchant)
    item = await one(site, merchant)
    alice = await site.sign_in(merchant, "alice")
    await alice.post(f"/inbox/{item.id}/done")
    async with site.sessions.write(merchant.id) as session:
        (await session.get_one(Product, item.product_id)).title = "Blue mug"
        await session.flush()
        await service.arrive(session, merchant.id, [item.product_id], site.now + timedelta(minutes=1))
    row = (await alice.get("/inbox?state=changed")).select_one(f"#inbox-item-{item.id}")
    assert row is not None
    assert "changed: title" in row.text


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ([], ""),
        (["Shopify"], "Shopify"),
        (["Shopify", "Rakuten Ichiba"], "Shopify and Rakuten Ichiba"),
        (["Shopify", "Rakuten Ichiba", "Yahoo! Shopping"], "3 channels"),
    ],
)
def test_the_button_names_the_channels_while_that_is_short(channels: list[str], said: str) -> None:
    assert queries._together(channels) == said
