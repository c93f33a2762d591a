"""Who a practice store lets in, and how often."""

from __future__ import annotations

import pytest

from tests.connectors.rakuten.practice.practice_store import KEY, NAME, SECRET, Shop, an_item, esa

SEARCH = "/es/2.0/items/search"
LICENCE = f"/es/1.0/license-management/license-key/expiry-date?licenseKey={KEY}"


@pytest.mark.parametrize("header", ["", "ESA", "Basic eDp5", "ESA !!", "ESA eA==", esa("", "x"), esa("x", "")])
async def test_a_malformed_header_is_a_bad_request(shop: Shop, header: str) -> None:
    answer = await shop.call("GET", SEARCH, Authorization=header)
    assert answer.status_code == 400
    assert answer.json() == {"Results": {"errorCode": "ES04-01", "message": "Bad Request"}}
    assert answer.headers["REQUEST-ID"]


async def test_a_call_that_accepts_nothing_is_a_bad_request(shop: Shop) -> None:
    answer = await shop.call("GET", SEARCH, Accept="")
    assert answer.json()["Results"]["errorCode"] == "ES04-02"


async def test_wrong_keys_are_said_in_the_shape_of_each_api(shop: Shop) -> None:
    newer = await shop.call("GET", SEARCH, key="wrong")
    assert newer.status_code == 401
    assert newer.json() == {"errors": [{"code": "GA0001", "message": "Un-Authorised"}]}
    older = await shop.call("GET", LICENCE, key="wrong")
    assert older.status_code == 401
    assert older.json() == {"Results": {"errorCode": "ES01-01", "message": "Un-Authorised"}}
    swapped = await shop.call("GET", SEARCH, Authorization=esa(KEY, SECRET))
    assert swapped.status_code == 401


async def test_calls_of_one_api_less_than_a_second_apart_are_throttled(shop: Shop) -> None:
    assert (await shop.call("GET", SEARCH)).status_code == 200
    shop.clock.now -= 0.5
    hasty = await shop.call("GET", SEARCH)
    assert (hasty.status_code, hasty.json()["errors"][0]["code"]) == (429, "GA0003")
    shop.clock.now -= 1
    assert (await shop.call("GET", LICENCE)).status_code == 200
    shop.clock.now -= 0.5
    hasty = await shop.call("GET", LICENCE)
    assert (hasty.status_code, hasty.json()["Results"]["errorCode"]) == (403, "ES01-03")
    assert (await shop.call("GET", SEARCH)).status_code == 200


async def test_another_store_is_paced_by_itself(shop: Shop) -> None:
    other = {"name": "other-shop", "service_secret": "SP1", "license_key": "SL1"}
    assert (await shop.client.post("/practice/api/stores", json=other)).status_code == 201
    await shop.put("mug", an_item())
    shop.clock.now -= 1
    answer = await shop.call("GET", SEARCH, Authorization=esa("SP1", "SL1"))
    assert answer.json()["results"] == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/es/2.0/items/nowhere", 404, "ES05-06"),
        ("GET", "/es/9.9/x", 404, "ES05-06"),
        ("DELETE", SEARCH, 405, "ES04-04"),
        ("POST", "/es/2.0/items/manage-numbers/mug", 405, "ES04-04"),
    ],
)
async def test_an_unknown_address_is_the_gateways_to_refuse(
    shop: Shop, method: str, path: str, status: int, code: str
) -> None:
    answer = await shop.call(method, path)
    assert (answer.status_code, answer.json()["Results"]["errorCode"]) == (status, code)


async def test_a_key_lasts_ninety_days(shop: Shop) -> None:
    assert (await shop.call("GET", LICENCE)).json() == {"expiryDate": "2027-02-16T23:59:59"}
    shop.clock.now += 89 * 86_400
    assert (await shop.call("GET", SEARCH)).status_code == 200
    shop.clock.now += 2 * 86_400
    assert (await shop.call("GET", SEARCH)).status_code == 401


async def test_the_end_of_a_key_is_told_to_who_holds_it(shop: Shop) -> None:
    path = "/es/1.0/license-management/license-key/expiry-date"
    wrong = await shop.call("GET", f"{path}?licenseKey=other")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (401, "DR0007")
    assert (await shop.call("GET", path)).json()["errors"][0]["code"] == "DR0005"
    endless = (await shop.lever("renew", ends=False))["license_key"]
    answer = await shop.call("GET", f"{path}?licenseKey={endless}", key=endless)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "DR0006")


async def test_a_new_key_replaces_the_old_at_once_and_works_later(shop: Shop) -> None:
    renewed = (await shop.lever("renew", works_after_seconds=600))["license_key"]
    assert (await shop.call("GET", SEARCH)).status_code == 401
    assert (await shop.call("GET", SEARCH, key=renewed)).status_code == 401
    shop.clock.now += 600
    assert (await shop.call("GET", SEARCH, key=renewed)).status_code == 200


async def test_an_old_key_works_beside_a_new_one_where_that_was_asked_for(shop: Shop) -> None:
    renewed = (await shop.lever("renew", works_after_seconds=600, old_works_for_seconds=900))["license_key"]
    assert (await shop.call("GET", SEARCH)).status_code == 200
    assert (await shop.call("GET", SEARCH, key=renewed)).status_code == 401
    await shop.lever("start-new")
    shop.clock.now += 2
    assert (await shop.call("GET", SEARCH, key=renewed)).status_code == 200
    await shop.lever("end-old")
    assert (await shop.call("GET", SEARCH)).status_code == 401


async def test_every_request_is_written_down(shop: Shop) -> None:
    await shop.put("mug", an_item())
    await shop.put("mug", an_item(title=None))
    rows = await shop.read("requests")
    assert [(row["operation"], row["status"], row["outcome"]) for row in rows] == [
        ("items.upsert", 201, "ok"),
        ("items.upsert", 400, "IE0001"),
    ]
    (accepted,) = await shop.read("ledger")
    assert (accepted["subject"], accepted["values"]["title"], accepted["at"]) == ("mug", "Mug", rows[0]["at"])
    assert accepted["shop"] == NAME
