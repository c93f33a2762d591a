"""Pictures of items: uploadItemImage. Of each only a digest is kept."""

from __future__ import annotations

import hashlib
import re

from connectors.practice.store import Store
from connectors.yahoo.practice import answers
from connectors.yahoo.practice.answers import Answer, node, texts
from connectors.yahoo.practice.state import Call

LARGEST = 2 * 1024 * 1024
# {item_code}.jpg is the main picture, {item_code}_1.jpg to _20.jpg are those of details.
_NAME = re.compile(r"(?P<code>[A-Za-z0-9-]{1,99})(_(?P<place>[1-9]|1[0-9]|20))?\.(gif|jpe?g|png)", re.ASCII)
_STARTS = (b"\xff\xd8\xff", b"GIF8", b"\x89PNG\r\n\x1a\n")


def upload_item_image(call: Call) -> Answer:
    if call.file is None:
        return answers.error(400, "ファイルが指定されていません。", "im-02001")
    name, content = call.file
    named = _NAME.fullmatch(name)
    if named is None or not content.startswith(_STARTS) or len(content) > LARGEST:
        return answers.error(400, "画像ファイルが正しくありません。", "im-99001")
    url = address(call.seller_id, name.rpartition(".")[0])
    call.store.run("INSERT OR IGNORE INTO image (shop, url) VALUES (?, ?)", call.seller_id, url)
    call.store.run(
        "INSERT INTO picture (shop, item_code, place, url, sha256) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (shop, item_code, place) DO UPDATE SET sha256 = excluded.sha256",
        call.seller_id,
        named["code"],
        int(named["place"] or 0),
        url,
        hashlib.sha256(content).hexdigest(),
    )
    call.accept(named["code"], {"file": name, "bytes": len(content)})
    told = node("Result", *texts(Id=name.rpartition(".")[0], Name=name), node("Url", *texts(ModeA=url)))
    root = answers.result_set(told)
    root.insert(0, node("Status", text="OK"))
    return Answer(root)


def shown(store: Store, seller_id: str, code: str, named: str) -> list[str | None]:
    """The digests of the pictures that buyers see of an item: the addresses it names, else the files named after it.

    None for a picture that no call has brought.
    """
    rows = store.rows("SELECT * FROM picture WHERE shop = ? AND live IS NOT NULL ORDER BY place", seller_id)
    if named:
        at = {row["url"]: str(row["live"]) for row in rows}
        return [at.get(url) for url in named.split(";")]
    return [str(row["live"]) for row in rows if row["item_code"] == code]


def address(seller_id: str, image_id: str) -> str:
    return f"https://item-shopping.c.yimg.jp/i/n/{seller_id}_{image_id}"
