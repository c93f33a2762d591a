"""What becomes of a product that Shopify went on with after our call."""

from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from connectors.errors import Busy, PermissionLost, ProblemClass
from connectors.records import Done, Failed, ImageRecord, Outcome, ProductRecord, Published, PublishItem, Sent, SentItem
from connectors.shopify import mapping
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.products import BLUE, BLUE_STOCK, LINKS, PRODUCT, SAND, SAND_STOCK, mug
from tests.connectors.wire import ONLINE_STORE, FakeAccount, Wire, refused

OPERATION = "gid://shopify/ProductSetOperation/11012345678901"
IMAGE = "gid://shopify/MediaImage/39012345678901"
URL = "https://nordlicht.example/products/stoneware-mug"
PUBLISHED = Published(channel_id=PRODUCT, handle="stoneware-mug", url=URL, links=LINKS)
SHOWN = b'{"publishable":{"onlineStoreUrl":"%s"},"userErrors":[]}' % URL.encode()
WRITTEN = b'{"id":"%s","handle":"stoneware-mug","onlineStoreUrl":null}' % PRODUCT.encode()
COMPLETE = b'{"status":"COMPLETE","product":%s,"userErrors":[]}' % WRITTEN
UPDATED = b'{"product":{"id":"p"},"userErrors":[]}'
LAST_PAGE = b'"pageInfo":{"hasNextPage":false,"endCursor":null}'


def reply(*items: bytes) -> bytes:
    return b'{"data":{' + b",".join(b'"item%d":%s' % pair for pair in enumerate(items)) + b"}}"


def refusal(code: str) -> bytes:
    said = b'{"code":"%s","field":["input"],"message":"No."}' % code.encode()
    return b'{"status":"COMPLETE","product":null,"userErrors":[%s]}' % said


def variant(channel_id: str, stock_id: str, value: str, image: str = "") -> bytes:
    media = b'{"id":"%s"}' % image.encode() if image else b""
    return (
        b'{"id":"%s","sku":"","barcode":"","selectedOptions":[{"name":"Colour","value":"%s"}],'
        b'"inventoryItem":{"id":"%s"},"media":{"nodes":[%s]}}'
    ) % (channel_id.encode(), value.encode(), stock_id.encode(), media)


def image(status: str = "READY", name: str = "") -> bytes:
    name = name or mapping.file_name("https://cdn.example.com/mug-blue.jpg")
    served = b'{"url":"https://cdn.shopify.com/s/files/1/1/files/%s?v=1"}' % name.encode()
    shown = served if status == "READY" else b"null"
    return b'{"id":"%s","status":"%s","image":%s}' % (IMAGE.encode(), status.encode(), shown)


def whole(variants: bytes, *media: bytes, page: bytes = LAST_PAGE) -> bytes:
    """The product as a look reads it."""
    lists = b',"media":{"nodes":[%s]},"variants":{"nodes":[%s],%s}}' % (b",".join(media), variants, page)
    return reply(WRITTEN[:-1] + lists)


def finished(*media: bytes, blue_has: str = IMAGE) -> bytes:
    nodes = variant(BLUE, BLUE_STOCK, "Blue", blue_has) + b"," + variant(SAND, SAND_STOCK, "Sand")
    return whole(nodes, *media)


async def look(wire: Wire, product: ProductRecord | None = None) -> Outcome[Published]:
    (outcome,) = await look_at(wire, [SentItem(item=PublishItem(product=product or mug()), reference=OPERATION)])
    return outcome


async def look_at(wire: Wire, sent: Sequence[SentItem[PublishItem]]) -> list[Outcome[Published]]:
    async with wire.client() as client:
        outcomes = await Shopify(client).look(FakeAccount(), sent)
    assert wire.unused == 0
    return outcomes


async def test_the_work_is_asked_after_by_its_reference() -> None:
    wire = Wire(reply(b'{"status":"ACTIVE","product":null,"userErrors":[]}'))
    outcome = await look(wire)
    assert isinstance(outcome, Sent)
    assert (outcome.reference, outcome.look_after_seconds) == (OPERATION, None)
    assert wire.sent(0)["operationName"] == "SetOperation"
    assert wire.variables(0) == {"id0": OPERATION}


async def test_a_product_that_is_whole_is_shown_and_done() -> None:
    wire = Wire(reply(COMPLETE), finished(image()), reply(SHOWN))
    assert await look(wire) == Done(PUBLISHED)
    assert wire.variables(1) == {"id0": PRODUCT}
    assert wire.variables(2) == {"id0": PRODUCT, "publicationId0": ONLINE_STORE}


async def test_a_variant_without_its_image_is_given_it_before_the_product_is_shown() -> None:
    wire = Wire(reply(COMPLETE), finished(image(), blue_has=""), reply(UPDATED))
    outcome = await look(wire)
    assert isinstance(outcome, Sent)
    assert outcome.look_after_seconds == 10
    assert wire.sent(2)["operationName"] == "VariantsUpdate"
    assert wire.variables(2) == {"productId0": PRODUCT, "variants0": [{"id": BLUE, "mediaId": IMAGE}]}


@pytest.mark.parametrize("status", ["UPLOADED", "PROCESSING"])
async def test_images_are_waited_for_while_shopify_fetches_them(status: str) -> None:
    outcome = await look(Wire(reply(COMPLETE), finished(image(status), blue_has="")))
    assert isinstance(outcome, Sent)
    assert outcome.look_after_seconds == 10


async def test_nobody_waits_for_images_that_no_variant_has() -> None:
    bare = tuple(replace(one, image_url="") for one in mug().variants)
    wire = Wire(reply(COMPLETE), finished(image("PROCESSING"), blue_has=""), reply(SHOWN))
    assert await look(wire, mug(variants=bare)) == Done(PUBLISHED)


async def test_an_image_that_cannot_be_fetched_holds_nothing_back() -> None:
    wire = Wire(reply(COMPLETE), finished(image("FAILED"), blue_has=""), reply(SHOWN))
    assert await look(wire) == Done(PUBLISHED)


async def test_an_image_whose_address_names_no_file_is_known_by_its_place() -> None:
    source = "https://cdn.example.com/image?id=7"
    blue = replace(mug().variants[0], image_url=source)
    product = mug(variants=(blue, mug().variants[1]), images=(ImageRecord(source),))
    wire = Wire(reply(COMPLETE), finished(image(name="chosen-there.jpg"), blue_has=""), reply(UPDATED))
    assert isinstance(await look(wire, product), Sent)
    assert wire.variables(2)["variants0"] == [{"id": BLUE, "mediaId": IMAGE}]


async def test_one_look_gives_as_many_images_as_one_request_may() -> None:
    blue = mug().variants[0]
    many = tuple(replace(blue, key=f"v{n}", option_values=(f"C{n}",)) for n in range(1200))
    nodes = b",".join(variant(f"{BLUE}{n}", f"{BLUE_STOCK}{n}", f"C{n}") for n in range(1200))
    wire = Wire(reply(COMPLETE), whole(nodes, image()), reply(*[UPDATED] * 4))
    assert isinstance(await look(wire, mug(variants=many)), Sent)
    assert [len(wire.variables(2)[f"variants{n}"]) for n in range(4)] == [250] * 4


async def test_an_image_refused_says_why() -> None:
    no = b'{"userErrors":[{"code":"PRODUCT_SUSPENDED","field":["variants","0","mediaId"],"message":"No."}]}'
    outcome = await look(Wire(reply(COMPLETE), finished(image(), blue_has=""), reply(no)))
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.field) == ("PRODUCT_SUSPENDED", "/variants")


async def test_variants_beyond_the_first_page_are_linked_too() -> None:
    first = whole(
        variant(BLUE, BLUE_STOCK, "Blue", IMAGE), image(), page=b'"pageInfo":{"hasNextPage":true,"endCursor":"c1"}'
    )
    second = reply(b'{"variants":{"nodes":[%s],%s}}' % (variant(SAND, SAND_STOCK, "Sand"), LAST_PAGE))
    wire = Wire(reply(COMPLETE), first, second, reply(SHOWN))
    assert await look(wire) == Done(PUBLISHED)
    assert wire.variables(2) == {"id0": PRODUCT, "after0": "c1"}


@pytest.mark.parametrize(
    ("operation", "kind", "code"),
    [
        (refusal("INVALID_VARIANT"), ProblemClass.DATA, "INVALID_VARIANT"),
        (refusal("GENERIC_ERROR"), ProblemClass.BUSY, "GENERIC_ERROR"),
        (b"null", ProblemClass.UNKNOWN, "no_operation"),
        (b'{"status":"COMPLETE","product":null,"userErrors":[]}', ProblemClass.UNKNOWN, "no_product"),
    ],
)
async def test_work_that_came_to_nothing_says_why(operation: bytes, kind: ProblemClass, code: str) -> None:
    outcome = await look(Wire(reply(operation)))
    assert isinstance(outcome, Failed)
    assert (outcome.problem.problem_class, outcome.problem.code) == (kind, code)


async def test_a_product_deleted_meanwhile_is_said_to_be_gone() -> None:
    outcome = await look(Wire(reply(COMPLETE), reply(b"null")))
    assert isinstance(outcome, Failed)
    assert outcome.problem.code == "PRODUCT_DOES_NOT_EXIST"


def holder(mark: str) -> bytes:
    """The product behind the handle, with our mark or none."""
    marked = b'{"value":"%s"}' % mark.encode() if mark else b"null"
    return reply(WRITTEN[:-1] + b',"title":"t","mark":%s,"variants":{"nodes":[],%s}}' % (marked, LAST_PAGE))


async def test_a_handle_an_earlier_try_of_ours_holds_is_no_refusal() -> None:
    wire = Wire(reply(refusal("HANDLE_NOT_UNIQUE")), holder("p-mug"), finished(image()), reply(SHOWN))
    assert await look(wire) == Done(PUBLISHED)


async def test_a_handle_somebody_else_holds_is_one() -> None:
    outcome = await look(Wire(reply(refusal("HANDLE_NOT_UNIQUE")), holder("")))
    assert isinstance(outcome, Failed)
    assert outcome.problem.code == "HANDLE_NOT_UNIQUE"


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize(
    ("answer", "kind"),
    [(refused(401, b"{}"), PermissionLost), (refused(429, b"{}"), Busy), (httpx.ConnectError("x"), Busy)],
)
async def test_a_look_that_comes_to_nothing_is_raised(
    position: int, answer: httpx.Response | Exception, kind: type[Exception]
) -> None:
    good: list[bytes | httpx.Response | Exception] = [reply(COMPLETE), finished(image()), reply(SHOWN)]
    with pytest.raises(kind):
        await look(Wire(*good[:position], answer))


async def test_what_could_not_be_shown_says_why() -> None:
    said = b'{"field":["input","0"],"message":"Publication does not exist or is not publishable"}'
    outcome = await look(Wire(reply(COMPLETE), finished(image()), reply(b'{"userErrors":[%s]}' % said)))
    assert isinstance(outcome, Failed)
    assert outcome.problem.code == "publication_gone"


async def test_several_are_asked_after_in_one_request() -> None:
    working = b'{"status":"CREATED","product":null,"userErrors":[]}'
    wire = Wire(reply(working, COMPLETE), finished(image()), reply(SHOWN))
    item = PublishItem(product=mug())
    first, second = await look_at(wire, [SentItem(item=item, reference="a"), SentItem(item=item, reference="b")])
    assert isinstance(first, Sent)
    assert second == Done(PUBLISHED)
    assert wire.variables(0) == {"id0": "a", "id1": "b"}
