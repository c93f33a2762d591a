"""Letters about new orders: to who asked for them, once, together, and with nothing of the buyer."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from connectors.orders import OrderState
from jobs import schedule
from portal import mail
from portal.models.accounts import MailMessage, Member, Role, User
from portal.tenancy import SYSTEM
from tests.listings.site import Site
from tests.orders.sales import SOLD, Shop, a_shop, sale
from tests.people import a_member


@pytest.fixture
async def shop(site: Site, merchant: Any) -> Shop:
    return await a_shop(site.sessions, merchant)


async def reader(shop: Shop, name: str = "alice", *, asked: bool = True, verified: bool = True, **more: Any) -> None:
    """A member who asked for letters and has shown that the address is theirs."""
    user = await a_member(shop.sessions, shop.merchant, name, more.pop("role", Role.PACKER))
    async with shop.sessions.write(SYSTEM) as session:
        await session.execute(update(Member).where(Member.user_id == user.id).values(order_letters=asked))
        values = {"email_verified_at": SOLD if verified else None, **more}
        await session.execute(update(User).where(User.id == user.id).values(**values))


async def letters(site: Site) -> list[tuple[str, str, str]]:
    """The minute's job runs; all letters there are: to whom, subject, text."""
    await schedule.write_order_letters({"worker": site.process})
    async with site.sessions.read(SYSTEM) as session:
        rows = list(await session.scalars(select(MailMessage).order_by(MailMessage.id)))
    return [(row.to, row.subject, mail.read(site.process.runtime.vault, row)) for row in rows]


async def test_a_new_order_is_told_once_with_number_channel_total_and_link(site: Site, shop: Shop) -> None:
    await reader(shop)
    await shop.hear(sale("250-1", units=2))
    order = await shop.order()

    [(to, subject, text)] = await letters(site)

    assert (to, subject) == ("alice@example.com", "1 new order at Alice and Bob")
    assert "250-1 · Amazon · ¥2,400" in text
    assert f"http://127.0.0.1:8000/orders/{order.id}" in text
    assert "/settings/profile" in text
    for planted in ("Planted", "taro", "Ginza", "03-0000", "Mug"):
        assert planted not in subject + text
    await shop.hear(sale("250-1", units=2, minutes=3, state=OrderState.SHIPPED))
    assert len(await letters(site)) == 1, "what is known is no news"


async def test_many_orders_of_a_minute_come_in_one_letter(site: Site, shop: Shop) -> None:
    await reader(shop)
    await shop.hear(*[sale(f"250-{number}", total=None) for number in range(50)])

    [(_to, subject, text)] = await letters(site)

    assert subject == "50 new orders at Alice and Bob"
    assert text.count("total not known yet") == 20
    assert "And 30 more: http://127.0.0.1:8000/orders" in text


async def test_only_who_asked_and_whose_address_is_confirmed_gets_letters(
    site: Site, shop: Shop, other_merchant: Any
) -> None:
    await reader(shop, "alice")
    await reader(shop, "bob", asked=False)
    await reader(shop, "vera", verified=False)
    await reader(shop, "gone", disabled_at=SOLD)
    await reader(await a_shop(site.sessions, other_merchant), "charlie")
    await shop.hear(sale())
    assert [to for to, _subject, _text in await letters(site)] == ["alice@example.com"]


async def test_the_letter_speaks_each_readers_language(site: Site, shop: Shop) -> None:
    await reader(shop, "alice")
    await reader(shop, "hanako", locale="ja")
    await reader(shop, "li", locale="zh-Hans")
    await shop.hear(sale(units=2))
    texts = {to.partition("@")[0]: text for to, _subject, text in await letters(site)}
    assert "¥2,400" in texts["alice"]
    assert "JP¥2,400" in texts["li"], "as Chinese writes yen"
    assert "￥2,400" in texts["hanako"], "as Japanese writes it"


async def test_history_cancelled_sales_and_echoes_are_no_news(site: Site, shop: Shop) -> None:
    await reader(shop)
    await shop.hear(
        sale("old", placed_at=SOLD.replace(year=2025)),
        sale("over", state=OrderState.CANCELLED),
    )
    await shop.hear(sale("echo", reference="amazon-old"), of=shop.store)
    assert await letters(site) == []


async def test_what_nobody_asked_for_is_not_told_of_later(site: Site, shop: Shop) -> None:
    await shop.hear(sale("1"))
    assert await letters(site) == []
    await reader(shop)
    assert await letters(site) == []
    await shop.hear(sale("2"))
    [(_to, _subject, text)] = await letters(site)
    assert "2 · Amazon" in text


async def test_the_profile_asks_for_letters_and_stops_them(site: Site, shop: Shop) -> None:
    browser = await site.sign_in(shop.merchant, "alice")
    profile = {"name": "Alice", "language": "en", "theme": "system"}
    async with browser.http:
        page = await browser.get("/settings/profile")
        [box] = page.select('input[name="order_letters"]')
        assert not box.has_attr("checked"), "off until asked for"
        assert "before you confirm your e-mail address" in page.get_text()
        await browser.post("/settings/profile", profile | {"order_letters": "1"})
        [box] = (await browser.get("/settings/profile")).select('input[name="order_letters"]')
        assert box.has_attr("checked")
        await browser.post("/settings/profile", profile)
        [box] = (await browser.get("/settings/profile")).select('input[name="order_letters"]')
        assert not box.has_attr("checked")
