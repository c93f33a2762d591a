from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from connectors.errors import Busy, InDoubt, PermissionLost, ProblemClass
from connectors.records import (
    Aspect,
    Done,
    Failed,
    LinkedItem,
    Money,
    Outcome,
    ProductRecord,
    Published,
    PublishItem,
    Sent,
)
from connectors.shopify import mapping
from connectors.shopify.connector import Shopify
from tests.connectors.shopify.products import (
    BLUE,
    BLUE_STOCK,
    LINKS,
    PRODUCT,
    SAND,
    SAND_STOCK,
    mug,
    plain,
)
from tests.connectors.wire import LOCATION, ONLINE_STORE, FakeAccount, Wire, refused

URL = "https://nordlicht.example/products/stoneware-mug"
PUBLISHED = Published(channel_id=PRODUCT, handle="stoneware-mug", url=URL, links=LINKS)


def variant(channel_id: str, stock_id: str, value: str, option: str = "Colour") -> bytes:
    return (
        b'{"id":"%s","sku":"","barcode":"","selectedOptions":[{"name":"%s","value":"%s"}],"inventoryItem":{"id":"%s"}}'
        % (channel_id.encode(), option.encode(), value.encode(), stock_id.encode())
    )


BLUE_NODE, SAND_NODE = variant(BLUE, BLUE_STOCK, "Blue"), variant(SAND, SAND_STOCK, "Sand")
PAGE_END = b'"pageInfo":{"hasNextPage":false,"endCursor":null}'
MUG_NODE = b'{"id":"%s","handle":"stoneware-mug","onlineStoreUrl":null,"variants":{"nodes":[%s,%s],%s}}' % (
    PRODUCT.encode(),
    BLUE_NODE,
    SAND_NODE,
    PAGE_END,
)
CREATED = b'{"product":%s,"userErrors":[]}' % MUG_NODE
SHOWN = b'{"publishable":{"onlineStoreUrl":"%s"},"userErrors":[]}' % URL.encode()
TAKEN = (
    b'{"product":null,"userErrors":[{"code":"HANDLE_NOT_UNIQUE","field":["input","handle"],'
    b'"message":"Handle \'stoneware-mug\' already in use. Please provide a new handle."}]}'
)


def reply(*items: bytes) -> bytes:
    return b'{"data":{' + b",".join(b'"item%d":%s' % pair for pair in enumerate(items)) + b"}}"


def looked(mark: str) -> bytes:
    marked = b'{"value":"%s"}' % mark.encode() if mark else b"null"
    return MUG_NODE.replace(b'"onlineStoreUrl":null', b'"onlineStoreUrl":null,"title":"Stoneware mug","mark":' + marked)


async def publish(
    wire: Wire, items: Sequence[PublishItem], account: FakeAccount | None = None
) -> list[Outcome[Published]]:
    async with wire.client() as client:
        outcomes = await Shopify(client).publish(account or FakeAccount(), items)
    assert wire.unused == 0
    return outcomes


async def update(wire: Wire, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
    async with wire.client() as client:
        outcomes = await Shopify(client).update(FakeAccount(), items)
    assert wire.unused == 0
    return outcomes


def problem_of(outcome: Outcome[Published]) -> tuple[ProblemClass, str, str, str]:
    assert isinstance(outcome, Failed)
    problem = outcome.problem
    return problem.problem_class, problem.code, problem.field, problem.original


# ---- first publish ----


async def test_a_product_is_created_without_an_identifier_and_shown_in_the_online_store() -> None:
    wire = Wire(reply(CREATED), reply(SHOWN))
    assert await publish(wire, [PublishItem(product=mug())]) == [Done(PUBLISHED)]
    assert wire.sent(0)["operationName"] == "ProductSet"
    assert wire.variables(0) == {
        "input0": mapping.create_input(mug(), location_id=LOCATION),
        "identifier0": None,
        "variantsFirst0": 2,
    }
    assert "synchronous: true" in wire.sent(0)["query"]
    assert wire.sent(1)["operationName"] == "Publish"
    assert wire.variables(1) == {"id0": PRODUCT, "publicationId0": ONLINE_STORE}


async def test_several_products_travel_in_one_document_and_keep_their_order() -> None:
    bad = (
        b'{"product":null,"userErrors":[{"code":"INVALID_INPUT","field":["input","title"],'
        b'"message":"is too long (maximum is 255 characters)"}]}'
    )
    wire = Wire(reply(bad, CREATED), reply(SHOWN))
    refused_one, done = await publish(wire, [PublishItem(product=plain()), PublishItem(product=mug())])
    assert problem_of(refused_one) == (
        ProblemClass.DATA,
        "TOO_LONG",
        "/title",
        "is too long (maximum is 255 characters)",
    )
    assert done == Done(PUBLISHED)
    assert [wire.variables(0)[f"input{number}"]["handle"] for number in range(2)] == ["plain", "stoneware-mug"]
    assert wire.variables(1) == {"id0": PRODUCT, "publicationId0": ONLINE_STORE}


async def test_a_handle_in_use_is_refused_and_nothing_is_overwritten() -> None:
    wire = Wire(reply(TAKEN), reply(looked("")))
    (outcome,) = await publish(wire, [PublishItem(product=mug())])
    assert problem_of(outcome) == (
        ProblemClass.DATA,
        "HANDLE_NOT_UNIQUE",
        "/handle",
        "Handle 'stoneware-mug' already in use. Please provide a new handle.",
    )
    assert wire.variables() == {"handle0": "stoneware-mug"}


async def test_a_handle_in_use_is_recognised_by_its_words_when_the_code_is_vague() -> None:
    vague = TAKEN.replace(b"HANDLE_NOT_UNIQUE", b"INVALID_INPUT")
    (outcome,) = await publish(Wire(reply(vague), reply(looked("p-other"))), [PublishItem(product=mug())])
    assert problem_of(outcome)[1] == "HANDLE_NOT_UNIQUE"


async def test_a_repeated_publish_takes_over_what_the_first_one_made() -> None:
    wire = Wire(reply(TAKEN), reply(looked("p-mug")), reply(SHOWN))
    assert await publish(wire, [PublishItem(product=mug())]) == [Done(PUBLISHED)]
    assert wire.variables() == {"id0": PRODUCT, "publicationId0": ONLINE_STORE}


async def test_a_lost_answer_leaves_a_publish_in_doubt() -> None:
    with pytest.raises(InDoubt):
        await publish(Wire(httpx.ReadTimeout("x")), [PublishItem(product=mug())])


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        (httpx.ReadTimeout("x"), ProblemClass.UNKNOWN),
        (refused(401, b"{}"), ProblemClass.PERMISSION),
        (refused(429, b"{}"), ProblemClass.BUSY),
        (reply(b'{"userErrors":[{"field":["id"],"message":"Resource does not exist"}]}'), ProblemClass.DATA),
        (
            reply(
                b'{"userErrors":[{"field":["input","0","publicationId"],'
                b'"message":"Publication does not exist or is not publishable"}]}'
            ),
            ProblemClass.ACCOUNT,
        ),
    ],
)
async def test_created_but_not_shown_is_not_done(
    second: bytes | httpx.Response | Exception, kind: ProblemClass
) -> None:
    (outcome,) = await publish(Wire(reply(CREATED), second), [PublishItem(product=mug())])
    assert problem_of(outcome)[0] is kind


async def test_a_product_without_options_is_linked_to_its_only_variant() -> None:
    only = variant(SAND, SAND_STOCK, "Default Title", "Title")
    node = MUG_NODE.replace(BLUE_NODE + b"," + SAND_NODE, only)
    (outcome,) = await publish(
        Wire(reply(b'{"product":%s,"userErrors":[]}' % node), reply(SHOWN)), [PublishItem(product=plain())]
    )
    assert isinstance(outcome, Done)
    assert outcome.value.links == (LinkedItem(key="v-p-plain", channel_id=SAND, stock_id=SAND_STOCK),)


async def test_variants_beyond_the_first_page_are_linked_too() -> None:
    first = CREATED.replace(b"," + SAND_NODE, b"").replace(
        PAGE_END, b'"pageInfo":{"hasNextPage":true,"endCursor":"c1"}'
    )
    second = reply(b'{"variants":{"nodes":[%s],%s}}' % (SAND_NODE, PAGE_END))
    wire = Wire(reply(first), second, reply(SHOWN))
    assert await publish(wire, [PublishItem(product=mug())]) == [Done(PUBLISHED)]
    assert wire.variables(1) == {"id0": PRODUCT, "after0": "c1"}


OPERATION = "gid://shopify/ProductSetOperation/11012345678901"
TAKEN_ON = b'{"productSetOperation":{"id":"%s"},"userErrors":[]}' % OPERATION.encode()


def large(count: int = 251) -> ProductRecord:
    """A mug in more colours than one page holds, each with an image of its own."""
    blue = mug().variants[0]
    return mug(variants=tuple(replace(blue, key=f"v{n}", option_values=(f"C{n}",)) for n in range(count)))


async def test_a_product_too_large_to_wait_for_is_left_with_shopify() -> None:
    wire = Wire(reply(TAKEN_ON, CREATED), reply(SHOWN))
    sent, done = await publish(wire, [PublishItem(product=large()), PublishItem(product=mug())])
    assert isinstance(sent, Sent)
    assert sent.reference == OPERATION
    assert done == Done(PUBLISHED)
    assert "synchronous: false" in wire.sent(0)["query"]
    value = wire.variables(0)["input0"]
    assert value == mapping.without_variant_files(mapping.create_input(large(), location_id=LOCATION))
    assert len(value["files"]) == 1, "the product's own images go along"
    assert not any("file" in variant for variant in value["variants"])
    assert wire.variables(1) == {"id0": PRODUCT, "publicationId0": ONLINE_STORE}, "only what is there is shown"


@pytest.mark.parametrize(("count", "later"), [(250, False), (251, True)])
async def test_a_page_of_variants_is_still_waited_for(count: int, later: bool) -> None:
    wire = Wire(reply(TAKEN_ON if later else CREATED), *([] if later else [reply(SHOWN)]))
    await publish(wire, [PublishItem(product=large(count))])
    assert ("synchronous: false" in wire.sent(0)["query"]) is later


async def test_a_large_product_refused_at_once_says_why() -> None:
    (outcome,) = await publish(Wire(reply(TAKEN), reply(looked(""))), [PublishItem(product=large())])
    assert problem_of(outcome)[1] == "HANDLE_NOT_UNIQUE"


async def test_a_large_product_of_ours_is_replaced_in_the_same_way() -> None:
    wire = Wire(held(), reply(TAKEN_ON))
    item = PublishItem(product=large(), channel_id=PRODUCT, ours=True, links=(replace(LINKS[0], key="v0"),))
    (outcome,) = await update(wire, [item])
    assert isinstance(outcome, Sent)
    assert wire.variables(1)["identifier0"] == {"id": PRODUCT}
    assert [row.get("id") for row in wire.variables(1)["input0"]["variants"][:2]] == [BLUE, None]


async def test_a_price_in_another_currency_is_never_sent() -> None:
    foreign = mug(variants=(replace(mug().variants[1], price=Money(2400, "JPY")),))
    wire = Wire(reply(CREATED), reply(SHOWN))
    outcomes = await publish(wire, [PublishItem(product=foreign), PublishItem(product=mug())])
    assert problem_of(outcomes[0])[:2] == (ProblemClass.DATA, "currency_mismatch")
    assert outcomes[1] == Done(PUBLISHED)
    assert "input1" not in wire.variables(0)


@pytest.mark.parametrize(
    ("code", "path", "field"),
    [
        ("INVALID_VARIANT", '["input","variants","0","inventoryItem","cost"]', "/variants/0/cost"),
        ("INVALID_VARIANT", '["input","variants",1,"price"]', "/variants/1/price"),
        ("INVALID_INPUT", '["input","productOptions","0","name"]', "/option_names/0"),
        ("INVALID_INPUT", '["input","files","2","originalSource"]', "/images/2"),
        ("INVALID_INPUT", '["input","seo","title"]', "/seo_title"),
        ("DUPLICATED_OPTION_VALUE", '["input","variants","1","optionValues","0"]', "/variants/1/option_values"),
        ("SOMETHING_NEW", '["input","somethingNew"]', ""),
        ("", "null", ""),
    ],
)
async def test_a_refusal_keeps_its_words_and_points_at_our_field(code: str, path: str, field: str) -> None:
    said = f'"code":"{code}","field":{path},"message":"Their \\u201cown\\u201d words."'
    body = b'{"product":null,"userErrors":[{%s}]}' % said.encode()
    (outcome,) = await publish(Wire(reply(body)), [PublishItem(product=mug())])
    assert problem_of(outcome) == (ProblemClass.DATA, code or "refused", field, "Their “own” words.")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Handle is too long (maximum is 255 characters)", "/handle"),
        ("Vendor is too long (maximum is 255 characters)", "/vendor"),
        ("Product type is too long (maximum is 255 characters)", "/product_type"),
    ],
)
async def test_a_refusal_that_names_no_field_is_placed_by_its_words(message: str, field: str) -> None:
    body = (
        b'{"product":null,"userErrors":[{"code":"INVALID_INPUT","field":["input"],"message":"%s"}]}' % message.encode()
    )
    (outcome,) = await publish(Wire(reply(body)), [PublishItem(product=mug())])
    assert problem_of(outcome) == (ProblemClass.DATA, "TOO_LONG", field, message)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("PRODUCT_SUSPENDED", ProblemClass.ACCOUNT),
        ("GENERIC_ERROR", ProblemClass.BUSY),
        ("JOB_ERROR", ProblemClass.BUSY),
        ("ID_NOT_ALLOWED", ProblemClass.OURS),
        ("INVALID_LOCATION", ProblemClass.ACCOUNT),
        ("OPTIONS_OVER_LIMIT", ProblemClass.DATA),
    ],
)
async def test_the_code_says_who_must_act(code: str, kind: ProblemClass) -> None:
    body = b'{"product":null,"userErrors":[{"code":"%s","field":null,"message":"no"}]}' % code.encode()
    (outcome,) = await publish(Wire(reply(body)), [PublishItem(product=mug())])
    assert problem_of(outcome)[:2] == (kind, code)


async def test_all_words_of_several_refusals_are_kept_once_each() -> None:
    body = (
        b'{"product":null,"userErrors":[{"code":"INVALID_VARIANT","field":["input","variants","0"],"message":"One."},'
        b'{"code":"INVALID_VARIANT","field":["input","variants","1"],"message":"Two."},'
        b'{"code":"INVALID_VARIANT","field":["input","variants","1"],"message":"One."}]}'
    )
    (outcome,) = await publish(Wire(reply(body)), [PublishItem(product=mug())])
    assert problem_of(outcome) == (ProblemClass.DATA, "INVALID_VARIANT", "/variants/0", "One.\nTwo.")


async def test_an_accepted_create_without_a_product_settles_nothing() -> None:
    (outcome,) = await publish(Wire(reply(b'{"product":null,"userErrors":[]}')), [PublishItem(product=mug())])
    assert problem_of(outcome)[0] is ProblemClass.UNKNOWN


# ---- update of ours ----

OURS = PublishItem(product=mug(), channel_id=PRODUCT, ours=True, links=LINKS)


def held(variants: bytes = BLUE_NODE + b"," + SAND_NODE, media: bytes = b"") -> bytes:
    return reply(
        b'{"id":"%s","media":{"nodes":[%s]},"variants":{"nodes":[%s],%s}}'
        % (PRODUCT.encode(), media, variants, PAGE_END)
    )


async def test_a_product_of_ours_is_replaced_by_id_and_stays_shown() -> None:
    wire = Wire(held(), reply(CREATED), reply(SHOWN))
    assert await update(wire, [OURS]) == [Done(PUBLISHED)]
    assert wire.sent(1)["operationName"] == "ProductSet"
    assert wire.variables(1)["identifier0"] == {"id": PRODUCT}
    sent = wire.variables(1)["input0"]
    assert [row["id"] for row in sent["variants"]] == [BLUE, SAND]
    assert not {"handle", "metafields"} & sent.keys()
    assert wire.variables(2) == {"id0": PRODUCT, "publicationId0": ONLINE_STORE}


async def test_a_variant_deleted_in_the_shop_comes_back_as_a_new_one() -> None:
    wire = Wire(held(variants=BLUE_NODE), reply(CREATED), reply(SHOWN))
    await update(wire, [OURS])
    assert [row.get("id") for row in wire.variables(1)["input0"]["variants"]] == [BLUE, None]


async def test_a_variant_without_a_link_is_known_by_its_options_and_not_made_twice() -> None:
    wire = Wire(held(), reply(CREATED), reply(SHOWN))
    await update(wire, [replace(OURS, links=LINKS[:1])])
    assert [row.get("id") for row in wire.variables(1)["input0"]["variants"]] == [BLUE, SAND]


async def test_a_renamed_variant_keeps_its_id_though_another_has_its_old_name() -> None:
    blue, sand = mug().variants
    swapped = (replace(blue, option_values=("Sand",)), replace(sand, option_values=("Moss",)))
    wire = Wire(held(), reply(CREATED), reply(SHOWN))
    await update(wire, [replace(OURS, product=mug(variants=swapped))])
    assert [row["id"] for row in wire.variables(1)["input0"]["variants"]] == [BLUE, SAND]


async def test_images_the_shop_holds_are_not_sent_again() -> None:
    name = mapping.file_name("https://cdn.example.com/mug-blue.jpg")
    media = (
        b'{"id":"gid://shopify/MediaImage/5","image":{"url":"https://cdn.shopify.com/s/files/%s?v=1"}}' % name.encode()
    )
    wire = Wire(held(media=media), reply(CREATED), reply(SHOWN))
    await update(wire, [OURS])
    assert wire.variables(1)["input0"]["files"] == [{"id": "gid://shopify/MediaImage/5", "alt": "Blue mug"}]


async def test_a_product_deleted_in_the_shop_is_said_to_be_gone() -> None:
    (outcome,) = await update(Wire(reply(b"null")), [OURS])
    assert problem_of(outcome) == (ProblemClass.DATA, "PRODUCT_DOES_NOT_EXIST", "", "")


async def test_a_replacement_refused_says_why() -> None:
    bad = b'{"product":null,"userErrors":[{"code":"PRODUCT_SUSPENDED","field":null,"message":"Product is suspended."}]}'
    (outcome,) = await update(Wire(held(), reply(bad)), [OURS])
    assert problem_of(outcome)[:2] == (ProblemClass.ACCOUNT, "PRODUCT_SUSPENDED")


async def test_a_replacement_without_an_answer_is_in_doubt() -> None:
    (outcome,) = await update(Wire(held(), httpx.ReadTimeout("x")), [OURS])
    assert problem_of(outcome)[0] is ProblemClass.UNKNOWN


async def test_what_alone_changed_is_all_that_is_sent() -> None:
    wire = Wire(reply(UPDATED))
    (outcome,) = await update(wire, [replace(OURS, changed=frozenset({Aspect.FIELDS}))])
    assert outcome == Done(Published(channel_id=PRODUCT, handle="their-mug", links=LINKS))
    assert wire.variables(0) == {"product0": mapping.update_input(OURS)}

    wire = Wire(reply(b'{"product":{"id":"x"},"userErrors":[]}'))
    (outcome,) = await update(wire, [replace(OURS, changed=frozenset({Aspect.VARIANTS}))])
    assert outcome == Done(Published(channel_id=PRODUCT, handle="stoneware-mug", links=LINKS))
    assert wire.sent()["operationName"] == "VariantsUpdate"

    wire = Wire()
    (outcome,) = await update(wire, [replace(OURS, changed=frozenset())])
    assert isinstance(outcome, Done)
    assert wire.requests == []


async def test_another_shape_or_a_variant_without_a_twin_needs_the_full_write() -> None:
    for item in (
        replace(OURS, changed=frozenset({Aspect.SHAPE})),
        replace(OURS, changed=frozenset({Aspect.FIELDS}), links=LINKS[:1]),
    ):
        wire = Wire(held(), reply(CREATED), reply(SHOWN))
        assert await update(wire, [item]) == [Done(PUBLISHED)]


async def test_a_variant_found_deleted_is_made_again_at_once() -> None:
    gone = (
        b'{"product":null,"userErrors":[{"code":"PRODUCT_VARIANT_DOES_NOT_EXIST","field":["variants","0","id"],'
        b'"message":"Product variant does not exist"}]}'
    )
    wire = Wire(reply(gone), held(variants=SAND_NODE), reply(CREATED), reply(SHOWN))
    assert await update(wire, [replace(OURS, changed=frozenset({Aspect.VARIANTS}))]) == [Done(PUBLISHED)]
    assert [row.get("id") for row in wire.variables(2)["input0"]["variants"]] == [None, SAND]


# ---- update of linked ----

LINKED = PublishItem(product=mug(), channel_id=PRODUCT, ours=False, links=LINKS[1:])
UPDATED = b'{"product":{"id":"%s","handle":"their-mug","onlineStoreUrl":null},"userErrors":[]}' % PRODUCT.encode()


async def test_a_linked_product_gets_single_fields_and_nothing_is_removed() -> None:
    wire = Wire(reply(UPDATED), reply(b'{"product":{"id":"%s"},"userErrors":[]}' % PRODUCT.encode()))
    assert await update(wire, [LINKED]) == [
        Done(Published(channel_id=PRODUCT, handle="their-mug", links=LINKS[1:])),
    ]
    assert [wire.sent(number)["operationName"] for number in range(2)] == ["ProductUpdate", "VariantsUpdate"]
    assert wire.variables(0) == {"product0": mapping.update_input(LINKED)}
    assert wire.variables(1) == {
        "productId0": PRODUCT,
        "variants0": [mapping.variant_update_input(mug().variants[1], channel_id=SAND, ours=False)],
    }
    assert "allowPartialUpdates: false" in wire.sent(1)["query"]


async def test_a_refused_variant_is_named_by_its_place_in_our_product() -> None:
    bad = (
        b'{"product":null,"userErrors":[{"code":"GREATER_THAN_OR_EQUAL_TO","field":["variants","0","price"],'
        b'"message":"Price must be greater than or equal to 0"}]}'
    )
    (outcome,) = await update(Wire(reply(UPDATED), reply(bad)), [LINKED])
    assert problem_of(outcome) == (
        ProblemClass.DATA,
        "GREATER_THAN_OR_EQUAL_TO",
        "/variants/1/price",
        "Price must be greater than or equal to 0",
    )


async def test_a_linked_product_that_is_refused_keeps_its_variants_as_they_are() -> None:
    gone = b'{"product":null,"userErrors":[{"field":["id"],"message":"Product does not exist"}]}'
    (outcome,) = await update(Wire(reply(gone)), [LINKED])
    assert problem_of(outcome) == (ProblemClass.DATA, "PRODUCT_DOES_NOT_EXIST", "", "Product does not exist")


async def test_more_than_250_variants_go_in_several_calls_of_250() -> None:
    many = tuple(replace(mug().variants[1], key=f"v{n}", option_values=(f"C{n}",)) for n in range(260))
    links = tuple(LinkedItem(key=row.key, channel_id=f"gid://shopify/ProductVariant/{n}") for n, row in enumerate(many))
    item = replace(LINKED, product=mug(variants=many), links=links)
    done = b'{"product":{"id":"x"},"userErrors":[]}'
    wire = Wire(reply(UPDATED), reply(done, done))
    (outcome,) = await update(wire, [item])
    assert isinstance(outcome, Done)
    assert [len(wire.variables(1)[name]) for name in ("variants0", "variants1")] == [250, 10]


async def test_publishing_a_linked_product_again_makes_it_active_and_shown() -> None:
    done = b'{"product":{"id":"x"},"userErrors":[]}'
    wire = Wire(reply(UPDATED), reply(done), reply(SHOWN))
    (outcome,) = await publish(wire, [LINKED])
    assert isinstance(outcome, Done)
    assert wire.variables(0)["product0"]["status"] == "ACTIVE"
    assert wire.sent(2)["operationName"] == "Publish"


async def test_an_update_that_cannot_begin_is_raised() -> None:
    with pytest.raises(PermissionLost):
        await update(Wire(refused(401, b"{}")), [LINKED])
    with pytest.raises(Busy):
        await update(Wire(refused(503, b"")), [OURS])
    with pytest.raises(InDoubt):
        await update(Wire(refused(503, b"")), [replace(OURS, changed=frozenset({Aspect.VARIANTS}))])


async def test_a_mixed_batch_keeps_what_was_created_when_the_rest_cannot_be_read() -> None:
    wire = Wire(reply(CREATED), refused(503, b""), reply(SHOWN))
    created, other = await publish(wire, [PublishItem(product=mug()), replace(OURS, product=plain())])
    assert created == Done(PUBLISHED)
    assert problem_of(other)[0] is ProblemClass.BUSY
