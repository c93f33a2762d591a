import json
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse
from graphql.execution import get_variable_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.records import ImageRecord, Money, Observed, ProductRecord, PublishItem, VariantRecord
from connectors.shopify import mapping
from tests.connectors.shopify.products import BLUE, LINKS, PRODUCT, SAND, SAND_STOCK, euros, mug, plain
from tests.connectors.wire import LOCATION


def refusals(schema: GraphQLSchema, name: str, value: Any) -> list[str]:
    """What Shopify's type `name` has against the value as it travels in JSON."""
    document = parse(f"query ($value: {name}!) {{ __typename }}")
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    values = get_variable_values(schema, operation.variable_definitions or (), {"value": json.loads(json.dumps(value))})
    return [error.message for error in values] if isinstance(values, list) else []


# ---- products out ----


def test_a_new_product_carries_handle_mark_stock_and_images() -> None:
    blue = {
        "originalSource": "https://cdn.example.com/mug-blue.jpg",
        "alt": "Blue mug",
        "contentType": "IMAGE",
        "filename": mapping.file_name("https://cdn.example.com/mug-blue.jpg"),
    }
    assert mapping.create_input(mug(), location_id=LOCATION) == {
        "title": "Stoneware mug",
        "handle": "stoneware-mug",
        "descriptionHtml": "<p>Hand thrown.</p>",
        "vendor": "Nordlicht",
        "productType": "Mugs",
        "status": "ACTIVE",
        "tags": ["hub", "mug"],
        "seo": {"title": "Stoneware mug", "description": "Hand thrown mug"},
        "productOptions": [{"name": "Colour", "position": 1, "values": [{"name": "Blue"}, {"name": "Sand"}]}],
        "files": [blue],
        "metafields": [
            {"namespace": "$app:hub", "key": "master_id", "type": "single_line_text_field", "value": "p-mug"}
        ],
        "variants": [
            {
                "sku": "MUG-BLU",
                "barcode": "4006381333931",
                "price": "24.00",
                "compareAtPrice": "29.00",
                "taxable": True,
                "inventoryPolicy": "DENY",
                "optionValues": [{"optionName": "Colour", "name": "Blue"}],
                "inventoryItem": {
                    "tracked": True,
                    "requiresShipping": True,
                    "cost": "8.50",
                    "measurement": {"weight": {"value": 400, "unit": "GRAMS"}},
                },
                "inventoryQuantities": [{"locationId": LOCATION, "name": "available", "quantity": 12}],
                "file": blue,
            },
            {
                "sku": "MUG-SND",
                "barcode": "",
                "price": "24.00",
                "compareAtPrice": None,
                "taxable": True,
                "inventoryPolicy": "DENY",
                "optionValues": [{"optionName": "Colour", "name": "Sand"}],
                "inventoryItem": {"tracked": True, "requiresShipping": True},
                "inventoryQuantities": [{"locationId": LOCATION, "name": "available", "quantity": 3}],
            },
        ],
    }


def test_a_product_without_options_is_shopifys_default_title() -> None:
    value = mapping.create_input(plain(), location_id=LOCATION)
    assert value["productOptions"] == [{"name": "Title", "position": 1, "values": [{"name": "Default Title"}]}]
    assert value["variants"][0]["optionValues"] == [{"optionName": "Title", "name": "Default Title"}]


def test_stock_that_is_not_tracked_is_not_sent() -> None:
    (variant,) = mapping.create_input(plain(), location_id=LOCATION)["variants"]
    assert "inventoryQuantities" not in variant
    assert variant["inventoryItem"]["tracked"] is False


def test_zero_is_a_quantity() -> None:
    product = replace(plain(), variants=(replace(plain().variants[0], quantity=0),))
    (variant,) = mapping.create_input(product, location_id=LOCATION)["variants"]
    assert variant["inventoryQuantities"][0]["quantity"] == 0


def test_a_full_write_leaves_handle_metafields_and_quantities_alone_and_keeps_known_ids() -> None:
    value = mapping.replace_input(mug(), ids={"v-sand": SAND}, images={})
    assert not {"handle", "metafields", "collections"} & value.keys()
    assert [variant.get("id") for variant in value["variants"]] == [None, SAND]
    assert all("inventoryQuantities" not in variant for variant in value["variants"])


def test_an_image_the_shop_holds_is_kept_and_not_sent_again() -> None:
    url = "https://cdn.example.com/mug-blue.jpg"
    held = f"https://cdn.shopify.com/s/files/1/0688/files/{mapping.file_name(url)}?v=1764"
    node = {
        "media": {
            "nodes": [
                {"id": "gid://shopify/MediaImage/1", "image": None},
                {"id": "gid://shopify/MediaImage/2", "image": {"url": held}},
            ]
        }
    }
    images = mapping.images_kept(mug(), node)
    assert images == {url: "gid://shopify/MediaImage/2"}
    value = mapping.replace_input(mug(), ids={}, images=images)
    assert value["files"] == [{"id": "gid://shopify/MediaImage/2", "alt": "Blue mug"}]
    assert value["variants"][0]["file"] == value["files"][0]


def test_another_image_of_the_same_name_is_another_file() -> None:
    first, second = "https://a.example/mug.jpg", "https://b.example/mug.jpg"
    assert mapping.file_name(first) != mapping.file_name(second)
    assert mapping.file_name(first).startswith("mug-")
    assert mapping.file_name(first).endswith(".jpg")


@pytest.mark.parametrize("url", ["https://a.example/image", "https://a.example/", "https://a.example/x.j%2Fpg", ""])
def test_an_image_without_a_plain_extension_is_named_by_shopify(url: str) -> None:
    assert mapping.file_name(url) == ""


def test_an_image_only_a_variant_has_is_among_the_products_files() -> None:
    product = replace(mug(), images=())
    value = mapping.create_input(product, location_id=LOCATION)
    assert [file["originalSource"] for file in value["files"]] == ["https://cdn.example.com/mug-blue.jpg"]


def theirs(product: ProductRecord) -> PublishItem:
    return PublishItem(product=product, channel_id=PRODUCT, ours=False)


def test_a_product_of_ours_is_told_what_was_emptied_too() -> None:
    value = mapping.update_input(replace(theirs(plain()), ours=True))
    assert value == {
        "id": PRODUCT,
        "title": "Plain",
        "descriptionHtml": "",
        "vendor": "",
        "productType": "",
        "status": "ACTIVE",
        "tags": [],
        "seo": {"title": "", "description": ""},
    }
    (variant,) = plain().variants
    emptied = mapping.variant_update_input(replace(variant, sku="", barcode=""), channel_id=SAND, ours=True)
    assert (emptied["barcode"], emptied["inventoryItem"]["sku"], emptied["compareAtPrice"]) == ("", "", None)


def test_a_linked_product_is_told_only_what_our_record_says() -> None:
    assert mapping.update_input(theirs(plain())) == {"id": PRODUCT, "title": "Plain"}
    assert mapping.update_input(theirs(mug(seo_title=""))) == {
        "id": PRODUCT,
        "title": "Stoneware mug",
        "descriptionHtml": "<p>Hand thrown.</p>",
        "vendor": "Nordlicht",
        "productType": "Mugs",
        "seo": {"description": "Hand thrown mug"},
    }


def test_a_linked_variant_keeps_what_we_do_not_know() -> None:
    value = mapping.variant_update_input(mug().variants[1], channel_id=SAND, ours=False)
    assert value == {
        "id": SAND,
        "price": "24.00",
        "taxable": True,
        "inventoryPolicy": "DENY",
        "inventoryItem": {"requiresShipping": True, "sku": "MUG-SND"},
    }


def test_no_compare_at_price_clears_it() -> None:
    assert mapping.price_input(BLUE, euros(1990), None) == {"id": BLUE, "price": "19.90", "compareAtPrice": None}


TEXT = st.text(max_size=12)
WORD = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=6)
MINOR = st.integers(min_value=0, max_value=10**9)


@st.composite
def products(draw: st.DrawFn) -> ProductRecord:
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    names = tuple(draw(st.lists(WORD, unique=True, max_size=3)))
    values = draw(st.lists(st.tuples(*[WORD for _ in names]), min_size=1, max_size=4, unique=True)) if names else [()]
    money = st.builds(Money, MINOR, st.just(currency))
    variants = tuple(
        VariantRecord(
            key=f"v-{number}",
            option_values=value,
            sku=draw(TEXT),
            barcode=draw(TEXT),
            price=draw(money),
            compare_at=draw(st.none() | money),
            cost=draw(st.none() | money),
            quantity=draw(st.none() | st.integers(0, 10**6)),
            weight_grams=draw(st.none() | st.integers(0, 10**6)),
            image_url=draw(st.sampled_from(["", "https://a.example/1.jpg", "https://a.example/2.png"])),
        )
        for number, value in enumerate(values)
    )
    images = draw(
        st.lists(
            st.builds(ImageRecord, st.sampled_from(["https://a.example/1.jpg", "https://a.example/x"])), max_size=3
        )
    )
    return ProductRecord(
        key="p-1",
        handle=draw(WORD),
        title=draw(TEXT),
        description_html=draw(TEXT),
        tags=tuple(draw(st.lists(TEXT, max_size=3))),
        option_names=names,
        variants=variants,
        images=tuple(images),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(products())
def test_shopifys_types_take_every_product(shopify_schema: GraphQLSchema, product: ProductRecord) -> None:
    inputs = [
        ("ProductSetInput", mapping.create_input(product, location_id=LOCATION)),
        ("ProductSetInput", mapping.replace_input(product, ids={"v-0": BLUE}, images={})),
        ("ProductUpdateInput", mapping.update_input(theirs(product))),
        ("ProductUpdateInput", mapping.update_input(replace(theirs(product), ours=True))),
        *(
            ("ProductVariantsBulkInput", mapping.variant_update_input(variant, channel_id=BLUE, ours=ours))
            for variant in product.variants
            for ours in (True, False)
        ),
    ]
    assert [refusals(shopify_schema, name, value) for name, value in inputs] == [[] for _ in inputs]


def test_a_wrong_input_would_be_seen(shopify_schema: GraphQLSchema) -> None:
    assert refusals(shopify_schema, "ProductSetInput", {"nosuch": 1})
    assert refusals(shopify_schema, "ProductSetInput", {"title": 1})


@given(products())
def test_every_variant_is_found_again_by_its_options(product: ProductRecord) -> None:
    sent = mapping.create_input(product, location_id=LOCATION)["variants"]
    answered = [
        {
            "id": f"gid://shopify/ProductVariant/{number}",
            "inventoryItem": {"id": f"gid://shopify/InventoryItem/{number}"},
            "selectedOptions": [
                {"name": option["optionName"], "value": f" {option['name']} "} for option in variant["optionValues"]
            ],
        }
        for number, variant in enumerate(sent)
    ]
    distinct = {mapping._same_options(mapping._option_pairs(variant, product)) for variant in product.variants}
    published = mapping.published({"id": PRODUCT, "handle": "h"}, product, reversed(answered))
    if len(distinct) == len(product.variants):
        assert [link.channel_id.rpartition("/")[2] for link in published.links] == [
            str(number) for number in range(len(sent))
        ]
        assert [link.key for link in published.links] == [variant.key for variant in product.variants]


@given(products())
def test_every_option_value_a_variant_uses_is_declared(product: ProductRecord) -> None:
    value = mapping.create_input(product, location_id=LOCATION)
    declared = {(option["name"], choice["name"]) for option in value["productOptions"] for choice in option["values"]}
    used = {(pair["optionName"], pair["name"]) for variant in value["variants"] for pair in variant["optionValues"]}
    assert used == declared


# ---- products and states in ----


def test_a_variant_the_shop_does_not_have_gets_no_link() -> None:
    node = {"id": SAND, "inventoryItem": {"id": SAND_STOCK}, "selectedOptions": [{"name": "colour", "value": "SAND"}]}
    assert mapping.published({"id": PRODUCT, "handle": "h"}, mug(), [node]).links == LINKS[1:]


@pytest.mark.parametrize(
    ("status", "published", "observed"),
    [
        ("ACTIVE", True, Observed.LIVE),
        ("UNLISTED", True, Observed.LIVE),
        ("ACTIVE", False, Observed.ENDED),
        ("DRAFT", True, Observed.ENDED),
        ("ARCHIVED", True, Observed.ENDED),
    ],
)
def test_on_sale_is_active_and_published(status: str, published: bool, observed: Observed) -> None:
    node = {"id": PRODUCT, "status": status, "publishedOnPublication": published}
    assert mapping.state(PRODUCT, node, (), currency="EUR", elsewhere={}).observed is observed


def test_the_online_store_is_known_where_its_title_is_translated() -> None:
    def place(number: int, title: str, schedules: bool) -> dict[str, Any]:
        return {"id": f"p{number}", "supportsFuturePublishing": schedules, "catalog": {"title": title}}

    shop = {"id": "s", "name": "n", "myshopifyDomain": "d", "currencyCode": "EUR", "ianaTimezone": "Europe/Berlin"}
    installation: dict[str, Any] = {"accessScopes": []}
    translated = [place(1, "POS", False), place(2, "オンラインストア", True)]
    named = [place(3, "Other", True), place(4, "Online Store", True)]
    for publications, chosen in ((translated, "p2"), (named, "p4")):
        identity = mapping.identity(shop, installation, [], publications)
        assert identity.settings == {"publication_id": chosen, "time_zone": "Europe/Berlin"}


def test_a_code_is_quoted_so_that_it_stays_one_term() -> None:
    variant = replace(plain().variants[0], sku="A' OR sku:'*", barcode="4\\2")
    product = replace(plain(), variants=(variant, variant))
    assert mapping.code_search(product, at_most=25) == r"sku:'A\' OR sku:\'*' OR barcode:'4\\2'"


def test_a_product_is_recognised_by_its_first_codes() -> None:
    variants = tuple(replace(plain().variants[0], key=f"{n}", sku=f"S{n}") for n in range(100))
    assert mapping.code_search(replace(plain(), variants=variants), at_most=2) == "sku:'S0' OR sku:'S1'"
    assert mapping.code_search(plain(), at_most=2) == ""
