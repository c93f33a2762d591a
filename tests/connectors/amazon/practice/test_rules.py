"""What practice Amazon refuses, in the codes that Amazon has been seen to use."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.amazon import mapping
from tests.connectors.amazon.practice.practice_seller import US, Seller
from tests.connectors.amazon.products import coded, document, mug


def body(**changes: Any) -> dict[str, Any]:
    """A listing that is taken, with other attributes as given; None takes one away."""
    [sku] = mapping.listings(mug(), document(), US, with_stock=True)
    told = {name: value for name, value in (sku.attributes | changes).items() if value is not None}
    return {"productType": "HOME", "requirements": "LISTING", "attributes": told}


def text(value: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"value": value, "language_tag": "en_US", "marketplace_id": US.id, **more}]


async def put(seller: Seller, given: dict[str, Any], sku: str = "MUG-1", **query: str) -> tuple[str, list[str]]:
    answer = (await seller.item("PUT", sku, body=given, **query)).json()
    return answer["status"], [issue["code"] for issue in answer["issues"]]


async def test_what_keeps_the_rules_is_accepted(seller: Seller) -> None:
    assert await put(seller, body()) == ("ACCEPTED", [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"brand": None}, "90220"),
        ({"purchasable_offer": None}, "90220"),
        ({"fake_attribute": text("x")}, "90000900"),
        ({"item_name": text("x" * 201)}, "PRACTICE-100"),
        ({"item_name": []}, "99022"),
        ({"country_of_origin": [{"value": "Atlantis", "marketplace_id": US.id}]}, "PRACTICE-101"),
        ({"supplier_declared_has_product_identifier_exemption": None}, "8566"),
    ],
)
async def test_what_breaks_a_rule_is_invalid_with_http_200(seller: Seller, changes: dict[str, Any], code: str) -> None:
    assert await put(seller, body(**changes)) == ("INVALID", [code])
    assert await seller.read("products") == []


async def test_a_preview_judges_and_keeps_nothing(seller: Seller) -> None:
    assert await put(seller, body(), mode="VALIDATION_PREVIEW") == ("VALID", [])
    assert await seller.read("products") == []


async def test_an_image_that_cannot_be_fetched_refuses_the_whole_call(seller: Seller) -> None:
    image = [{"media_location": "http://example.com/a.jpg", "marketplace_id": US.id}]
    answer = await seller.item("PUT", "MUG-1", body=body(main_product_image_locator=image))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


async def test_a_code_says_which_item_it_is_and_contradictions_are_refused(seller: Seller) -> None:
    async def coded_as(code: str, brand: str, sku: str, kind: str = "HOME") -> tuple[str, list[str]]:
        [listing] = mapping.listings(coded(mug(vendor=brand), code), document(kind), US, with_stock=True)
        given = {"productType": kind, "requirements": "LISTING", "attributes": listing.attributes}
        return await put(seller, given, sku)

    assert await coded_as("4901234567894", "Kiln", "A") == ("ACCEPTED", [])
    assert await coded_as("4901234567894", "Other", "B") == ("INVALID", ["8572"])
    assert await coded_as("4901234567895", "Kiln", "C") == ("INVALID", ["23901"])
    assert await coded_as("4006381333931", "Stabilo", "D") == ("INVALID", ["8541"])


async def test_an_accepted_listing_is_live_a_while_later(seller: Seller) -> None:
    await seller.lever("pace", live_after=60)
    await put(seller, body())

    async def status() -> list[str]:
        answer = (await seller.item("GET", "MUG-1", includedData="summaries,offers")).json()
        return list(answer["summaries"][0]["status"])

    assert await status() == []
    seller.clock.now += 60
    assert await status() == ["BUYABLE", "DISCOVERABLE"]
    empty = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": mapping.stock(0)}
    await seller.item("PATCH", "MUG-1", body={"productType": "PRODUCT", "patches": [empty]})
    assert await status() == ["DISCOVERABLE"]


async def test_merge_keeps_what_is_not_sent_and_replace_does_not(seller: Seller) -> None:
    lead = [{"fulfillment_channel_code": "DEFAULT", "quantity": 4, "lead_time_to_ship_max_days": 3}]
    await put(seller, body(fulfillment_availability=lead))

    async def patched(op: str) -> dict[str, Any]:
        patch = {"op": op, "path": "/attributes/fulfillment_availability", "value": mapping.stock(9)}
        await seller.item("PATCH", "MUG-1", body={"productType": "PRODUCT", "patches": [patch]})
        [row] = await seller.read("products")
        return dict(row["attributes"]["fulfillment_availability"][0])

    assert (await patched("merge"))["lead_time_to_ship_max_days"] == 3
    assert "lead_time_to_ship_max_days" not in await patched("replace")


async def test_a_sku_that_is_not_there_is_not_found(seller: Seller) -> None:
    assert (await seller.item("GET", "NONE")).status_code == 404
    assert (await seller.item("DELETE", "NONE")).status_code == 400


@pytest.mark.parametrize(
    ("token", "details"),
    [("", "missing"), ("Atza|strange", "revoked, malformed or invalid"), (None, "has expired")],
)
async def test_nobody_is_let_in_without_a_good_token(seller: Seller, token: str | None, details: str) -> None:
    await seller.lever("expire")
    seller.token = seller.token if token is None else token
    answer = await seller.item("GET", "MUG-1")
    assert answer.status_code == 403
    assert details in answer.json()["errors"][0]["details"]
    assert "x-amzn-ratelimit-limit" not in answer.headers


async def test_more_calls_than_the_rate_are_refused_and_the_rate_is_said(seller: Seller) -> None:
    first = await seller.item("GET", "MUG-1")
    assert first.headers["x-amzn-ratelimit-limit"] == "5"
    path = f"/listings/2021-08-01/items/{seller.id}/MUG-1"
    headers = {"x-amz-access-token": seller.token, "user-agent": "Test/1.0"}
    query = {"marketplaceIds": US.id}
    answers = [(await seller.client.get(path, params=query, headers=headers)).status_code for _ in range(12)]
    assert answers.count(429) >= 2
    seller.clock.now += 1
    assert (await seller.client.get(path, params=query, headers=headers)).status_code == 404


async def test_another_sellers_listings_are_not_ours_to_read(seller: Seller) -> None:
    other = await seller.made("Another")
    answer = await seller.call("GET", f"/listings/2021-08-01/items/{other['seller_id']}/MUG-1")
    assert answer.status_code == 403


async def test_the_back_office_shows_what_is_sold_and_its_buttons_work(seller: Seller) -> None:
    await put(seller, body())
    page = (await seller.client.get(f"/practice/shops/{seller.id}")).text
    assert "Stoneware mug" in page
    assert "accepted, not live yet" in page
    pressed = await seller.client.post(f"/practice/shops/{seller.id}", data={"action": "throttle"})
    assert pressed.status_code == 303
    assert [fault["kind"] for fault in await seller.read("faults")] == ["throttle"]
