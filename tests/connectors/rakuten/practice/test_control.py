"""The levers: what the merchant does in RMS by hand, and where tests read the truth."""

from __future__ import annotations

from pathlib import Path

from tests.connectors.rakuten.practice.practice_store import NAME, Shop, an_item, practice_store

STORES = "/practice/api/stores"


async def test_a_store_is_made_with_keys_of_its_own(shop: Shop) -> None:
    made = (await shop.client.post(STORES, json={"name": "https://www.rakuten.co.jp/Tea-Shop/"})).json()
    assert made["name"] == "tea-shop"
    assert made["service_secret"].startswith("SP")
    assert made["license_key"].startswith("SL")
    assert [one["name"] for one in (await shop.client.get(STORES)).json()] == [NAME, "tea-shop"]
    taken = {"name": "third", "service_secret": made["service_secret"]}
    assert (await shop.client.post(STORES, json=taken)).status_code == 400
    assert (await shop.client.post(STORES, json={"name": "no good"})).status_code == 400
    assert (await shop.client.post(STORES, json={})).status_code == 400


async def test_a_strangers_page_pulls_no_lever(shop: Shop) -> None:
    foreign = {"Origin": "http://evil.example"}
    assert (await shop.client.post(STORES, json={"name": "x"}, headers=foreign)).status_code == 403
    assert (await shop.client.get(f"{STORES}/{NAME}/ledger", headers=foreign)).status_code == 403
    own = {"Origin": shop.url}
    assert (await shop.client.get(STORES, headers=own)).status_code == 200


async def test_another_hand_changes_stock_price_and_words(shop: Shop) -> None:
    await shop.put("mug", an_item())
    await shop.lever("change", manage_number="mug", variant="MUG-1", stock=9, price=800, fields={"title": "Theirs"})
    (there,) = await shop.read("products")
    assert (there["title"], there["stock"], there["variants"]["MUG-1"]["standardPrice"]) == (
        "Theirs",
        {"MUG-1": 9},
        "800",
    )
    assert [row["operation"] for row in await shop.read("ledger")] == ["items.upsert"]
    absent = await shop.client.post(f"{STORES}/{NAME}/change", json={"manage_number": "pot"})
    assert absent.status_code == 400


async def test_a_wiped_store_keeps_its_ledger_and_its_keys(shop: Shop) -> None:
    await shop.put("mug", an_item())
    await shop.lever("wipe")
    assert await shop.read("products") == []
    assert len(await shop.read("ledger")) == 1
    assert (await shop.put("mug", an_item())).status_code == 201


async def test_the_genres_there_are_are_told(shop: Shop) -> None:
    genres = {one["genreId"]: one for one in (await shop.client.get("/practice/api/genres")).json()}
    assert genres["206878"]["mandatory"] == ["単位内容量"]
    assert genres["100227"]["lowest"] is False


async def test_what_was_accepted_outlives_the_server(tmp_path: Path) -> None:
    async with practice_store(tmp_path / "p.db") as shop:
        await shop.put("mug", an_item())
    async with practice_store(tmp_path / "p.db") as shop:
        assert [one["manageNumber"] for one in await shop.read("products")] == ["mug"]
        assert (await shop.read("ledger?after=1")) == []
