"""What the practice store refuses, as Yahoo! would, and what it takes."""

import asyncio
import signal
import sys
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.connectors.yahoo.practice.practice_store import ITEM, PATH, SELLER, Store, codes

MUG = ITEM | {
    "options": "色#青,砂|サイズ#大,小",
    "subcodes": "色:青#サイズ:大=mug-bl|色:砂#サイズ:小=mug-ss",
    "subcode_param": "mug-bl=price:1980|mug-ss=price:12980",
}


async def test_an_item_that_keeps_every_rule_is_taken(store: Store) -> None:
    answer = await store.post("editItem", **MUG)
    assert (answer.status_code, codes(answer)) == (200, [])
    assert ET.fromstring(answer.content).findtext("Result/Status") == "OK"
    (there,) = await store.read("products")
    assert there["fields"]["price"] == "12980"
    assert there["live"] is None


@pytest.mark.parametrize("name", ["item_code", "path", "name", "price", "product_category"])
async def test_a_field_that_must_be_there_is_missed(store: Store, name: str) -> None:
    known = {"item_code": "it-01013", "path": "it-01011", "name": "it-01012", "price": "it-01015"}
    answer = await store.post("editItem", **(ITEM | {name: ""}))
    assert codes(answer) == [(name, known.get(name, "it-01089"))]


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"item_code": "a_b"}, ("item_code", "it-01004")),
        ({"item_code": "a" * 100}, ("item_code", "it-01004")),
        ({"price": "12.5"}, ("price", "it-01023")),
        ({"price": "100000000"}, ("price", "it-01023")),
        ({"product_category": "12345678901"}, ("product_category", "it-01089")),
        ({"name": "あ" * 75 + "a"}, ("name", "it-99003")),
        ({"path": ":".join("abcdefghi")}, ("path", "it-99004")),
        ({"meta_desc": "あ" * 81}, ("meta_desc", "it-99005")),
        ({"jan": "4901234567890"}, ("jan", "it-99007")),
        ({"item_image_urls": "https://item-shopping.c.yimg.jp/i/n/x"}, ("item_image_urls", "it-14091")),
        ({"display": "2"}, ("display", "it-99002")),
        ({"options": "色"}, ("options", "it-99009")),
        ({"options": "色#青", "subcodes": "色:砂=a"}, ("subcodes", "it-99010")),
        ({"options": "色#青", "subcodes": "色:青=a|色:青=b"}, ("subcodes", "it-99010")),
        ({"options": "色#青", "subcodes": "色:青=a", "subcode_param": "b=price:1"}, ("subcode_param", "it-99011")),
        ({"options": "色#青", "subcodes": "色:青=a", "subcode_param": "a=price:0"}, ("subcode_param", "it-01023")),
    ],
)
async def test_a_broken_rule_is_refused_with_what_it_is_about(
    store: Store, given: dict[str, str], refused: tuple[str, str]
) -> None:
    assert codes(await store.post("editItem", **(ITEM | given))) == [refused]
    assert await store.read("ledger") == []


async def test_a_name_of_half_widths_may_be_twice_as_long(store: Store) -> None:
    assert codes(await store.post("editItem", **(ITEM | {"name": "a" * 150, "jan": "4901234567894"}))) == []


async def test_an_edit_replaces_the_whole_item_and_is_live_after_a_publish_only(store: Store) -> None:
    await store.seed(ITEM | {"headline": "old"})
    await store.post("editItem", **(ITEM | {"name": "new"}))
    (there,) = await store.read("products")
    assert "headline" not in there["fields"]
    assert (there["fields"]["name"], there["live"]["name"]) == ("new", "マグカップ")
    assert codes(await store.post("reservePublish", mode="1")) == []
    (there,) = await store.read("products")
    assert there["live"]["name"] == "new"
    assert codes(await store.post("reservePublish", mode="1")) == [("", "pm-05001")]


async def test_a_new_page_is_not_published_alone(store: Store) -> None:
    await store.post("editItem", **ITEM)
    assert codes(await store.post("submitItem", item_code="mug")) == [("item_code", "it-07004")]
    await store.post("reservePublish", mode="1")
    await store.post("updateItems", item1="item_code=mug&name=x")
    assert codes(await store.post("submitItem", item_code="mug")) == []
    (there,) = await store.read("products")
    assert there["live"]["name"] == "x"


async def test_no_item_of_an_update_counts_beside_a_refused_one(store: Store) -> None:
    await store.seed(ITEM)
    answer = await store.post("updateItems", item1="item_code=mug&name=x", item2="item_code=gone&name=y")
    (row,) = ET.fromstring(answer.content).findall("Result")
    assert (row.findtext("ItemCode"), row.findtext("Message")) == ("gone", "指定された商品コードは存在しません。")
    assert await store.read("ledger") == []
    assert ET.fromstring((await store.post("updateItems")).content).findtext("Result/Error/Code") == "it-02001"


async def test_a_list_of_items_comes_in_pages(store: Store) -> None:
    await store.seed(*(ITEM | {"item_code": f"mug-{number}"} for number in range(3)))
    answer = await store.get("myItemList", query="mug", type="item_code", start="2", results="1")
    root = ET.fromstring(answer.content)
    assert root.attrib == {"totalResultsAvailable": "3", "totalResultsReturned": "1"}
    assert [one.findtext("ItemCode") for one in root.findall("Result")] == ["mug-1"]


async def test_an_item_that_is_deleted_is_gone(store: Store) -> None:
    await store.seed(ITEM)
    assert codes(await store.post("deleteItem", item_code="mug")) == []
    assert (await store.get("getItem", item_code="mug")).status_code == 400


# ---- stock ----


def row_of(answer: httpx.Response) -> tuple[str | None, ...]:
    (row,) = ET.fromstring(answer.content).findall("Result")
    return tuple(row.findtext(name) for name in ("Status", "Quantity", "ErrorCode"))


async def test_stock_is_absolute_or_relative_and_never_below_nothing(store: Store) -> None:
    assert row_of(await store.post("setStock", item_code="a:b", quantity="5")) == ("1", "5", None)
    assert row_of(await store.post("setStock", item_code="a:b", quantity="-2")) == ("1", "3", None)
    assert row_of(await store.post("setStock", item_code="a:b", quantity="-4")) == ("0", None, "st-02104")
    assert row_of(await store.post("setStock", item_code="a:b", quantity="INI")) == ("0", None, "st-02104")
    assert row_of(await store.post("getStock", item_code="a:b")) == ("1", "3", None)
    assert row_of(await store.post("getStock", item_code="x")) == ("0", None, None)


@pytest.mark.parametrize(
    ("item_code", "quantity", "code"),
    [("", "1", "st-02101"), ("a,a", "1,1", "st-02103"), ("a,b", "1", "st-02105")],
)
async def test_a_stock_call_that_is_wrong_as_a_whole_sets_nothing(
    store: Store, item_code: str, quantity: str, code: str
) -> None:
    answer = await store.post("setStock", item_code=item_code, quantity=quantity)
    assert (answer.status_code, codes(answer)) == (400, [("", code)])
    many = ",".join(f"a{number}" for number in range(1001))
    assert codes(await store.post("setStock", item_code=many, quantity=many)) == [("", "st-02102")]
    assert await store.read("ledger") == []


# ---- who calls, and how often ----


async def test_the_seller_of_a_write_stands_in_its_body(store: Store) -> None:
    answer = await store.client.post(f"{PATH}/editItem", params={"seller_id": SELLER, **ITEM})
    assert (answer.status_code, codes(answer)) == (400, [("", "px-04001")])


async def test_a_strangers_and_an_expired_token_are_told_apart(store: Store) -> None:
    good, store.token = store.token, "stranger"
    answer = await store.get("getItem", item_code="a")
    assert (answer.status_code, "invalid token" in answer.headers["www-authenticate"]) == (401, True)
    store.token = good
    store.clock.now += 3600
    answer = await store.get("getItem", item_code="a")
    assert 'error_description="expired token"' in answer.headers["www-authenticate"]
    assert "expired token" in answer.text


async def test_a_second_call_within_the_second_is_forbidden_and_another_operation_is_not(store: Store) -> None:
    assert (await store.get("getItem", item_code="a")).status_code == 400
    store.clock.now -= 1
    forbidden = await store.get("getItem", item_code="a")
    assert (forbidden.status_code, "Your Request was Forbidden" in forbidden.text) == (403, True)
    store.clock.now -= 1
    assert (await store.get("myItemList", query="a")).status_code == 200
    assert (await store.get("getItem", item_code="a")).status_code == 400
    told = [(row["operation"], row["status"]) for row in await store.read("requests")]
    assert told == [("getItem", 400), ("getItem", 403), ("myItemList", 200), ("getItem", 400)]


# ---- faults and levers ----


@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
async def test_an_error_and_a_dropped_connection_come_before_or_after_accepting(
    store: Store, when: str, written: int
) -> None:
    await store.lever("faults", kind="error", count=1, operation="editItem", status=502, body="bad gateway", when=when)
    answer = await store.post("editItem", **ITEM)
    assert (answer.status_code, answer.text) == (502, "bad gateway")
    assert len(await store.read("ledger")) == written
    await store.lever("faults", kind="drop", count=1, operation="editItem", when=when)
    with pytest.raises(httpx.RemoteProtocolError):
        await store.post("editItem", **ITEM)
    assert len(await store.read("ledger")) == 2 * written


async def test_a_process_dies_before_its_write_is_accepted(store: Store) -> None:
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    await store.lever("faults", kind="kill", count=1, pid=worker.pid, operation="editItem")
    await store.lever("faults", kind="drop", count=1, operation="editItem", when="before")
    with pytest.raises(httpx.RemoteProtocolError):
        await store.post("editItem", **ITEM)
    assert await worker.wait() == -signal.SIGKILL
    assert await store.read("ledger") == []


async def test_a_slow_store_answers_in_the_end_and_maintenance_lasts_until_it_is_cleared(store: Store) -> None:
    await store.lever("faults", kind="slow", count=1, seconds=0.01)
    await store.lever("faults", kind="maintenance")
    assert [codes(await store.post("editItem", **ITEM)) for _ in range(2)] == [[("", "ed-00002")]] * 2
    await store.client.delete(f"/practice/api/stores/{SELLER}/faults", params={"kind": "maintenance"})
    assert codes(await store.post("editItem", **ITEM)) == []
    assert await store.read("faults") == []


async def test_one_item_is_refused_with_the_words_asked_for(store: Store) -> None:
    await store.lever("faults", kind="refuse", item="mug", code="it-14180", message="定期購入", target="price")
    assert codes(await store.post("editItem", **ITEM)) == [("price", "it-14180")]
    assert codes(await store.post("editItem", **(ITEM | {"item_code": "pot"}))) == []


async def test_an_unknown_fault_lever_table_or_store_is_refused(store: Store) -> None:
    base = f"/practice/api/stores/{SELLER}"
    assert (await store.client.post(f"{base}/faults", json={"kind": "explode"})).status_code == 400
    assert (await store.client.post(f"{base}/faults", json={"kind": "refuse"})).status_code == 400
    assert (await store.client.post(f"{base}/explode", json={})).status_code == 400
    assert (await store.client.post(f"{base}/state", json={"state": "tired"})).status_code == 400
    assert (await store.client.get(f"{base}/token")).status_code == 400
    assert (await store.client.get("/practice/api/stores/nobody/ledger")).status_code == 404
    assert (await store.client.post("/practice/api/stores", json={"seller_id": "No Store"})).status_code == 400


async def test_levers_and_the_consent_page_are_not_pulled_from_another_site(store: Store) -> None:
    foreign = {"Origin": "http://evil.example"}
    answer = await store.client.post(f"/practice/api/stores/{SELLER}/wipe", json={}, headers=foreign)
    assert answer.status_code == 403
    assert (await store.client.post("/yconnect/v2/authorization", headers=foreign)).status_code == 403


async def test_a_wiped_store_is_as_on_its_first_day_and_stays_connected(store: Store) -> None:
    await store.post("editItem", **ITEM)
    await store.post("setStock", item_code="mug", quantity="1")
    await store.lever("wipe")
    assert [await store.read(table) for table in ("products", "ledger", "requests")] == [[], [], []]
    assert row_of(await store.post("getStock", item_code="mug")) == ("0", None, None)
    (there,) = (await store.client.get("/practice/api/stores")).json()
    assert there["seller_id"] == SELLER


async def test_a_consent_page_opens_for_the_registered_application_only(store: Store) -> None:
    query = {"response_type": "code", "scope": "openid", "redirect_uri": "https://hub.example.com/back"}
    answer = await store.client.get("/yconnect/v2/authorization", params=query | {"client_id": "stranger"})
    assert answer.status_code == 400
