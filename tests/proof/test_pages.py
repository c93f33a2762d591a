"""What is proved of a number, as people read it: when it was seen, what was put right, and who acts next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bs4 import BeautifulSoup
from sqlalchemy import select

from connectors.records import Observed
from portal.clock import utc_now
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Variant
from portal.models.connections import ConnectionState
from portal.models.listings import LastAttempt, Listing, ListingItem
from portal.models.stock import Repair
from portal.proof import repairs
from tests.connections.premises import words
from tests.listings.site import Site

LIVE = {"attempt": LastAttempt.ACCEPTED, "observed": Observed.LIVE, "channel_id": "gid://p"}


async def proved(
    site: Site,
    merchant: Merchant,
    *,
    skus: Sequence[str] = ("MUG",),
    state: ConnectionState = ConnectionState.ACTIVE,
    **columns: Any,
) -> Listing:
    """A live listing whose numbers were sent, confirmed and seen an hour ago, with what else is said of them."""
    product, demo = await site.product(merchant, "Mug", skus=skus), await site.connection(merchant, state=state)
    at = utc_now() - timedelta(hours=1)
    listing = await site.listing(merchant, product, demo, looked_at=at, **LIVE)
    seen = {
        "sent_quantity": 7, "sent_quantity_at": at, "confirmed_quantity": 7, "confirmed_quantity_at": at,
        "accounted_quantity": 7, "seen_quantity": 7, "seen_quantity_at": at,
    }  # fmt: skip
    async with site.sessions.write(merchant.id) as session:
        for variant in await session.scalars(select(Variant).where(Variant.product_id == product.id)):
            variant.position += 1
            session.add(
                ListingItem(
                    merchant_id=merchant.id,
                    listing_id=listing.id,
                    connection_id=demo.id,
                    variant_id=variant.id,
                    channel_id=f"gid://{variant.sku}",
                    **seen | columns,
                )
            )
    return listing


async def repaired(site: Site, merchant: Merchant, **columns: Any) -> None:
    at = utc_now() - timedelta(minutes=30)
    async with site.sessions.write(merchant.id) as session:
        item = (await session.scalars(select(ListingItem))).first()
        assert item is not None
        row = {
            "found": 9, "found_at": at, "due": 7, "heard_until": at, "reason": repairs.CHANGED_THERE, "sent": 7,
            "sent_at": at, "created_at": at,
        }  # fmt: skip
        of = {"merchant_id": merchant.id, "connection_id": item.connection_id, "variant_id": item.variant_id}
        session.add(Repair(**of, **row | columns))


async def pages(site: Site, merchant: Merchant, listing: Listing) -> dict[str, BeautifulSoup]:
    """Everywhere the number is shown."""
    alice = await site.sign_in(merchant, "alice")
    stock, there = f"/products/{listing.product_id}/stock", f"/listings/{listing.id}"
    return {path: await alice.get(path) for path in (stock, there, f"/products/{listing.product_id}")}


async def test_a_number_says_when_it_was_sent_confirmed_and_seen_again(site: Site, merchant: Merchant) -> None:
    listing = await proved(site, merchant)
    for path, page in (await pages(site, merchant, listing)).items():
        for said in ("sent 7", "confirmed 7", "seen again 7"):
            assert said in words(page), path
        assert "Not checked" not in words(page), path


async def test_what_was_put_right_says_what_was_found_and_why(site: Site, merchant: Merchant) -> None:
    listing = await proved(site, merchant)
    await repaired(site, merchant)
    for path, page in (await pages(site, merchant, listing)).items():
        [row] = page.select("[data-repair]")
        said = words(row)
        assert "Demo showed 9 where 7 was due" in said, path
        assert "no order explains it" in said, path
        assert "7 was sent again" in said, path


async def test_the_reason_is_another_where_an_answer_was_lost_or_orders_could_not_be_read(
    site: Site, merchant: Merchant
) -> None:
    listing = await proved(site, merchant)
    await repaired(site, merchant, reason=repairs.ANSWER_LOST)
    await repaired(site, merchant, heard_until=None, sent_at=None, sent=None)
    alice = await site.sign_in(merchant, "alice")
    said = words(await alice.get(f"/listings/{listing.id}"))
    assert "No answer had come to the number we sent before. 7 was sent again" in said
    assert "Its orders could not be read, and a smaller number sells nothing twice. Our number is being sent" in said


async def test_what_could_not_be_looked_at_says_since_when_and_is_not_called_seen(
    site: Site, merchant: Merchant
) -> None:
    seen = utc_now() - timedelta(days=3)
    listing = await proved(site, merchant, seen_quantity_at=seen, confirmed_quantity_at=seen)
    for path, page in (await pages(site, merchant, listing)).items():
        assert "Could not be checked since" in words(page), path
        assert "seen again" not in words(page), path


async def test_a_paused_channels_numbers_are_not_called_checked(site: Site, merchant: Merchant) -> None:
    listing = await proved(site, merchant, state=ConnectionState.PAUSED, seen_quantity_at=None, seen_quantity=None)
    alice = await site.sign_in(merchant, "alice")
    assert "Could not be checked yet." in words(await alice.get(f"/products/{listing.product_id}/stock"))


async def test_a_number_that_does_not_stay_needs_the_merchant_everywhere(site: Site, merchant: Merchant) -> None:
    now = utc_now()
    listing = await proved(
        site, merchant, disputed_at=now, seen_quantity=5, odd_quantity=-2, odd_quantity_at=now, stock_id="s"
    )
    alice = await site.sign_in(merchant, "alice")

    page = await alice.get(f"/listings/{listing.id}")
    assert "Live, check" in words(page)
    assert "Somebody else keeps changing the stock at Shopify" in words(page)
    assert "You act next" in words(page)
    assert "Demo shows 5 where 7 is due" in words(page)
    assert "Stop whatever else writes stock there" in words(page)

    board = await alice.get("/")
    [link] = [a for a in board.select("a[href]") if "stock_disputed" in str(a["href"])]
    shown = await alice.get(str(link["href"]))
    assert len(shown.select("tr[data-row]")) == 1, "the count is of the list it opens"
    assert "1 listing: Somebody else keeps changing the stock at Shopify" in words(shown)
    assert len((await alice.get("/listings?state=live")).select("tr[data-row]")) == 0

    answer = await alice.press(page, f'form[action="/listings/{listing.id}/stock"]')
    assert answer.status_code == 303
    [item] = await site.rows(merchant, ListingItem)
    assert (item.disputed_at, item.odd_quantity) == (None, None)
    assert await site.waiting(merchant) == [("stock", str(item.id))]
    assert "Nothing needs you" in words(await alice.get("/"))


async def test_a_refusal_is_said_before_a_number_that_does_not_stay(site: Site, merchant: Merchant) -> None:
    """Each listing is counted once, under the cause that comes first."""
    listing = await proved(site, merchant, disputed_at=utc_now())
    problem = {"problem_class": "data", "code": "TOO_LONG", "original": "", "original_lang": "en", "field": "/title"}
    async with site.sessions.write(merchant.id) as session:
        row = await session.get_one(Listing, listing.id)
        row.attempt, row.problem, row.problem_count = LastAttempt.REJECTED, problem, 1
    alice = await site.sign_in(merchant, "alice")
    for cause, number in (("shopify:TOO_LONG", 1), ("shopify:stock_disputed", 0)):
        page = await alice.get(f"/listings?state=problems&cause={cause}")
        assert len(page.select("tr[data-row]")) == number, cause


async def test_a_viewer_sees_it_and_sends_nothing(site: Site, merchant: Merchant) -> None:
    listing = await proved(site, merchant, disputed_at=utc_now())
    vera = await site.sign_in(merchant, "vera", Role.VIEWER)
    page = await vera.get(f"/listings/{listing.id}")
    assert "Changed again and again" in words(page)
    assert page.select(f'form[action="/listings/{listing.id}/stock"]') == []


async def test_many_variants_are_said_in_a_line_with_those_there_is_something_to_say_of(
    site: Site, merchant: Merchant
) -> None:
    listing = await proved(site, merchant, skus=("S", "M", "L"))
    await repaired(site, merchant)
    found = await pages(site, merchant, listing)
    for path in (f"/listings/{listing.id}", f"/products/{listing.product_id}"):
        assert "3 of 3 stock numbers seen there" in words(found[path]), path
    assert len(found[f"/listings/{listing.id}"].select("[data-repair]")) == 1
    assert len(found[f"/products/{listing.product_id}/stock"].select("[data-proof]")) == 3


async def test_a_channels_page_counts_what_was_checked_and_put_right(site: Site, merchant: Merchant) -> None:
    listing = await proved(site, merchant, skus=("S", "M", "L"))
    await repaired(site, merchant)
    await repaired(site, merchant, sent_at=utc_now() - timedelta(days=2))
    async with site.sessions.write(merchant.id) as session:
        item = (await session.scalars(select(ListingItem))).first()
        assert item is not None
        item.seen_quantity_at = utc_now() - timedelta(hours=25)
    alice = await site.sign_in(merchant, "alice")
    page = await alice.get(f"/channels/{listing.connection_id}")
    assert "2 of 3 numbers checked in the last 24 hours, 1 put right." in words(page)


async def test_another_merchants_numbers_and_repairs_are_nobodys_here(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    listing = await proved(site, merchant, disputed_at=utc_now())
    await repaired(site, merchant)
    charlie = await site.sign_in(other_merchant, "charlie")
    assert (await charlie.post(f"/listings/{listing.id}/stock")).status_code == 404
    await charlie.get(f"/listings/{listing.id}", status=404)
    live = await charlie.get(f"/live/fragments?id=number-checks-{listing.connection_id}")
    assert live.find_all("hx-partial") == []
    assert await site.waiting(merchant) == []
