"""What a merchant sets about a channel's orders: which news are carried."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from connectors.orders import Parcel
from portal.models.accounts import Merchant, Role
from portal.models.connections import Connection, ConnectionState
from portal.orders import references
from portal.tasks import kinds
from tests.listings.site import Browser, Site
from tests.orders.sales import SOLD, Shop, a_shop, sale


@pytest.fixture
async def shop(site: Site, merchant: Merchant) -> Shop:
    return await a_shop(site.sessions, merchant)


async def outside(shop: Shop, connection: Connection) -> list[str]:
    async with shop.sessions.read(shop.merchant.id) as session:
        return list((await session.get_one(Connection, connection.id)).handled_outside)


def offered(page: BeautifulSoup) -> dict[str, bool]:
    return {str(box["value"]): box.has_attr("checked") for box in page.select('input[name="carry"]')}


@pytest.mark.parametrize(
    ("channel", "kinds_"),
    [
        ("amazon", {"cancellations", "shipments"}),
        ("rakuten", {"acceptance", "cancellations", "shipments"}),
        ("yahoo", {"cancellations", "shipments"}),
        ("shopify", {"cancellations", "returns"}),
    ],
)
async def test_each_channel_offers_the_updates_it_can_be_told(
    shop: Shop, alice: Browser, channel: str, kinds_: set[str]
) -> None:
    async with shop.sessions.write(shop.merchant.id) as session:
        (await session.get_one(Connection, shop.market.id)).channel = channel
    page = await alice.get(f"/channels/{shop.market.id}")
    assert offered(page) == dict.fromkeys(kinds_, True)


async def test_what_is_not_ticked_is_handled_outside_until_it_is_ticked_again(shop: Shop, alice: Browser) -> None:
    at = f"/channels/{shop.market.id}"
    page = await alice.get(at)
    assert "is cancelled here, and in your store" in page.select_one("#order-updates").get_text()  # type: ignore[union-attr]

    answer = await alice.post(f"{at}/updates", {"carry": "cancellations"})

    assert answer.status_code == 303
    assert answer.headers["location"] == at
    assert await outside(shop, shop.market) == ["shipments"]
    assert await outside(shop, shop.store) == []
    assert offered(await alice.get(at)) == {"cancellations": True, "shipments": False}
    await alice.post(f"{at}/updates", {})
    assert await outside(shop, shop.market) == ["cancellations", "shipments"]
    await alice.post(f"{at}/updates", {"carry": ["cancellations", "shipments", "nonsense"]})
    assert await outside(shop, shop.market) == []


async def test_a_parcel_is_told_only_while_shipments_are_carried(shop: Shop, alice: Browser) -> None:
    async def leaves(number: str, minute: int) -> int:
        """One parcel of the order leaves the store; how many tellings there are then."""
        parcel = Parcel(channel_id=f"parcel-{minute}", number=f"10{minute}", shipped_at=SOLD)
        reference = references.of("amazon", number)
        echo = sale(f"echo-{number}", minutes=minute, reference=reference, parcels=(parcel,))
        async with shop.sessions.read(shop.merchant.id) as session:
            shop.market = await session.get_one(Connection, shop.market.id)
        await shop.hear(echo, of=shop.store)
        return len(await shop.tasks(kinds.SHIPPED.name))

    await shop.hear(sale("1"), sale("2"))
    await alice.post(f"/channels/{shop.market.id}/updates", {"carry": "cancellations"})
    assert await leaves("1", 1) == 0
    await alice.post(f"/channels/{shop.market.id}/updates", {"carry": "shipments"})
    assert await leaves("2", 2) == 1


async def test_htmx_gets_the_part_alone(shop: Shop, alice: Browser) -> None:
    answer = await alice.post(f"/channels/{shop.market.id}/updates", {"carry": "shipments"}, htmx=True)
    assert answer.status_code == 200
    part = BeautifulSoup(answer.text, "html.parser")
    assert part.select_one(f"hx-partial #order-updates-{shop.market.id}") is not None
    assert offered(part) == {"cancellations": False, "shipments": True}


async def test_who_may_not_decide_reads_what_is_carried(site: Site, shop: Shop, merchant: Merchant) -> None:
    packer = await site.sign_in(merchant, "pia", Role.PACKER)
    async with packer.http:
        page = await packer.get(f"/channels/{shop.market.id}")
        assert offered(page) == {}
        assert "Carried" in page.get_text()
        assert (await packer.post(f"/channels/{shop.market.id}/updates", {})).status_code == 403


async def test_a_disconnected_channel_carries_nothing_and_offers_nothing(shop: Shop, alice: Browser) -> None:
    async with shop.sessions.write(shop.merchant.id) as session:
        (await session.get_one(Connection, shop.market.id)).state = ConnectionState.DISCONNECTED
    assert offered(await alice.get(f"/channels/{shop.market.id}")) == {}
    assert (await alice.post(f"/channels/{shop.market.id}/updates", {})).status_code == 404
