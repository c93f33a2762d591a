"""The practice store's back office, as a merchant looks at it."""

from __future__ import annotations

import re

from tests.connectors.rakuten.practice.practice_store import NAME, Shop, an_item


async def test_a_store_nobody_has_is_made_by_looking_at_it_and_keeps_its_keys(shop: Shop) -> None:
    first = await shop.client.get("/practice/shops/new-store")
    again = await shop.client.get("/practice/shops/new-store")

    keys = re.findall("<code>([^<]+)</code>", first.text)
    assert first.status_code == 200
    assert [key[:2] for key in keys[:2]] == ["SP", "SL"]
    assert re.findall("<code>([^<]+)</code>", again.text) == keys


async def test_a_name_no_store_can_have_makes_none(shop: Shop) -> None:
    assert (await shop.client.get("/practice/shops/-x-%20")).status_code == 400
    assert [row["name"] for row in (await shop.client.get("/practice/api/stores")).json()] == [NAME]


async def test_it_shows_what_was_accepted_and_the_calls(shop: Shop) -> None:
    await shop.put("mug", an_item(title="マグカップ"))

    page = (await shop.client.get(f"/practice/shops/{NAME}")).text

    assert "マグカップ" in page
    assert "¥1,200" in page
    assert "items.upsert" in page


async def test_its_buttons_disturb_the_store_and_a_strangers_form_does_not(shop: Shop) -> None:
    strange = {"Origin": "https://evil.example.com"}
    refused = await shop.client.post(f"/practice/shops/{NAME}", data={"action": "expire"}, headers=strange)
    assert refused.status_code == 403
    assert (await shop.put("mug", an_item())).status_code == 201

    assert (await shop.client.post(f"/practice/shops/{NAME}", data={"action": "maintenance"})).status_code == 303
    assert (await shop.put("mug", an_item())).status_code == 503
    assert (await shop.client.post(f"/practice/shops/{NAME}", data={"action": "expire"})).status_code == 303
    assert (await shop.put("mug", an_item())).status_code == 401
    assert (await shop.client.post(f"/practice/shops/{NAME}", data={"action": "nonsense"})).status_code == 400
