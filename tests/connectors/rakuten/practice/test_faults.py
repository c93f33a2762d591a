"""What a practice store does wrong when it is asked to, and that it does it no longer than asked."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import httpx
import pytest

from tests.connectors.rakuten.practice.practice_store import NAME, Shop, an_item

SEARCH = "/es/2.0/items/search"
FAULTS = f"/practice/api/stores/{NAME}/faults"


async def test_the_next_calls_are_throttled_and_no_more(shop: Shop) -> None:
    await shop.lever("faults", kind="throttle", count=2)
    assert [(await shop.call("GET", SEARCH)).status_code for _ in range(3)] == [429, 429, 200]


async def test_maintenance_lasts_until_it_is_cleared(shop: Shop) -> None:
    await shop.lever("faults", kind="maintenance")
    answers = [await shop.call("GET", SEARCH) for _ in range(2)]
    assert [(one.status_code, one.json()["Results"]["errorCode"]) for one in answers] == [(503, "ES01-02")] * 2
    await shop.client.delete(FAULTS, params={"kind": "maintenance"})
    assert (await shop.call("GET", SEARCH)).status_code == 200


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
async def test_a_dropped_answer_was_accepted_or_not_as_asked(shop: Shop, when: str, written: int) -> None:
    await shop.lever("faults", kind="drop", count=1, when=when, operation="items.upsert")
    assert (await shop.call("GET", SEARCH)).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        await shop.put("mug", an_item())
    assert len(await shop.read("ledger")) == written


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
async def test_an_error_says_its_body_before_or_after_accepting(shop: Shop, when: str, written: int) -> None:
    await shop.lever("faults", kind="error", count=1, status=502, body="<html>bad gateway", when=when)
    answer = await shop.put("mug", an_item())
    assert (answer.status_code, answer.text) == (502, "<html>bad gateway")
    assert len(await shop.read("ledger")) == written


async def test_a_conflict_writes_nothing(shop: Shop) -> None:
    await shop.lever("faults", kind="conflict", count=1)
    answer = await shop.put("mug", an_item())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CE0001")
    assert await shop.read("ledger") == []


async def test_a_slow_store_answers_in_the_end(shop: Shop) -> None:
    await shop.lever("faults", kind="slow", count=1, seconds=0.01, when="after")
    assert (await shop.put("mug", an_item())).status_code == 201
    assert await shop.read("faults") == []


async def test_one_item_is_refused_with_the_words_asked_for(shop: Shop) -> None:
    words = {"code": "IE0230", "message": "Cannot update genreId, since it's fixed."}
    await shop.lever("faults", kind="refuse", manage_number="mug", **words)
    answer = await shop.put("mug", an_item())
    assert answer.json()["errors"] == [words]
    assert (await shop.put("pot", an_item())).status_code == 201


@pytest.mark.parametrize("subject", ["mug/A", "mug"])
async def test_one_row_of_a_stock_call_is_refused(shop: Shop, subject: str) -> None:
    await shop.lever("faults", kind="refuse", count=1, manage_number=subject, code="IE0118", message="no")

    def row(number: str) -> dict[str, Any]:
        return {"manageNumber": number, "variantId": "A", "mode": "ABSOLUTE", "quantity": 1}

    body = {"inventories": [row("pot"), row("mug")]}
    answer = await shop.call("POST", "/es/2.1/inventories/bulk-upsert", body)
    (error,) = answer.json()["errors"]
    assert (error["code"], error["metadata"]["propertyPath"]) == ("IE0118", "inventories[1]")
    assert (await shop.call("POST", "/es/2.1/inventories/bulk-upsert", body)).status_code == 204


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
async def test_a_process_dies_before_or_after_its_write_is_accepted(shop: Shop, when: str, written: int) -> None:
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    await shop.lever("faults", kind="kill", count=1, pid=worker.pid, operation="items.upsert", when=when)
    await shop.lever("faults", kind="drop", count=1, operation="items.upsert", when=when)
    with pytest.raises(httpx.RemoteProtocolError):
        await shop.put("mug", an_item())
    assert await worker.wait() == -signal.SIGKILL
    assert len(await shop.read("ledger")) == written


async def test_an_unknown_fault_or_lever_is_refused(shop: Shop) -> None:
    base = f"/practice/api/stores/{NAME}"
    assert (await shop.client.post(f"{base}/faults", json={"kind": "explode"})).status_code == 400
    assert (await shop.client.post(f"{base}/explode", json={})).status_code == 400
    assert (await shop.client.get(f"{base}/secrets")).status_code == 400
    assert (await shop.client.post(f"{base}/functions", json={"functions": ["x"]})).status_code == 400
    assert (await shop.client.post("/practice/api/stores/nobody/wipe", json={})).status_code == 404
