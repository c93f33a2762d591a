"""What a practice shop does wrong when it is asked to, and that it does it no longer than asked."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.connectors.shopify.practice.practice_shop import SET, Shop, a_product, practice_shop


async def test_the_next_calls_are_throttled_and_no_more(shop: Shop) -> None:
    await shop.lever("faults", kind="throttle", count=2)
    codes = [(await shop.ask("{ shop { name } }")).get("errors", [{}])[0].get("message") for _ in range(3)]
    assert codes == ["Throttled", "Throttled", None]


async def test_maintenance_lasts_until_it_is_cleared(shop: Shop) -> None:
    await shop.lever("faults", kind="maintenance")
    assert [(await shop.post("{ shop { name } }")).status_code for _ in range(2)] == [503, 503]
    await shop.client.delete("/practice/api/shops/demo.myshopify.com/faults", params={"kind": "maintenance"})
    assert (await shop.post("{ shop { name } }")).status_code == 200


async def test_a_dropped_answer_was_accepted_all_the_same(shop: Shop) -> None:
    await shop.lever("faults", kind="drop", count=1, operation="productSet")
    assert (await shop.ask("{ shop { name } }"))["data"]
    with pytest.raises(httpx.RemoteProtocolError):
        await shop.post(SET, {"input": a_product()})
    assert [row["operation"] for row in await shop.read("ledger")] == ["productSet"]


async def test_a_connection_dropped_before_accepting_leaves_nothing(shop: Shop) -> None:
    await shop.lever("faults", kind="drop", count=1, when="before")
    with pytest.raises(httpx.RemoteProtocolError):
        await shop.post(SET, {"input": a_product()})
    assert await shop.read("ledger") == []


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
async def test_an_error_says_its_body_before_or_after_accepting(shop: Shop, when: str, written: int) -> None:
    await shop.lever("faults", kind="error", count=1, status=502, body="<html>bad gateway", when=when)
    answer = await shop.post(SET, {"input": a_product()})
    assert (answer.status_code, answer.text) == (502, "<html>bad gateway")
    assert len(await shop.read("ledger")) == written


async def test_a_slow_shop_answers_in_the_end(shop: Shop) -> None:
    await shop.lever("faults", kind="slow", count=1, seconds=0.01, when="after")
    assert (await shop.set(**a_product()))["userErrors"] == []
    assert await shop.read("faults") == []


async def test_one_handle_is_refused_with_the_words_asked_for(shop: Shop) -> None:
    error = {"field": ["input", "vendor"], "message": "We do not sell this brand.", "code": "INVALID_PRODUCT"}
    await shop.lever("faults", kind="refuse", handle="mug", **error)
    assert (await shop.set(**a_product()))["userErrors"] == [error]
    assert (await shop.set(**a_product(handle="pot")))["userErrors"] == []


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
async def test_a_process_dies_before_or_after_its_write_is_accepted(shop: Shop, when: str, written: int) -> None:
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    await shop.lever("faults", kind="kill", count=1, pid=worker.pid, operation="productSet", when=when)
    await shop.lever("faults", kind="drop", count=1, operation="productSet", when=when)
    with pytest.raises(httpx.RemoteProtocolError):
        await shop.post(SET, {"input": a_product()})
    assert await worker.wait() == -signal.SIGKILL
    assert len(await shop.read("ledger")) == written


async def test_an_unknown_fault_or_lever_is_refused(shop: Shop) -> None:
    base = "/practice/api/shops/demo.myshopify.com"
    assert (await shop.client.post(f"{base}/faults", json={"kind": "explode"})).status_code == 400
    assert (await shop.client.post(f"{base}/explode", json={})).status_code == 400
    assert (await shop.client.post(f"{base}/state", json={"state": "tired"})).status_code == 400
    assert (await shop.client.post("/practice/api/shops/nobody.myshopify.com/state", json={})).status_code == 404


async def test_a_search_lags_behind_a_write_and_a_lookup_does_not(tmp_path: Path) -> None:
    async with practice_shop(tmp_path / "p.db", index_lag_seconds=2.0) as shop:
        await shop.set(**a_product())
        search = '{ productVariants(first: 5, query: "sku:MUG") { nodes { sku } } }'
        lookup = '{ productByIdentifier(identifier: {handle: "mug"}) { handle } }'
        assert (await shop.data(search))["productVariants"]["nodes"] == []
        assert (await shop.data(lookup))["productByIdentifier"] == {"handle": "mug"}
        shop.clock.now += 2
        assert (await shop.data(search))["productVariants"]["nodes"] == [{"sku": "MUG"}]
