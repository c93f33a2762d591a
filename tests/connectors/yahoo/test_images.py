"""Pictures given to Yahoo!: the form on the wire, its refusals, and a picture that an item then shows."""

import httpx
import pytest

from connectors.errors import Busy, DataRefused, InDoubt
from connectors.records import Done, ImageRecord, PublishItem
from connectors.yahoo import images
from connectors.yahoo.client import YahooClient
from connectors.yahoo.connector import YahooShopping
from tests.connectors.wire import Wire
from tests.connectors.yahoo.practice.practice_store import Store, account_of
from tests.connectors.yahoo.products import plain
from tests.connectors.yahoo.store_account import an_account, refused_xml

JPEG = b"\xff\xd8\xff\xe0 a picture"
HELD = (
    b'<ResultSet totalResultsAvailable="1" totalResultsReturned="1"><Status>OK</Status><Result><Id>test99999</Id>'
    b"<Name>test99999.jpg</Name><Url><ModeA>http://item-shopping.c.yimg.jp/i/a/x</ModeA></Url></Result></ResultSet>"
)


async def upload(wire: Wire, content: bytes = JPEG, *, place: int = 0) -> str:
    async with wire.client() as client:
        return await images.upload(YahooClient(client, an_account()), content, item_code="test99999", place=place)


@pytest.mark.parametrize(
    ("content", "place", "name", "kind"),
    [
        (JPEG, 0, "test99999.jpg", "image/jpeg"),
        (b"GIF89a", 1, "test99999_1.gif", "image/gif"),
        (b"\x89PNG\r\n\x1a\n", 20, "test99999_20.png", "image/png"),
    ],
)
async def test_the_name_of_the_file_says_what_it_is_for(content: bytes, place: int, name: str, kind: str) -> None:
    wire = Wire(HELD)
    assert await upload(wire, content, place=place) == "https://item-shopping.c.yimg.jp/i/a/x"
    (request,) = wire.requests
    assert request.url.query == b"seller_id=teststore"
    boundary = request.headers["Content-Type"].removeprefix("multipart/form-data; boundary=")
    about = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}'
    assert request.content == f"--{boundary}\r\n{about}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()


async def test_the_hours_number_used_up_waits_and_a_lost_answer_is_in_doubt() -> None:
    with pytest.raises(Busy) as caught:
        await upload(Wire(refused_xml(503, "")))
    assert caught.value.retry_after_seconds == 600.0
    with pytest.raises(InDoubt):
        await upload(Wire(httpx.ReadTimeout("x")))


async def test_a_picture_given_to_yahoo_is_shown_by_the_item(store: Store) -> None:
    account = account_of(store)
    async with httpx.AsyncClient(trust_env=False) as client:
        url = await images.upload(YahooClient(client, account), JPEG, item_code="tea")
        product = plain(images=(ImageRecord(url),))
        (outcome,) = await YahooShopping(client).publish(account, [PublishItem(product=product)])
        assert isinstance(outcome, Done)
        with pytest.raises(DataRefused):
            await images.upload(YahooClient(client, account), b"no picture", item_code="tea")
    (there,) = await store.read("products")
    assert there["live"]["item_image_urls"] == url
