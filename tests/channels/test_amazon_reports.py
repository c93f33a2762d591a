"""Amazon's own report beside what was uploaded: asked for, made, compared, and what is said where there is none."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from jobs import reports as nightly
from jobs.lanes import Worker
from portal.catalog import queries as catalog_queries
from portal.catalog import service as catalog
from portal.catalog.forms import ProductEdit, VariantEdit
from portal.catalog.records import NewProduct
from portal.models.accounts import Merchant
from portal.models.connections import Connection
from portal.models.listings import ListingItem
from portal.models.reports import ChannelReport, ChannelReportRow, ReportState, Verdict
from portal.models.tasks import TaskState
from tests.channels.test_amazon_path import MUG, Amazon, amazon, connection, consent, offered
from tests.connections.premises import Premises, words
from tests.jobs.test_shopify_path import publish, settle
from tests.listings.site import Browser
from tests.settable_clock import SettableClock
from tests.stage import Stage

__all__ = ["amazon", "connection"]

A_WHILE = 3600.0


@dataclass(frozen=True, slots=True)
class Desk:
    """A merchant in front of the portal, who sells at practice Amazon."""

    premises: Premises
    seller: Merchant
    connection: Connection
    amazon: Amazon
    alice: Browser
    clock: SettableClock

    @property
    def stage(self) -> Stage:
        return self.premises.stage

    async def list(self, product: NewProduct = MUG) -> Any:
        """The product is live at Amazon, for longer than Amazon needs to show it."""
        saved = await offered(self.premises, self.seller, product)
        await publish(self.stage, self.seller, self.connection, saved.id)
        await settle(self.stage, self.clock)
        self.clock.advance(A_WHILE)
        return saved

    async def ask(self) -> None:
        """The button is pressed."""
        answer = await self.alice.post(f"/channels/{self.connection.id}/report")
        assert answer.status_code == 303, answer.text
        await self.stage.work()

    async def wait(self) -> None:
        """Amazon has had the time it needs."""
        self.clock.advance(60)
        await self.stage.work()

    async def fetch(self) -> None:
        await self.ask()
        await self.wait()

    async def page(self, query: str = "") -> BeautifulSoup:
        return await self.alice.get(f"/channels/{self.connection.id}/report{query}")

    async def show(self, query: str = "") -> str:
        """What a person reads on the page."""
        return words(await self.page(query))

    async def reports(self) -> list[ChannelReport]:
        return await self.premises.site.rows(self.seller, ChannelReport)

    async def row(self, sku: str) -> ChannelReportRow:
        """What the newest report's comparison holds of a SKU."""
        newest = (await self.reports())[-1]
        [row] = await self.premises.site.rows(self.seller, ChannelReportRow, report_id=newest.id, sku=sku)
        assert isinstance(row, ChannelReportRow)
        return row


@pytest.fixture
def desk(
    premises: Premises,
    seller: Merchant,
    connection: Connection,
    amazon: Amazon,
    alice: Browser,
    clock: SettableClock,
) -> Desk:
    return Desk(premises, seller, connection, amazon, alice, clock)


async def test_a_report_is_asked_for_made_and_compared(desk: Desk) -> None:
    await desk.list()
    assert "No report yet" in await desk.show()

    await desk.alice.post(f"/channels/{desk.connection.id}/report")
    await desk.stage.work()
    assert "Amazon is making the report" in await desk.show()

    desk.clock.advance(60)
    await desk.stage.work()

    page = await desk.show()
    assert "1 SKU there" in page
    assert "No differences" in page
    live = await desk.alice.http.get(f"/live/fragments?id=channel-report-{desk.connection.id}")
    assert "1 SKU there" in live.text, "a page that is open shows it by itself"
    same = await desk.show("?tab=same")
    assert "MUG-1 マグカップ" in same
    assert same.count("¥1,200, stock 5") == 2


async def test_what_differs_is_named_and_what_was_sent_too_late_is_no_difference(desk: Desk) -> None:
    await desk.list()
    await desk.amazon.do("change", sku="MUG-1", price=999, quantity=2)
    await desk.fetch()

    page = await desk.show()
    assert "MUG-1" in page
    assert "¥1,200, stock 5" in page
    assert "¥999, stock 2" in page
    assert (await desk.row("MUG-1")).differs == ["price", "stock"]

    await sent_again(desk.premises, desk.seller, price_minor=1300)
    await settle(desk.stage, desk.clock)
    await desk.amazon.do("change", sku="MUG-1", price=999, quantity=5)
    await desk.fetch()
    row = await desk.row("MUG-1")
    assert (row.verdict, row.sent_price_minor) == (Verdict.SINCE, 1300)
    assert "Sent too late to be in this report." in await desk.show("?tab=since")


async def sent_again(premises: Premises, seller: Merchant, *, price_minor: int) -> None:
    """The merchant has given the mug another price."""
    edited = replace(MUG, variants=(replace(MUG.variants[0], price_minor=price_minor),))
    await premises.stage.add(seller, edited)


async def test_what_is_sent_after_the_report_is_said_beside_it(desk: Desk) -> None:
    await desk.list()
    await desk.fetch()

    await sent_again(desk.premises, desk.seller, price_minor=1300)
    await settle(desk.stage, desk.clock)

    assert "Sent since: price ¥1,300." in await desk.show("?tab=same")


PAIR = replace(
    MUG,
    option_names=("Size",),
    variants=(
        replace(MUG.variants[0], sku="MUG-S", option_values=("S",)),
        replace(MUG.variants[0], sku="MUG-L", option_values=("L",)),
    ),
)


async def test_a_sku_that_was_renamed_or_deleted_explains_itself(desk: Desk) -> None:
    saved = await desk.list(PAIR)
    await change_variants(desk, saved.id, first="MUG-XS")
    await desk.fetch()

    there = await desk.show("?tab=there")
    assert "MUG-L" in there
    today = f"{desk.clock():%-d %b %Y}"
    assert f"Deleted from your catalog on {today}: it was a variant of “マグカップ”." in there
    assert there.count("¥1,200, stock 5") == 2, "as reported, and as it was uploaded"
    renamed = await desk.row("MUG-S")
    assert f"Its SKU was renamed to MUG-XS on {today}." in await desk.show(f"?tab={renamed.verdict}")


async def test_a_sku_listed_anew_under_another_name_leaves_the_old_one_only_there(desk: Desk) -> None:
    saved = await desk.list()
    await change_variants(desk, saved.id, first="MUG-2")
    await settle(desk.stage, desk.clock)
    await publish(desk.stage, desk.seller, desk.connection, saved.id)
    await settle(desk.stage, desk.clock)
    desk.clock.advance(A_WHILE)
    await desk.fetch()

    assert (await desk.row("MUG-2")).verdict is Verdict.SAME
    assert (await desk.row("MUG-1")).verdict is Verdict.THERE
    assert "Its SKU was renamed to MUG-2 on" in await desk.show("?tab=there")


async def change_variants(desk: Desk, product_id: Any, *, first: str) -> None:
    """In the editor the first variant is given another SKU and the others are removed."""
    async with desk.stage.sessions.write(desk.seller.id) as session:
        product = await catalog_queries.product(session, product_id, lock=True)
        told = {field.name: getattr(product, field.name) for field in fields(ProductEdit)}
        variant = product.variants[0]
        kept = VariantEdit(**{field.name: getattr(variant, field.name) for field in fields(VariantEdit)})
        edit = ProductEdit(**told | {"variants": (replace(kept, sku=first),), "images": ()})
        await catalog.save(session, product, edit, made_by="Alice", now=desk.stage.now)


async def test_a_search_that_misses_says_where_it_hits(desk: Desk) -> None:
    await desk.list()
    await desk.fetch()

    page = await desk.alice.get(f"/channels/{desk.connection.id}/report?q=mug-1")
    assert "It was found under another tab: 1 in Same" in words(page)
    link = page.find("a", string="1 in Same")
    assert link is not None
    assert "MUG-1" in words(await desk.alice.get(str(link["href"])))
    assert "Nothing in the report matches “teapot”" in await desk.show("?q=teapot")


async def test_an_empty_report_leaves_everything_only_here(desk: Desk) -> None:
    """Amazon cancels a report that would hold nothing."""
    await desk.list()
    await desk.amazon.do("delete", sku="MUG-1")
    await desk.fetch()

    page = await desk.show("?tab=here")
    assert "0 SKUs there" in page
    assert "Amazon took it, but its report doesn't have it." in page


async def test_a_report_that_came_to_nothing_says_so_and_can_be_asked_for_again(desk: Desk) -> None:
    await desk.list()
    reason = "The report could not be made: the seller's listings are being moved."
    await desk.amazon.do("faults", kind="report", count=1, message=reason)
    await desk.fetch()

    page = await desk.alice.get(f"/channels/{desk.connection.id}/report")
    assert "The report came to nothing" in words(page)
    assert reason in words(page)
    assert "report_fatal" in words(page)
    await desk.alice.press(page, f"#channel-report-{desk.connection.id} form")
    await desk.stage.work()
    await desk.wait()
    page_after = await desk.show()
    assert "came to nothing" not in page_after
    assert "No differences" in page_after


async def test_a_throttled_request_waits_and_goes_on_by_itself(desk: Desk) -> None:
    await desk.list()
    await desk.amazon.do("faults", kind="throttle", operation="createReport", count=20)
    await desk.alice.post(f"/channels/{desk.connection.id}/report")
    await desk.stage.work()
    assert "Amazon asked us to slow down" in await desk.show()

    await desk.amazon.clear()
    desk.clock.advance(1200)
    await desk.stage.work()
    await desk.wait()
    assert "No differences" in await desk.show()


async def test_asking_twice_is_asking_once(desk: Desk) -> None:
    await desk.list()
    for _ in range(2):
        await desk.alice.post(f"/channels/{desk.connection.id}/report")
    await desk.stage.work()
    await desk.alice.post(f"/channels/{desk.connection.id}/report")
    await desk.stage.work()

    assert (await desk.amazon.operations()).count("createReport") == 1
    assert len(await desk.premises.site.rows(desk.seller, ChannelReport)) == 1


async def test_two_reports_are_kept(desk: Desk) -> None:
    await desk.list()
    for _ in range(3):
        await desk.fetch()

    kept = await desk.premises.site.rows(desk.seller, ChannelReport)
    assert [report.state for report in kept] == [ReportState.READY] * 2
    stored = await desk.premises.site.rows(desk.seller, ChannelReportRow)
    assert {row.report_id for row in stored} == {report.id for report in kept}


async def test_the_listing_and_the_channel_name_the_report(desk: Desk) -> None:
    saved = await desk.list()
    await desk.fetch()

    listing = await desk.stage.listing(desk.seller, saved.id)
    panel = await desk.alice.get(f"/listings/{listing.id}")
    assert "price ¥1,200, stock 5" in words(panel)
    assert panel.select_one(f'a[href^="/channels/{desk.connection.id}/report?"]') is not None
    assert "1 SKU there" in words(await desk.alice.get(f"/channels/{desk.connection.id}"))
    [item] = await desk.stage.items(desk.seller, listing)
    [report] = await desk.premises.site.rows(desk.seller, ChannelReport)
    assert (item.reported_price_minor, item.reported_price_at) == (1200, report.asked_at)


async def test_the_file_has_every_row_and_runs_no_formula(desk: Desk) -> None:
    await desk.list()
    await desk.fetch()
    async with desk.stage.sessions.write(desk.seller.id) as session:
        (await session.scalars(select(ChannelReportRow))).one().title = "=1+1"

    answer = await desk.alice.http.get(f"/channels/{desk.connection.id}/report.csv")

    assert "attachment" in answer.headers["content-disposition"]
    [line] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (line["SKU"], line["Product"], line["Result"]) == ("MUG-1", "'=1+1", "Same")
    assert (line["Uploaded price (JPY)"], line["Reported price (JPY)"], line["Reported stock"]) == ("1200", "1200", "5")


async def test_an_old_report_says_that_it_is_old(desk: Desk) -> None:
    await desk.list()
    await desk.fetch()
    assert "older than two days" not in await desk.show()
    async with desk.stage.sessions.write(desk.seller.id) as session:
        (await session.scalars(select(ChannelReport))).one().asked_at -= timedelta(days=2)
    assert "This report is older than two days" in await desk.show()


async def test_every_merchants_connections_are_asked_once_a_night(
    premises: Premises, seller: Merchant, other_merchant: Merchant, connection: Connection, clock: SettableClock
) -> None:
    charlie = await premises.site.sign_in(other_merchant, "charlie")
    async with charlie.http:
        await consent(premises, charlie, "/connect/amazon/authorize?practice=true&shop=amazon.co.jp", name="Other")
    await premises.stage.connect(seller)
    await premises.stage.work()
    night = {"worker": Worker(premises.stage.process.runtime, "worker", {})}

    await nightly.ask_reports(night)
    await nightly.ask_reports(night)

    asked = await premises.stage.tasks(kind="report")
    assert [task.state for task in asked] == [TaskState.WAITING] * 2
    assert {task.merchant_id for task in asked} == {seller.id, other_merchant.id}
    clock.advance(nightly.SPREAD_SECONDS)
    await premises.stage.work()
    assert {task.state for task in await premises.stage.tasks(kind="report")} == {TaskState.SENT}


async def test_a_report_is_its_merchants_alone(desk: Desk, other_merchant: Merchant) -> None:
    await desk.list()
    await desk.fetch()
    charlie = await desk.premises.site.sign_in(other_merchant, "charlie")
    async with charlie.http:
        await charlie.get(f"/channels/{desk.connection.id}/report", status=404)
        await charlie.get(f"/channels/{desk.connection.id}/report.csv", status=404)
        assert (await charlie.post(f"/channels/{desk.connection.id}/report")).status_code == 404
        live = await charlie.http.get(f"/live/fragments?id=channel-report-{desk.connection.id}")
    assert "MUG-1" not in live.text
    assert "channel-report" not in live.text


async def test_a_channel_without_reports_says_what_is_done_instead(desk: Desk) -> None:
    shop = await desk.stage.connect(desk.seller)
    page = await desk.alice.get(f"/channels/{shop.id}/report")
    assert "Shopify makes no report" in words(page)
    assert page.select_one(f'a[href="/listings?channel={shop.id}"]') is not None
    assert (await desk.alice.post(f"/channels/{shop.id}/report")).status_code == 409


async def test_a_price_that_stays_away_comes_with_the_words_for_a_ticket(desk: Desk) -> None:
    saved = await desk.list()
    listing = await desk.stage.listing(desk.seller, saved.id)
    assert "Ask Amazon about" not in words(await desk.alice.get(f"/listings/{listing.id}"))
    async with desk.stage.sessions.write(desk.seller.id) as session:
        item = (await session.scalars(select(ListingItem))).one()
        item.approved_price_at -= timedelta(days=3)
    await desk.amazon.do("change", sku="MUG-1", price=999)
    await desk.fetch()

    page = words(await desk.alice.get(f"/listings/{listing.id}"))
    assert "Ask Amazon about MUG-1" in page
    assert "SKU MUG-1: you accepted the price ¥1,200 on" in page
    assert "your listing still shows ¥999" in page
