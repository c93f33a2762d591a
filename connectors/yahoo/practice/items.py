"""Items in the editing area: editItem, updateItems, getItem, myItemList, deleteItem, submitItem."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from connectors.practice.store import Row, Store
from connectors.yahoo.practice import answers, faults, rules
from connectors.yahoo.practice.answers import Answer, Element, Refusal, node, texts
from connectors.yahoo.practice.state import Call

# Updating more at once is refused; a hundred are documented, not surely.
MOST_UPDATED = 100
PAGE = 100
Fields = dict[str, str]


def edit_item(call: Call) -> Answer:
    """The item is what was sent and nothing else: a field left out is back at its default."""
    fields = {name: value for name, value in call.given.items() if name != "seller_id" and value}
    code = fields.get("item_code", "")
    refusals = _asked_to_refuse(call, code) or rules.broken(fields, images=images_of(call.store, call.seller_id))
    if refusals:
        return answers.refused(*refusals)
    write(call.store, call.seller_id, with_variant_price(fields))
    call.accept(code, fields)
    return answers.done()


def update_items(call: Call) -> Answer:
    """Every named field of every item is changed, or nothing is: whether the rest counts beside a bad one is unsure."""
    rows = _rows(call)
    if not rows or len(rows) > MOST_UPDATED:
        return answers.refused(rules.NO_ITEMS)
    changed: dict[str, Fields] = {}
    refused: list[tuple[str, Refusal]] = []
    for row in rows:
        code = row.get("item_code", "")
        found = find(call.store, call.seller_id, code)
        wanted = {**(json.loads(found["fields"]) if found else {}), **row}
        broken = _asked_to_refuse(call, code) or _broken_update(call, row, wanted, there=found is not None)
        refused += [(code, one) for one in broken[:1]]
        changed[code] = {name: value for name, value in wanted.items() if value}
    if refused:
        return _refused_rows(refused)
    for row in rows:
        code = row["item_code"]
        write(call.store, call.seller_id, with_variant_price(changed[code]))
        call.accept(code, row)
    return Answer(answers.node("ResultSet", node("Status", text="OK")))


def _rows(call: Call) -> list[Fields]:
    """The query strings of item1, item2 … in order, up to the first number that is missing."""
    rows: list[Fields] = []
    while (text := call.given.get(f"item{len(rows) + 1}")) is not None:
        rows.append(dict(parse_qsl(text, keep_blank_values=True)))
    return rows


def _broken_update(call: Call, row: Fields, wanted: Fields, *, there: bool) -> list[Refusal]:
    if not there:
        return [rules.NO_SUCH_ITEM]
    # One public client always sends both; an empty sale price ends a sale.
    if ("price" in row) != ("sale_price" in row):
        return [Refusal("sale_price", "it-99006", "通常販売価格とセール価格は同時に指定してください。")]
    return rules.broken(wanted, images=images_of(call.store, call.seller_id))


def _refused_rows(refused: list[tuple[str, Refusal]]) -> Answer:
    rows = [
        node("Result", *texts(ItemCode=code, Target=one.target, Code=one.code, Message=one.message))
        for code, one in refused
    ]
    root = node("ResultSet", node("Status", text="NG"), *rows)
    return Answer(root, refused=" ".join(one.code for _code, one in refused))


def _asked_to_refuse(call: Call, code: str) -> list[Refusal]:
    """The refusal that a fault wants for this item."""
    asked = faults.take(call.store, call.seller_id, "refuse", operations=[call.operation], item=code)
    if asked is None:
        return []
    return [Refusal(asked.get("target", ""), str(asked["code"]), str(asked.get("message", "")))]


def with_variant_price(fields: Mapping[str, str]) -> Fields:
    """The highest price of the variants is put over the item's own."""
    prices = (rules.subcode_prices(fields) or {}).values()
    return {**fields, "price": max(prices, key=int)} if prices else dict(fields)


def write(store: Store, seller_id: str, fields: Fields) -> None:
    store.run(
        "INSERT INTO item (shop, item_code, fields) VALUES (?, ?, ?)"
        " ON CONFLICT (shop, item_code) DO UPDATE SET fields = excluded.fields",
        seller_id,
        fields["item_code"],
        json.dumps(fields, ensure_ascii=False, sort_keys=True),
    )


def find(store: Store, seller_id: str, code: str) -> Row | None:
    return store.row("SELECT * FROM item WHERE shop = ? AND item_code = ?", seller_id, code)


def images_of(store: Store, seller_id: str) -> frozenset[str]:
    return frozenset(row["url"] for row in store.rows("SELECT url FROM image WHERE shop = ?", seller_id))


# ---- reading ----


def get_item(call: Call) -> Answer:
    found = find(call.store, call.seller_id, call.given.get("item_code", ""))
    if found is None:
        # The HTTP status and the code of this answer are unsure; its words are not.
        return answers.error(400, rules.NO_SUCH_ITEM.message, rules.NO_SUCH_ITEM.code)
    return Answer(answers.result_set(_told(json.loads(found["fields"]))))


def _told(fields: Mapping[str, str]) -> Element:
    given = fields.get
    return node(
        "Result",
        *texts(ItemCode=given("item_code", ""), Name=given("name", "")),
        node("PathList", node("Path", text=given("path", ""))),
        *texts(
            Price=given("price", ""),
            SalePrice=given("sale_price", ""),
            ProductCategory=given("product_category", ""),
            Display=given("display", "1"),
            Caption=given("caption", ""),
            Jan=given("jan", ""),
        ),
    )


def my_item_list(call: Call) -> Answer:
    """The items whose code holds the query, a page of them."""
    given = call.given
    start, results = given.get("start", "1"), given.get("results", "25")
    if not (start.isdecimal() and results.isdecimal() and 1 <= int(results) <= PAGE and int(start) >= 1):
        return answers.error(400, "取得件数が正しくありません。", "it-99012")
    rows = call.store.rows(
        "SELECT * FROM item WHERE shop = ? AND instr(item_code, ?) ORDER BY id", call.seller_id, given.get("query", "")
    )
    page = rows[int(start) - 1 : int(start) - 1 + int(results)]
    told = [_told(json.loads(row["fields"])) for row in page]
    return Answer(answers.result_set(*told, total=len(rows)))


# ---- one item ----


def delete_item(call: Call) -> Answer:
    code = call.given.get("item_code", "")
    if not call.store.run("DELETE FROM item WHERE shop = ? AND item_code = ?", call.seller_id, code):
        return answers.refused(rules.NO_SUCH_ITEM)
    call.accept(code, {})
    return answers.done()


def submit_item(call: Call) -> Answer:
    """One item is live, if its page was before: a new page goes live with the whole store only."""
    found = find(call.store, call.seller_id, call.given.get("item_code", ""))
    if found is None:
        return answers.refused(rules.NO_SUCH_ITEM)
    if found["live"] is None:
        return answers.refused(Refusal("item_code", "it-07004", "新規ページは個別に反映できません。"))
    call.store.run("UPDATE item SET live = fields WHERE id = ?", found["id"])
    one = (call.seller_id, found["item_code"])
    call.store.run("UPDATE picture SET live = sha256 WHERE shop = ? AND item_code = ?", *one)
    call.accept(found["item_code"], {})
    return answers.done()
