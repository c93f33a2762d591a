"""Putting an image into R-Cabinet: the bytes sent, the answers read, and the practice store's checks of it."""

import struct

import httpx
import pytest

from connectors.errors import Busy, ChannelError, InDoubt, OurFault, PermissionLost, Problem, ProblemClass
from connectors.rakuten import cabinet, names
from connectors.rakuten.client import RakutenClient
from tests.connectors.rakuten.practice.practice_store import SECRET, Shop, esa
from tests.connectors.rakuten.test_client import an_account
from tests.connectors.wire import FakeAccount, Wire

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 800, 600) + b"\x08\x02\x00\x00\x00"
GIF = b"GIF89a" + struct.pack("<HH", 800, 600)
FRAME = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 600, 800)
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab" + FRAME


def said(code: str, *, status: str = "OK", message: str = "OK") -> bytes:
    """The answer of the reference with another code."""
    return (
        "<result><status><interfaceId>cabinet.file.insert</interfaceId>"
        f"<systemStatus>{status}</systemStatus><message>{message}</message><requestId>714a4983</requestId><requests/>"
        f"</status><cabinetFileInsertResult><resultCode>{code}</resultCode><FileId>0</FileId>"
        "</cabinetFileInsertResult></result>"
    ).encode()


def answer(status: int, body: bytes) -> httpx.Response:
    return httpx.Response(status, headers={"content-type": "text/xml"}, content=body)


async def upload(
    wire: Wire, account: FakeAccount | None = None, *, image: bytes = JPEG, name: str = "Mug <1>"
) -> Problem | None:
    async with wire.client() as client:
        store = RakutenClient(client, account or an_account())
        return await cabinet.upload(store, image, folder_id="7", place="/crossdock/0123456789abcdef.jpg", name=name)


async def test_an_image_goes_as_a_form_of_a_document_and_a_file() -> None:
    wire, account = Wire(answer(200, said("0"))), an_account()
    assert await upload(wire, account) is None
    (request,) = wire.requests
    assert str(request.url) == "https://api.rms.rakuten.co.jp/es/1.0/cabinet/file/insert"
    assert request.headers["Content-Type"] == "multipart/form-data; boundary=crossdock-image-0"
    head, _, rest = request.content.partition(b"\r\n\r\n")
    assert head == (
        b'--crossdock-image-0\r\nContent-Disposition: form-data; name="xml"\r\nContent-Type: text/xml; charset=utf-8'
    )
    assert rest.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<request><fileInsertRequest><file><fileName>Mug &lt;1&gt;</fileName>'
        b"<folderId>7</folderId><filePath>0123456789abcdef.jpg</filePath><overWrite>true</overWrite></file>"
    )
    assert rest.endswith(JPEG + b"\r\n--crossdock-image-0--\r\n")
    assert account.paid == [("cabinet", 1)]
    assert JPEG.decode("latin-1") not in account.exchanges[0].request_body


def test_the_same_address_has_the_same_place_and_another_another() -> None:
    first, again, other = [names.picture_place(f"https://example.com/{name}.jpg") for name in "aab"]
    assert first == again != other
    assert len(first.rpartition("/")[2]) <= 20


async def test_the_line_between_the_parts_is_in_no_image() -> None:
    wire = Wire(answer(200, said("0")))
    await upload(wire, image=JPEG + b"crossdock-image-0")
    assert wire.requests[0].headers["Content-Type"].endswith("boundary=crossdock-image-1")


async def test_a_long_name_is_cut_to_what_fits() -> None:
    wire = Wire(answer(200, said("0")))
    await upload(wire, name="漢" * 40)
    assert f"<fileName>{'漢' * 25}</fileName>".encode() in wire.requests[0].content


@pytest.mark.parametrize(
    ("reply", "problem_class", "code"),
    [
        (answer(400, said("3008", status="NG", message="FileSizeOver")), ProblemClass.DATA, "3008"),
        (answer(400, said("3012", status="NG", message="Quota")), ProblemClass.ACCOUNT, "3012"),
        (answer(400, said("9999", status="NG", message="?")), ProblemClass.DATA, "9999"),
        (answer(200, said("", status="NG", message="AuthError")), ProblemClass.ACCOUNT, "AuthError"),
    ],
)
async def test_a_refused_image_says_who_must_act(reply: httpx.Response, problem_class: ProblemClass, code: str) -> None:
    problem = await upload(Wire(reply))
    assert problem is not None
    assert (problem.problem_class, problem.code) == (problem_class, code)
    assert problem.original


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(400, said("3001", status="NG")), OurFault),
        (answer(503, said("1001", status="NG")), Busy),
        (answer(500, said("6001", status="NG")), InDoubt),
        (answer(200, b"<html>"), InDoubt),
        (answer(401, b'{"Results":{"errorCode":"ES01-01","message":"Un-Authorised"}}'), PermissionLost),
        (answer(403, b'{"Results":{"errorCode":"ES01-03","message":"Forbidden- Exceeded QPS Limitation"}}'), Busy),
    ],
)
async def test_what_stops_an_upload_is_raised(reply: httpx.Response, kind: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        await upload(Wire(reply))
    assert type(caught.value) is kind


# ---- against the practice store ----


async def put(shop: Shop, image: bytes) -> Problem | None:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        shop.clock.now += 1
        store = RakutenClient(client, shop.account())
        return await cabinet.upload(store, image, folder_id="0", place="/mug.jpg", name="Mug")


@pytest.mark.parametrize("image", [PNG, GIF, JPEG, b"BM" + b"x" * 20])
async def test_an_image_is_taken_once_however_often_it_comes(shop: Shop, image: bytes) -> None:
    assert [await put(shop, image), await put(shop, image)] == [None, None]
    entries = await shop.read("ledger")
    assert [row["subject"] for row in entries] == ["/mug.jpg", "/mug.jpg"]


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (PNG + b"x" * 2_100_000, "3008"),
        (PNG.replace(struct.pack(">I", 800), struct.pack(">I", 4000)), "3009"),
        (JPEG.replace(struct.pack(">H", 800), struct.pack(">H", 4000)), "3009"),
        (b"RIFF....WEBP", "3010"),
        (PNG[:18], "3011"),
        (JPEG[:9], "3011"),
        (b"\xff\xd8\xff\xe0\x00\x04abxxxx", "3011"),
    ],
)
async def test_an_image_rakuten_would_not_take_is_refused(shop: Shop, image: bytes, code: str) -> None:
    problem = await put(shop, image)
    assert problem is not None
    assert (problem.problem_class, problem.code) == (ProblemClass.DATA, code)
    assert await shop.read("ledger") == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"filePath": "Mug.jpg"}, "3001"),
        ({"filePath": "img12345678.jpg"}, "3001"),
        ({"filePath": "a-path-of-more-than-20.jpg"}, "3001"),
        ({"fileName": ""}, "3001"),
        ({"folderId": "7"}, "3005"),
        ({"overWrite": "false"}, "3007"),
    ],
)
async def test_names_rakuten_would_not_take_are_refused(shop: Shop, fields: dict[str, str], code: str) -> None:
    usual = {"fileName": "Mug", "folderId": "0", "filePath": "mug.jpg", "overWrite": "true"}
    assert "<resultCode>0</resultCode>" in await insert(shop, usual)
    assert f"<resultCode>{code}</resultCode>" in await insert(shop, usual | fields)


async def insert(shop: Shop, fields: dict[str, str]) -> str:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    document = f"<request><fileInsertRequest><file>{inner}</file></fileInsertRequest></request>"
    shop.clock.now += 1
    answered = await shop.client.post(
        "/es/1.0/cabinet/file/insert",
        files={"xml": (None, document), "file": ("mug.png", PNG, "image/png")},
        headers={"Authorization": esa(SECRET, shop.key)},
    )
    assert answered.headers["content-type"].startswith("text/xml")
    return answered.text


async def test_a_body_that_is_no_form_is_refused(shop: Shop) -> None:
    answered = await shop.call("POST", "/es/1.0/cabinet/file/insert", {"x": 1})
    assert (answered.status_code, "<resultCode>3001</resultCode>" in answered.text) == (400, True)


# ---- our folder ----


async def folder(shop: Shop) -> str:
    async with httpx.AsyncClient(verify=False, trust_env=False) as client:
        shop.clock.now += 1
        return await cabinet.our_folder(RakutenClient(client, shop.account()))


async def test_our_folder_is_made_once_and_found_afterwards(shop: Shop) -> None:
    made = await folder(shop)
    shop.clock.now += 10
    assert await folder(shop) == made
    assert [row["subject"] for row in await shop.read("ledger")] == ["/crossdock"]


async def test_a_folder_that_is_not_told_of_yet_is_waited_for(shop: Shop) -> None:
    await folder(shop)
    with pytest.raises(Busy) as caught:
        await folder(shop)
    assert caught.value.retry_after_seconds == 10


async def test_our_folder_is_found_on_a_later_page(shop: Shop) -> None:
    for number in range(120):
        document = f"<folderName>x</folderName><directoryName>d{number}</directoryName>"
        await shop.call("POST", "/es/1.0/cabinet/folder/insert", document)
    made = await folder(shop)
    shop.clock.now += 10
    assert await folder(shop) == made
