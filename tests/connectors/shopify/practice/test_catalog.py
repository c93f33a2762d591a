"""Products as Shopify keeps them: created, replaced, refused, shown and gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.connectors.shopify.practice.practice_shop import SET, Shop, a_product, a_variant

READ = """query Read($id: ID!) {
  product(id: $id) {
    title tags status publishedAt onlineStoreUrl descriptionHtml
    metafield(namespace: "$app:hub", key: "master_id") { value namespace }
    options { name optionValues { name } }
    variants(first: 10) { nodes { id title sku price compareAtPrice inventoryQuantity } }
    media(first: 10) { nodes { status mediaErrors { code } ... on MediaImage { image { url } } } }
  }
}"""
COLOURS = [{"name": "Colour", "values": [{"name": "Blue"}, {"name": "Sand"}]}]


def coloured(name: str, **given: Any) -> dict[str, Any]:
    return a_variant(**given) | {"optionValues": [{"optionName": "Colour", "name": name}]}


async def refusal(shop: Shop, identifier: dict[str, Any] | None = None, **given: Any) -> tuple[Any, ...]:
    payload = await shop.set(identifier, **a_product(**given))
    assert payload["product"] is None
    assert len(payload["userErrors"]) == 1, payload["userErrors"]
    error = payload["userErrors"][0]
    return ",".join(error["field"]), error["message"], error["code"]


async def test_a_product_is_kept_as_it_was_sent(shop: Shop) -> None:
    stock = [{"locationId": shop.location, "name": "available", "quantity": 12}]
    blue = coloured("Blue", sku="B", price="24", compareAtPrice="29.00", inventoryQuantities=stock)
    mark = [{"namespace": "$app:hub", "key": "master_id", "type": "single_line_text_field", "value": "key-1"}]
    made = await shop.set(
        **a_product(productOptions=COLOURS, variants=[blue, coloured("Sand")], tags=["mug", "Hub"], metafields=mark)
    )
    read = (await shop.data(READ, id=made["product"]["id"]))["product"]
    assert read["tags"] == ["Hub", "mug"]
    assert read["metafield"]["value"] == "key-1"
    assert read["metafield"]["namespace"].startswith("app--")
    assert [v["title"] for v in read["variants"]["nodes"]] == ["Blue", "Sand"]
    assert read["variants"]["nodes"][0] | {"id": ""} == {
        "id": "",
        "title": "Blue",
        "sku": "B",
        "price": "24.00",
        "compareAtPrice": "29.00",
        "inventoryQuantity": 12,
    }


async def test_lists_replace_and_fields_left_out_stay(shop: Shop) -> None:
    first = await shop.set(**a_product(productOptions=COLOURS, variants=[coloured("Blue"), coloured("Sand")]))
    kept = first["product"]["variants"]["nodes"][0]["id"]
    again = await shop.set(
        {"handle": "mug"},
        productOptions=[{"name": "Colour", "values": [{"name": "Blue"}]}],
        variants=[coloured("Blue", price="9")],
    )
    assert again["product"]["id"] == first["product"]["id"]
    assert again["product"]["title"] == "Mug"
    assert [(v["id"], v["price"]) for v in again["product"]["variants"]["nodes"]] == [(kept, "9.00")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"title": " "}, ("input,title", "can't be blank", "INVALID_PRODUCT")),
        ({"title": "x" * 256}, ("input,title", "is too long (maximum is 255 characters)", "INVALID_PRODUCT")),
        ({"handle": "x" * 256}, ("input", "Handle is too long (maximum is 255 characters)", "INVALID_PRODUCT")),
        (
            {"variants": None},
            ("input,variants", "Variants input is required when updating product options", "VARIANTS_INPUT_MISSING"),
        ),
        (
            {"variants": [a_variant(price="-1")]},
            ("input,variants,0,price", "Price must be greater than or equal to 0", "INVALID_VARIANT"),
        ),
        (
            {"variants": [a_variant(inventoryItem={"cost": "-1"})]},
            (
                "input,variants,0,inventoryItem,cost",
                "Cost per item must be greater than or equal to 0",
                "INVALID_VARIANT",
            ),
        ),
        (
            {"variants": [a_variant(), a_variant()]},
            (
                "input,variants,1",
                "The variant 'Default Title' already exists. Please change at least one option value.",
                "INVALID_VARIANT",
            ),
        ),
        (
            {"productOptions": [{"name": "A / B", "values": [{"name": "x"}]}]},
            ("input,productOptions,0,name", "The name contains unsupported sequence ' / '", "INVALID_INPUT"),
        ),
        (
            {"files": [{"originalSource": "ftp://x/y.jpg"}]},
            ("input,files,0,originalSource", "Image URL is invalid", "INVALID_INPUT"),
        ),
        (
            {"variants": [a_variant(optionValues=[{"optionName": "Size", "name": "L"}])]},
            ("input,variants,0,optionValues,0", "Option does not exist", "OPTION_DOES_NOT_EXIST"),
        ),
        (
            {"id": "gid://shopify/Product/1"},
            ("input,id", "Product does not exist", "PRODUCT_DOES_NOT_EXIST"),
        ),
    ],
)
async def test_product_set_refuses_in_shopifys_words(shop: Shop, given: dict[str, Any], expected: object) -> None:
    assert await refusal(shop, **given) == expected
    assert await shop.read("products") == []


async def test_a_handle_belongs_to_one_product(shop: Shop) -> None:
    await shop.set(**a_product())
    message = "Handle 'mug' already in use. Please provide a new handle."
    assert await refusal(shop) == ("input,handle", message, "HANDLE_NOT_UNIQUE")


async def test_id_and_identifier_together_are_refused(shop: Shop) -> None:
    found = await refusal(shop, {"handle": "mug"}, id="gid://shopify/Product/1")
    assert found == ("input", "The id field is not allowed if identifier is provided.", "ID_NOT_ALLOWED")


async def test_skus_and_barcodes_are_not_checked(shop: Shop) -> None:
    await shop.set(**a_product(variants=[a_variant(barcode="not-a-barcode")]))
    again = await shop.set(**a_product(handle="other", variants=[a_variant(barcode="not-a-barcode")]))
    assert again["userErrors"] == []
    found = await shop.data(
        '{ productVariants(first: 5, query: "sku:mug") { nodes { inventoryItem { duplicateSkuCount } } } }'
    )
    assert [n["inventoryItem"]["duplicateSkuCount"] for n in found["productVariants"]["nodes"]] == [1, 1]


async def test_arrays_beyond_the_limit_are_refused_whole(shop: Shop) -> None:
    answer = await shop.ask(SET, input=a_product(variants=[a_variant()] * 2049))
    error = answer["errors"][0]
    assert error["message"] == "The input array size of 2049 is greater than the maximum allowed of 2048."
    assert error["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    assert error["path"] == ["productSet", "input", "variants"]


POLL = """query Poll($id: ID!) {
  productOperation(id: $id) { status product { handle } ... on ProductSetOperation { userErrors { code } } }
}"""


async def set_later(shop: Shop) -> Any:
    """The answer to a productSet whose work goes on."""
    return (await shop.data(SET, input=a_product(), synchronous=False))["productSet"]


async def polled(shop: Shop, made: Any) -> Any:
    return (await shop.data(POLL, id=made["productSetOperation"]["id"]))["productOperation"]


async def test_an_asynchronous_product_set_takes_its_time_and_is_asked_after(shop: Shop) -> None:
    made = await set_later(shop)
    assert made["product"] is None
    assert made["productSetOperation"]["status"] == "CREATED"
    assert await shop.read("products") == []
    shop.clock.now += 2.9
    assert await polled(shop, made) == {"status": "ACTIVE", "product": None, "userErrors": []}
    shop.clock.now += 0.1
    assert await polled(shop, made) == {"status": "COMPLETE", "product": {"handle": "mug"}, "userErrors": []}
    assert await polled(shop, made) == {"status": "COMPLETE", "product": {"handle": "mug"}, "userErrors": []}
    assert len(await shop.read("products")) == 1
    taken, done = await shop.read("ledger")
    assert (taken["operation"], list(taken["ids"])) == ("productSet", ["operation"])
    assert (done["operation"], list(done["ids"])) == ("productSetOperation", ["variants", "product"])


async def test_an_asynchronous_product_set_may_be_made_to_take_long(shop: Shop) -> None:
    await shop.lever("faults", kind="linger", count=1)
    slow, usual = await set_later(shop), await set_later(shop)
    shop.clock.now += 59
    assert (await polled(shop, slow))["status"] == "ACTIVE"
    assert (await polled(shop, usual))["status"] == "COMPLETE"
    shop.clock.now += 1
    assert (await polled(shop, slow))["userErrors"] == [{"code": "HANDLE_NOT_UNIQUE"}]


async def test_an_asynchronous_product_set_may_come_to_nothing(shop: Shop) -> None:
    await shop.set(**a_product())
    made = await set_later(shop)
    shop.clock.now += 3
    assert await polled(shop, made) == {
        "status": "COMPLETE",
        "product": None,
        "userErrors": [{"code": "HANDLE_NOT_UNIQUE"}],
    }
    await shop.lever("faults", kind="refuse", count=1, of="productSetOperation", message="No.", code="GENERIC_ERROR")
    made = await set_later(shop)
    shop.clock.now += 3
    assert (await polled(shop, made))["userErrors"] == [{"code": "GENERIC_ERROR"}]
    assert (await shop.data(POLL, id="gid://shopify/ProductSetOperation/1"))["productOperation"] is None


async def test_what_was_taken_is_done_also_when_nobody_asks(shop: Shop) -> None:
    await set_later(shop)
    shop.clock.now += 3
    async with asyncio.timeout(5):
        while not await shop.read("products"):  # noqa: ASYNC110 - the shop works by itself and tells nobody
            await asyncio.sleep(0.05)


async def test_a_product_is_shown_nowhere_until_it_is_published_and_active(shop: Shop) -> None:
    made = (await shop.set(**a_product(status="DRAFT")))["product"]
    listed = await shop.data("{ publications(first: 5) { nodes { id catalog { title } } } }")
    assert [n["catalog"]["title"] for n in listed["publications"]["nodes"]] == ["Online Store", "Point of Sale", "Shop"]
    online = listed["publications"]["nodes"][0]["id"]
    publish = """mutation P($id: ID!, $to: ID!) {
      publishablePublish(id: $id, input: [{publicationId: $to}]) {
        publishable { availablePublicationsCount { count } resourcePublicationsCount { count } }
        userErrors { field message }
      }
    }"""
    counts = (await shop.data(publish, id=made["id"], to=online))["publishablePublish"]["publishable"]
    assert (counts["availablePublicationsCount"]["count"], counts["resourcePublicationsCount"]["count"]) == (0, 1)
    assert (await shop.data(READ, id=made["id"]))["product"]["onlineStoreUrl"] is None
    await shop.set({"id": made["id"]}, status="ACTIVE")
    assert (await shop.data(READ, id=made["id"]))["product"]["onlineStoreUrl"].endswith("/products/mug")
    await shop.data(publish.replace("Publish(", "Unpublish("), id=made["id"], to=online)
    assert (await shop.data(READ, id=made["id"]))["product"]["onlineStoreUrl"] is None
    wrong = await shop.data(publish, id=made["id"], to="gid://shopify/Publication/1")
    assert wrong["publishablePublish"]["userErrors"] == [
        {"field": ["input", "0", "publicationId"], "message": "Publication does not exist or is not publishable"}
    ]


async def test_images_become_ready_while_they_are_read_and_broken_ones_fail(shop: Shop) -> None:
    files = [{"originalSource": "https://x.example/a.jpg"}, {"originalSource": "https://x.example/broken/b.jpg"}]
    made = (await shop.set(**a_product(files=files)))["product"]
    seen = [(await shop.data(READ, id=made["id"]))["product"]["media"]["nodes"] for _ in range(3)]
    statuses = [[one["status"] for one in media] for media in seen]
    assert statuses == [["UPLOADED", "UPLOADED"], ["PROCESSING", "PROCESSING"], ["READY", "FAILED"]]
    assert seen[2][1]["mediaErrors"] == [{"code": "IMAGE_DOWNLOAD_FAILURE"}]
    assert "/files/a.jpg?v=" in seen[2][0]["image"]["url"], (
        "a file is served under its name, from the shop's own address"
    )


async def test_a_variant_is_given_an_image_of_its_product_once_it_is_ready(shop: Shop) -> None:
    made = (await shop.set(**a_product(files=[{"originalSource": "https://x.example/a.jpg"}])))["product"]
    other = (await shop.set(**a_product(handle="b", files=[{"originalSource": "https://x.example/b.jpg"}])))["product"]
    mine = f'{{ product(id: "{made["id"]}") {{ media(first: 1) {{ nodes {{ id }} }} }} }}'
    (media,) = (await shop.data(mine))["product"]["media"]["nodes"]
    give = """mutation Give($p: ID!, $v: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: $p, variants: $v) {
        productVariants { media(first: 2) { nodes { id } } }
        userErrors { code field }
      }
    }"""

    async def given(product: Any) -> Any:
        variant = {"id": product["variants"]["nodes"][0]["id"], "mediaId": media["id"]}
        return (await shop.data(give, p=product["id"], v=[variant]))["productVariantsBulkUpdate"]

    where = ["variants", "0", "mediaId"]
    assert (await given(made))["userErrors"] == [{"code": "INVALID_INPUT", "field": where}], "not fetched yet"
    await shop.data(mine)
    assert (await given(other))["userErrors"] == [{"code": "MUST_BE_FOR_THIS_PRODUCT", "field": where}]
    answer = await given(made)
    assert answer == {"productVariants": [{"media": {"nodes": [media]}}], "userErrors": []}


async def test_a_mark_is_found_by_its_value(shop: Shop) -> None:
    made = (await shop.set(**a_product()))["product"]
    mark = {"ownerId": made["id"], "namespace": "$app:hub", "key": "master_id", "value": "k-7"}
    put = "mutation M($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) { userErrors { code field } } }"
    blank = await shop.data(put, m=[mark])
    assert blank["metafieldsSet"]["userErrors"] == [{"code": "BLANK", "field": ["metafields", "0", "type"]}]
    await shop.data(put, m=[mark | {"type": "single_line_text_field"}])
    find = "query F($i: ProductIdentifierInput!) { productByIdentifier(identifier: $i) { id } }"
    identifier = {"customId": {"namespace": "$app:hub", "key": "master_id", "value": "k-7"}}
    assert (await shop.data(find, i=identifier))["productByIdentifier"] == {"id": made["id"]}


async def test_product_create_makes_one_untracked_default_variant(shop: Shop) -> None:
    create = """mutation C($p: ProductCreateInput!, $m: [CreateMediaInput!]) { productCreate(product: $p, media: $m) {
      product { handle hasOnlyDefaultVariant variants(first: 5) { nodes { price inventoryItem { tracked } } } }
      userErrors { field message }
    } }"""
    made = (await shop.data(create, p={"title": "Tea Pot"}))["productCreate"]["product"]
    assert made["handle"] == "tea-pot"
    assert made["hasOnlyDefaultVariant"]
    assert made["variants"]["nodes"] == [{"price": "0.00", "inventoryItem": {"tracked": False}}]
    media = [{"originalSource": "nowhere", "mediaContentType": "IMAGE"}]
    wrong = (await shop.data(create, p={"title": ""}, m=media))["productCreate"]
    assert wrong["userErrors"] == [
        {"field": ["title"], "message": "Title can't be blank"},
        {"field": ["media", "0", "originalSource"], "message": "Image URL is invalid"},
    ]


UPDATE = """mutation U($id: ID!, $v: [ProductVariantsBulkInput!]!, $some: Boolean) {
  productVariantsBulkUpdate(productId: $id, variants: $v, allowPartialUpdates: $some) {
    productVariants { price } userErrors { code field message }
  }
}"""


async def test_one_bad_price_stops_all_unless_some_are_allowed(shop: Shop) -> None:
    made = (await shop.set(**a_product(productOptions=COLOURS, variants=[coloured("Blue"), coloured("Sand")])))[
        "product"
    ]
    blue, sand = (v["id"] for v in made["variants"]["nodes"])
    rows = [{"id": blue, "price": "5"}, {"id": sand, "price": "-5"}]
    expected = {
        "code": "GREATER_THAN_OR_EQUAL_TO",
        "field": ["variants", "1", "price"],
        "message": "Price must be greater than or equal to 0",
    }
    strict = (await shop.data(UPDATE, id=made["id"], v=rows))["productVariantsBulkUpdate"]
    assert strict == {"productVariants": None, "userErrors": [expected]}
    prices = [v["price"] for v in (await shop.read("products"))[0]["variants"]]
    assert prices == ["24.00", "24.00"]
    loose = (await shop.data(UPDATE, id=made["id"], v=rows, some=True))["productVariantsBulkUpdate"]
    assert loose == {"productVariants": [{"price": "5.00"}], "userErrors": [expected]}


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ({"price": "1"}, "id", "PRODUCT_VARIANT_ID_MISSING"),
        ({"id": "gid://shopify/ProductVariant/1"}, "id", "PRODUCT_VARIANT_DOES_NOT_EXIST"),
    ],
)
async def test_bulk_update_needs_variants_of_the_product(
    shop: Shop, row: dict[str, Any], field: str, code: str
) -> None:
    made = (await shop.set(**a_product()))["product"]
    found = (await shop.data(UPDATE, id=made["id"], v=[row]))["productVariantsBulkUpdate"]["userErrors"]
    assert [(error["field"], error["code"]) for error in found] == [(["variants", "0", field], code)]
    gone = (await shop.data(UPDATE, id="gid://shopify/Product/1", v=[row]))["productVariantsBulkUpdate"]
    assert gone["userErrors"][0]["code"] == "PRODUCT_DOES_NOT_EXIST"


async def test_bulk_create_replaces_the_default_variant_and_delete_keeps_one(shop: Shop) -> None:
    made = (await shop.set(**a_product(productOptions=COLOURS, variants=[coloured("Blue")])))["product"]
    create = """mutation C($id: ID!, $v: [ProductVariantsBulkInput!]!) {
      productVariantsBulkCreate(productId: $id, variants: $v) {
        productVariants { id title } userErrors { code field message }
      }
    }"""
    size = [{"optionValues": [{"optionName": "Colour", "name": "Red"}], "inventoryItem": {"sku": "R"}}]
    red = (await shop.data(create, id=made["id"], v=size))["productVariantsBulkCreate"]
    assert [v["title"] for v in red["productVariants"]] == ["Red"]
    twice = (await shop.data(create, id=made["id"], v=size))["productVariantsBulkCreate"]["userErrors"][0]
    assert twice["code"] == "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE"
    none = (await shop.data(create, id=made["id"], v=[{"price": "1"}]))["productVariantsBulkCreate"]["userErrors"][0]
    assert (none["message"], none["code"]) == ("You need to add option values for Colour", "NEED_TO_ADD_OPTION_VALUES")
    delete = """mutation D($id: ID!, $v: [ID!]!) { productVariantsBulkDelete(productId: $id, variantsIds: $v) {
      userErrors { code } } }"""
    ids = [red["productVariants"][0]["id"], made["variants"]["nodes"][0]["id"]]
    last = await shop.data(delete, id=made["id"], v=ids)
    assert last["productVariantsBulkDelete"]["userErrors"] == [{"code": "CANNOT_DELETE_LAST_VARIANT"}]
    assert (await shop.data(delete, id=made["id"], v=ids[:1]))["productVariantsBulkDelete"]["userErrors"] == []


async def test_several_mutations_of_one_document_run_in_order(shop: Shop) -> None:
    both = """mutation Both($a: ProductSetInput!, $b: ProductSetInput!) {
      one: productSet(input: $a) { product { handle } userErrors { code } }
      two: productSet(input: $b) { product { handle } userErrors { code } }
    }"""
    found = await shop.data(both, a=a_product(), b=a_product())
    assert found["one"] == {"product": {"handle": "mug"}, "userErrors": []}
    assert found["two"] == {"product": None, "userErrors": [{"code": "HANDLE_NOT_UNIQUE"}]}
    assert len(await shop.read("ledger")) == 1


async def test_a_deleted_product_is_gone(shop: Shop) -> None:
    made = (await shop.set(**a_product()))["product"]
    delete = (
        "mutation D($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { field message } } }"
    )
    assert (await shop.data(delete, id=made["id"]))["productDelete"]["deletedProductId"] == made["id"]
    again = (await shop.data(delete, id=made["id"]))["productDelete"]
    assert again["userErrors"] == [{"field": ["id"], "message": "Product does not exist"}]
    assert (await shop.data(READ, id=made["id"]))["product"] is None


async def test_pages_hold_together_while_the_shop_changes(shop: Shop) -> None:
    for number in range(5):
        await shop.set(**a_product(handle=f"mug-{number}"))
    page = """query Page($after: String) { products(first: 2, after: $after, sortKey: UPDATED_AT) {
      nodes { handle } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    after = None
    while True:
        found = (await shop.data(page, after=after))["products"]
        seen += [node["handle"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert seen == [f"mug-{number}" for number in range(5)]


async def test_the_ledger_knows_the_mark_and_what_was_accepted(shop: Shop) -> None:
    mark = [{"namespace": "$app:hub", "key": "master_id", "type": "single_line_text_field", "value": "key-9"}]
    await shop.set(**a_product(metafields=mark))
    await shop.set(**a_product())
    ledger = await shop.read("ledger")
    assert [(row["operation"], row["mark"]) for row in ledger] == [("productSet", "key-9")]
    assert ledger[0]["values"]["input"]["handle"] == "mug"
