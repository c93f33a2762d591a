"""The whole store's edits go live: reservePublish and publishHistorySummary."""

from __future__ import annotations

from connectors.practice.store import Row
from connectors.yahoo.practice import answers
from connectors.yahoo.practice.answers import Answer, Refusal, node, texts
from connectors.yahoo.practice.state import Call

PUBLISH, CANCEL, CHECK = "1", "2", "3"


def reserve_publish(call: Call) -> Answer:
    """Published now, whoever made the edits. A time in the future is not practised here, and refused."""
    mode = call.given.get("mode", "")
    if mode not in (PUBLISH, CANCEL, CHECK) or call.given.get("reserve_time"):
        return answers.refused(Refusal("mode", "pm-99001", "反映予約の指定が正しくありません。"))
    if mode == PUBLISH:
        waiting = _waiting(call)
        if not waiting:
            return answers.refused(Refusal("", "pm-05001", "反映する項目がありません。"))
        call.store.run("UPDATE item SET live = fields WHERE shop = ?", call.seller_id)
        call.store.run("UPDATE picture SET live = sha256 WHERE shop = ?", call.seller_id)
        call.accept("", {"items": [row["item_code"] for row in waiting]})
    return answers.done(node("ReserveTime"))


def publish_history_summary(call: Call) -> Answer:
    """What waits to be published. How Yahoo! writes the list is unsure; a code for each item is the least of it."""
    rows = _waiting(call) if call.given.get("publish_id", "0") == "0" else []
    return Answer(answers.result_set(*(node("Result", *texts(ItemCode=row["item_code"])) for row in rows)))


def _waiting(call: Call) -> list[Row]:
    """The items with an edit, or a picture, that is not live. A picture without an item waits for one."""
    query = """
        SELECT * FROM item WHERE shop = ? AND (live IS NOT fields OR EXISTS (
            SELECT 1 FROM picture AS p
            WHERE p.shop = item.shop AND p.item_code = item.item_code AND p.live IS NOT p.sha256
        )) ORDER BY id
    """
    return call.store.rows(query, call.seller_id)
