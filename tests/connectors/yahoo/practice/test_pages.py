"""The practice store's back office, as a merchant looks at it."""

from __future__ import annotations

from tests.connectors.yahoo.practice.practice_store import ITEM, SELLER, Store


async def test_it_shows_what_is_sold_and_what_is_not_published_yet(store: Store) -> None:
    await store.seed(ITEM)
    assert "on sale" in (await store.client.get(f"/practice/shops/{SELLER}")).text

    await store.post("updateItems", item1="item_code=mug&name=Other")

    page = (await store.client.get(f"/practice/shops/{SELLER}")).text
    assert "マグカップ" in page
    assert "edited, not published" in page
    assert "updateItems" in page


async def test_a_name_no_store_can_have_makes_none(store: Store) -> None:
    assert (await store.client.get("/practice/shops/a%20b")).status_code == 400


async def test_its_buttons_disturb_the_store_and_a_strangers_form_does_not(store: Store) -> None:
    strange = {"Origin": "https://evil.example.com"}
    address = f"/practice/shops/{SELLER}"
    assert (await store.client.post(address, data={"action": "revoke"}, headers=strange)).status_code == 403
    assert (await store.get("myItemList", query="a", type="item_code")).status_code == 200

    assert (await store.client.post(address, data={"action": "maintenance"})).status_code == 303
    assert (await store.get("myItemList", query="a", type="item_code")).status_code == 503
    assert (await store.client.post(address, data={"action": "revoke"})).status_code == 303
    assert (await store.get("myItemList", query="a", type="item_code")).status_code == 401
    assert (await store.client.post(address, data={"action": "nonsense"})).status_code == 400
