"""Locations as the merchant keeps them: opened, renamed, closed, counted, and sold from."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup

from tests.connectors.shopify.practice.practice_shop import DOMAIN, SCOPES, Shop

SEED = {"title": "Tea pot", "variants": [{"sku": "POT", "price": "30", "quantity": 4}]}
PLACES = "{ locations(first: 9) { nodes { id name isActive hasActiveInventory } } }"
EVERY = PLACES.replace("first: 9", "first: 9, includeInactive: true")


async def a_pot(shop: Shop) -> None:
    await shop.client.post(f"/practice/api/shops/{DOMAIN}/products", json=[SEED])


async def levels(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = (await shop.read("products"))[0]["variants"][0]["available"]
    return found


async def names(shop: Shop, query: str = PLACES) -> list[str]:
    return [one["name"] for one in (await shop.data(query))["locations"]["nodes"]]


async def sent(shop: Shop) -> list[str]:
    return [row["topic"] for row in await shop.read("deliveries")]


async def listen(shop: Shop, *topics: str) -> None:
    await shop.install(f"{SCOPES},read_inventory")
    query = """mutation S($topic: WebhookSubscriptionTopic!) {
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: "https://hub.example/w"}) {
        userErrors { field message }
      }
    }"""
    for topic in topics:
        assert (await shop.data(query, topic=topic))["webhookSubscriptionCreate"]["userErrors"] == []


async def test_a_shop_has_as_many_locations_as_its_merchant_opens(shop: Shop) -> None:
    await listen(shop, "LOCATIONS_CREATE", "LOCATIONS_UPDATE")
    number = (await shop.lever("locations", name="Store room"))["id"]
    assert await names(shop) == ["Shop location", "Store room"]
    await shop.lever("rename-location", location=number, name="Cellar")
    assert [one["name"] for one in await shop.read("locations")] == ["Shop location", "Cellar"]
    assert await sent(shop) == ["locations/create", "locations/update"]


async def test_what_is_counted_at_a_location_stays_there(shop: Shop) -> None:
    await a_pot(shop)
    number = (await shop.lever("locations", name="Store room"))["id"]
    await shop.lever("change", sku="POT", stock=7, location=number)
    await shop.lever("change", sku="POT", stock=3)
    assert list((await levels(shop)).values()) == [3, 7]


async def test_a_closed_location_is_hidden_and_what_it_held_is_moved_or_gone(shop: Shop) -> None:
    await a_pot(shop)
    await listen(shop, "LOCATIONS_DEACTIVATE", "LOCATIONS_ACTIVATE", "INVENTORY_LEVELS_UPDATE")
    first = int(shop.location.rsplit("/", 1)[1])
    number = (await shop.lever("locations", name="Store room"))["id"]
    await shop.lever("change", sku="POT", stock=7, location=number)
    await shop.lever("deactivate", location=number, to=first)
    assert await levels(shop) == {str(first): 11}
    assert (await names(shop), await names(shop, EVERY)) == (["Shop location"], ["Shop location", "Store room"])
    await shop.lever("activate", location=number)
    await shop.lever("change", sku="POT", stock=2, location=number)
    await shop.lever("deactivate", location=number)
    assert await levels(shop) == {str(first): 11}
    assert [topic for topic in await sent(shop) if topic.startswith("locations/")] == [
        "locations/deactivate",
        "locations/activate",
        "locations/deactivate",
    ]


async def test_the_last_active_location_stays(shop: Shop) -> None:
    refused = await shop.client.post(f"/practice/api/shops/{DOMAIN}/deactivate", json={"location": shop.location})
    assert refused.status_code == 400
    unknown = await shop.client.post(f"/practice/api/shops/{DOMAIN}/deactivate", json={"location": 5})
    assert unknown.status_code == 400
    assert await names(shop) == ["Shop location"]


async def test_new_items_are_stocked_at_the_first_active_location(shop: Shop) -> None:
    number = (await shop.lever("locations", name="Store room"))["id"]
    await shop.lever("deactivate", location=shop.location)
    await a_pot(shop)
    assert await levels(shop) == {str(number): 4}


async def sold(shop: Shop, quantity: int, **more: Any) -> str:
    placed = await shop.lever("orders", lines=[{"sku": "POT", "quantity": quantity}], **more)
    return str(placed["order_id"])


async def test_a_sale_takes_from_the_first_location_that_has_it_all_or_from_the_one_named(shop: Shop) -> None:
    await a_pot(shop)
    first = int(shop.location.rsplit("/", 1)[1])
    number = (await shop.lever("locations", name="Store room"))["id"]
    await shop.lever("change", sku="POT", stock=9, location=number)
    await sold(shop, 1)
    assert await levels(shop) == {str(first): 3, str(number): 9}
    await sold(shop, 5)
    assert await levels(shop) == {str(first): 3, str(number): 4}
    await sold(shop, 2, location=number)
    assert await levels(shop) == {str(first): 3, str(number): 2}


async def test_what_is_restocked_comes_back_where_it_was_taken(shop: Shop) -> None:
    await a_pot(shop)
    number = (await shop.lever("locations", name="Store room"))["id"]
    await shop.lever("change", sku="POT", stock=2, location=number)
    order = await sold(shop, 2, location=number)
    assert list((await levels(shop)).values()) == [4, 0]
    await shop.lever("cancel", order=order, restock=True)
    assert list((await levels(shop)).values()) == [4, 2]


async def test_the_page_shows_what_lies_where_and_its_buttons_work(shop: Shop) -> None:
    await a_pot(shop)
    at = f"/practice/shops/{DOMAIN}"
    page = BeautifulSoup((await shop.client.get(at)).text, "html.parser")
    assert page.select('select[name="location"]') == [], "one location is no choice"
    await shop.client.post(at, data={"action": "add-location", "name": "Store room"})
    page = BeautifulSoup((await shop.client.get(at)).text, "html.parser")
    places = {one.get_text(): str(one["value"]) for one in page.select('select[name="location"]')[0].select("option")}
    assert list(places) == ["Shop location", "Store room"]
    form = {"action": "change", "sku": "POT", "stock": "6", "location": places["Store room"]}
    assert (await shop.client.post(at, data=form)).status_code == 303
    page = BeautifulSoup((await shop.client.get(at)).text, "html.parser")
    assert "Shop location: 4 Store room: 6" in " ".join(page.get_text(" ").split())
    await shop.client.post(at, data={"action": "deactivate", "location": places["Store room"]})
    page = BeautifulSoup((await shop.client.get(at)).text, "html.parser")
    assert "Store room deactivated" in " ".join(page.get_text(" ").split())
