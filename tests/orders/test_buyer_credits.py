"""A buyer credit is asked for once something has left, once at a time, and its answer stands on the order."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from connectors.orders import OrderState
from jobs import credit_desk
from portal import mail
from portal.db import Sessions
from portal.models.accounts import AuditEntry, MailMessage, Member, Merchant, Role, User
from portal.models.buyer_credits import BuyerCredit, CreditState
from portal.models.orders import Order
from portal.orders import buyer_credits
from portal.orders.buyer_credits import Answer, NoAnswer
from portal.tenancy import SYSTEM
from tests.listings.site import Browser, Site
from tests.orders.sales import Shop, a_shop, sale, with_line

SHIPPED = OrderState.SHIPPED
ASKED = {"amount": "500", "reason": "A mug came broken."}


@pytest.fixture
async def shop(site: Site, merchant: Merchant) -> Shop:
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    return shop


async def shipped(shop: Shop) -> Order:
    await shop.hear(with_line(sale(units=2, state=SHIPPED), shipped=2))
    return await shop.order()


async def asked(shop: Shop) -> list[BuyerCredit]:
    async with shop.sessions.read(shop.merchant.id) as session:
        return list(await session.scalars(select(BuyerCredit).order_by(BuyerCredit.id)))


async def test_more_action_asks_our_staff_and_the_order_says_where_it_stands(shop: Shop, alice: Browser) -> None:
    order = await shipped(shop)
    page = await alice.get(f"/orders/{order.id}")
    [link] = page.select(f'.menu a[href="/orders/{order.id}/buyer-credit"]')
    form = await alice.get(str(link["href"]))
    assert "Our staff read your request" in form.get_text()

    answer = await alice.post(str(link["href"]), ASKED)

    assert answer.headers["location"] == f"/orders/{order.id}"
    [credit] = await asked(shop)
    assert (credit.amount_minor, credit.currency, credit.state) == (500, "JPY", CreditState.ASKED)
    assert credit.asked_by == "Alice"
    words = " ".join((await alice.get(f"/orders/{order.id}")).get_text(" ").split())
    assert "With our staff" in words
    assert "A mug came broken." in words
    assert "A buyer credit was asked for" in words
    async with shop.sessions.read(shop.merchant.id) as session:
        assert "buyer_credit.asked" in list(await session.scalars(select(AuditEntry.act)))


async def test_one_request_waits_at_a_time_and_an_answer_lets_the_next_be_made(shop: Shop, alice: Browser) -> None:
    order = await shipped(shop)
    at = f"/orders/{order.id}/buyer-credit"
    assert (await alice.post(at, ASKED)).status_code == 303
    assert (await alice.post(at, ASKED)).status_code == 409
    assert "Our staff have your request already" in (await alice.get(at)).get_text()
    async with shop.sessions.write(shop.merchant.id) as session:
        credit = (await session.scalars(select(BuyerCredit))).one()
        said = Answer(given_minor=400, words="Not all of it.", by="Sam")
        await buyer_credits.answer(session, credit.id, said, now=shop.now)

    words = (await alice.get(f"/orders/{order.id}")).get_text(" ")
    assert "Paid back" in words
    assert "Sam" in words
    assert (await alice.post(at, {**ASKED, "amount": "2001"})).status_code == 422, "2,400 less 400 are left"
    assert (await alice.post(at, {**ASKED, "amount": "2000"})).status_code == 303


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "", "reason": "x"}, "Enter a number"),
        ({"amount": "0", "reason": "x"}, "above zero"),
        ({"amount": "2401", "reason": "x"}, "¥2,400 at most"),
        ({"amount": "10.5", "reason": "x"}, ""),
        ({"amount": "500", "reason": "  "}, "Say why"),
        ({"amount": "500", "reason": "x" * 1001}, "1000 characters"),
    ],
)
async def test_what_cannot_be_asked_is_said_at_its_field_and_nothing_typed_is_lost(
    shop: Shop, alice: Browser, typed: dict[str, str], says: str
) -> None:
    order = await shipped(shop)
    answer = await alice.post(f"/orders/{order.id}/buyer-credit", typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert typed["reason"] in answer.text
    assert await asked(shop) == []


async def test_before_anything_has_left_cancelling_is_the_way(shop: Shop, alice: Browser) -> None:
    await shop.hear(sale())
    order = await shop.order()
    assert (await alice.get(f"/orders/{order.id}")).select('a[href$="/buyer-credit"]') == []
    assert "cancel the order" in (await alice.get(f"/orders/{order.id}/buyer-credit")).get_text()
    assert (await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)).status_code == 409


async def test_in_the_own_store_the_merchant_refunds(shop: Shop, alice: Browser) -> None:
    await shop.hear(with_line(sale("#1001", state=SHIPPED), shipped=1), of=shop.store)
    order = await shop.order()
    page = await alice.get(f"/orders/{order.id}/buyer-credit")
    assert "Refund it in Shopify" in page.get_text()
    assert (await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)).status_code == 409


async def test_who_packs_reads_the_answer_and_asks_for_nothing(site: Site, shop: Shop, merchant: Merchant) -> None:
    order = await shipped(shop)
    packer = await site.sign_in(merchant, "pia", Role.PACKER)
    async with packer.http:
        assert (await packer.get(f"/orders/{order.id}")).select('a[href$="/buyer-credit"]') == []
        assert (await packer.post(f"/orders/{order.id}/buyer-credit", ASKED)).status_code == 403


# ---- our staff's answer ----


async def answer(site: Site, sessions: Sessions, *typed: str) -> list[str]:
    """What the command says to it."""
    post = mail.Post(site.process.runtime.vault, site.process.runtime.settings.public_url)
    return await credit_desk.answered(sessions, post, credit_desk.read(typed), site.now)


async def wants_letters(site: Site, merchant: Merchant, language: str) -> None:
    async with site.sessions.write(SYSTEM) as session:
        await session.execute(update(Member).where(Member.merchant_id == merchant.id).values(order_letters=True))
        await session.execute(update(User).values(email_verified_at=site.now, locale=language))


async def letters(site: Site) -> list[tuple[str, str]]:
    async with site.sessions.read(SYSTEM) as session:
        rows = list(await session.scalars(select(MailMessage).order_by(MailMessage.id)))
    return [(row.subject, mail.read(site.process.runtime.vault, row)) for row in rows]


async def test_staff_see_what_waits_and_their_answer_stands_on_the_order_at_once(
    site: Site, shop: Shop, alice: Browser, merchant: Merchant
) -> None:
    order = await shipped(shop)
    await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)
    await wants_letters(site, merchant, "en")
    [credit] = await asked(shop)
    told = "\n".join(await credit_desk.listed(site.sessions))
    for word in (str(credit.id), "¥500", "Alice", order.number, "amazon", "A mug came broken."):
        assert word in told
    heard: set[str] = set()

    async def announce(_rings: dict[UUID, datetime], changed: dict[UUID, set[str]]) -> None:
        heard.update(changed[merchant.id])

    sessions = Sessions(site.process.runtime.settings.database_url, announce=announce)
    words = ("--by", "Sam", "--words", "Paid back what the mug cost.")
    try:
        [said] = await answer(site, sessions, "give", str(credit.id), "300", *words)
    finally:
        await sessions.close()

    assert "¥300" in said
    assert f"order:{order.id}" in heard, "open pages fetch it"
    [credit] = await asked(shop)
    assert (credit.state, credit.given_minor, credit.answered_by) == (CreditState.GIVEN, 300, "Sam")
    page = " ".join((await alice.get(f"/orders/{order.id}")).get_text(" ").split())
    assert "Paid back what the mug cost." in page
    assert page.count("Paid back to the buyer: ¥300") == 2, "under the request, and on the timeline"
    assert await credit_desk.listed(site.sessions) == ["No request waits."]
    [(subject, text)] = await letters(site)
    assert subject == f"Our answer about a buyer credit for order {order.number}"
    assert "Paid back to the buyer: ¥300" in text
    assert f"/orders/{order.id}" in text
    with pytest.raises(NoAnswer, match="answered already, by Sam"):
        await answer(site, site.sessions, "decline", str(credit.id), *words)
    async with site.sessions.read(SYSTEM) as session:
        [entry] = await session.scalars(select(AuditEntry).where(AuditEntry.act == "buyer_credit.answered"))
    assert (entry.merchant_id, entry.detail["given_minor"]) == (merchant.id, 300)


async def test_a_declined_request_says_why(site: Site, shop: Shop, alice: Browser, merchant: Merchant) -> None:
    order = await shipped(shop)
    await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)
    await wants_letters(site, merchant, "en")
    [credit] = await asked(shop)
    await answer(site, site.sessions, "decline", str(credit.id), "--by", "Sam", "--words", "It came on Monday.")
    page = " ".join((await alice.get(f"/orders/{order.id}")).get_text(" ").split())
    assert "It came on Monday." in page
    assert "The buyer credit was declined" in page
    [(_subject, text)] = await letters(site)
    assert "Our staff declined it." in text
    assert "It came on Monday." in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["give", "{id}", "501", "--by", "Sam"], "at most"),
        (["give", "{id}", "0", "--by", "Sam"], "more than nothing"),
        (["decline", "{id}", "--by", "Sam", "--words", " "], "Say why"),
        (["give", "0192f0c1-1111-7aaa-8bbb-000000000001", "5", "--by", "Sam"], "no such request"),
    ],
)
async def test_what_is_no_answer_changes_nothing(
    site: Site, shop: Shop, alice: Browser, typed: list[str], says: str
) -> None:
    order = await shipped(shop)
    await alice.post(f"/orders/{order.id}/buyer-credit", ASKED)
    [credit] = await asked(shop)
    given: list[Any] = [word.format(id=credit.id) for word in typed]
    with pytest.raises(NoAnswer, match=says):
        await answer(site, site.sessions, *given)
    assert (await asked(shop))[0].state is CreditState.ASKED
