"""Who is let in, and what is said to those who are not."""

from __future__ import annotations

import pytest
from graphql import is_object_type

from connectors.shopify.practice import access
from connectors.shopify.practice.graphql import load_schema
from tests.connectors.shopify.practice.practice_shop import Shop, a_product
from tests.material import needs_shopify_specs, shopify_spec


async def test_a_wrong_token_gets_shopifys_401(shop: Shop) -> None:
    answer = await shop.post("{ shop { name } }", token="shpat_wrong")
    assert answer.status_code == 401
    assert answer.json() == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("frozen", 402, "This shop's plan does not have access to this feature"),
        ("forbidden", 403, "User does not have access"),
        ("gone", 404, "Not Found"),
        ("locked", 423, "This shop is unavailable"),
    ],
)
async def test_a_closed_shop_says_so_until_it_opens(shop: Shop, state: str, status: int, words: str) -> None:
    await shop.lever("state", state=state)
    answer = await shop.post("{ shop { name } }")
    assert (answer.status_code, answer.json()) == (status, {"errors": words})
    await shop.lever("state", state="open")
    assert (await shop.post("{ shop { name } }")).status_code == 200


async def test_an_inactive_shop_says_so_with_status_200(shop: Shop) -> None:
    await shop.lever("state", state="inactive")
    assert (await shop.ask("{ shop { name } }"))["errors"][0]["extensions"] == {"code": "SHOP_INACTIVE"}


async def test_a_body_without_a_query_is_a_400(shop: Shop) -> None:
    answer = await shop.post("")
    assert answer.status_code == 200
    path = "/shops/demo.myshopify.com/admin/api/2026-07/graphql.json"
    answer = await shop.client.post(path, content=b"{", headers={"X-Shopify-Access-Token": shop.token})
    assert (answer.status_code, answer.json()) == (400, {"errors": {"query": "Required parameter missing or invalid"}})


async def test_any_version_is_answered_by_the_one_there_is(shop: Shop) -> None:
    path = "/shops/demo.myshopify.com/admin/api/2019-04/graphql.json"
    headers = {"X-Shopify-Access-Token": shop.token}
    answer = await shop.client.post(path, json={"query": "{ shop { name } }"}, headers=headers)
    assert answer.headers["X-Shopify-API-Version"] == "2026-07"


async def test_a_shop_is_its_own_host_too(shop: Shop) -> None:
    headers = {"X-Shopify-Access-Token": shop.token, "Host": "demo.myshopify.com"}
    answer = await shop.client.post("/admin/api/2026-07/graphql.json", json={"query": "{shop{name}}"}, headers=headers)
    assert answer.json()["data"] == {"shop": {"name": "Demo"}}


async def test_a_missing_scope_empties_the_field_and_names_what_is_needed(shop: Shop) -> None:
    made = (await shop.set(**a_product()))["product"]
    await shop.lever("scopes", scopes="read_products")
    query = """query R($id: ID!) { product(id: $id) {
      id
      resourcePublicationsCount { count }
    } }"""
    answer = await shop.ask(query, id=made["id"])
    assert answer["data"] == {"product": {"id": made["id"], "resourcePublicationsCount": None}}
    assert answer["errors"] == [
        {
            "message": "Access denied for resourcePublicationsCount field."
            " Required access: `read_publications` access scope.",
            "locations": [{"line": 3, "column": 7}],
            "path": ["product", "resourcePublicationsCount"],
            "extensions": {
                "code": "ACCESS_DENIED",
                "documentation": "https://shopify.dev/api/usage/access-scopes",
                "requiredAccess": "`read_publications` access scope.",
            },
        }
    ]


async def test_a_required_field_without_scope_empties_the_whole_answer(shop: Shop) -> None:
    await shop.lever("scopes", scopes="read_orders")
    answer = await shop.ask("{ products(first: 1) { nodes { id } } }")
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


async def test_a_write_without_scope_writes_nothing(shop: Shop) -> None:
    await shop.lever("scopes", scopes="read_products")
    answer = await shop.ask(
        'mutation M { productCreate(product: {title: "Mug"}) { product { id } userErrors { message } } }'
    )
    assert answer["data"] == {"productCreate": None}
    assert await shop.read("products") == []


async def test_writing_implies_reading(shop: Shop) -> None:
    await shop.lever("scopes", scopes="write_products")
    found = await shop.data(
        "{ currentAppInstallation { accessScopes { handle } } products(first: 1) { nodes { id } } }"
    )
    handles = [scope["handle"] for scope in found["currentAppInstallation"]["accessScopes"]]
    assert handles == ["read_products", "write_products"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ shop { nickname } }", "undefinedField"),
        ("{ product { id } }", "missingRequiredArguments"),
        ("{ shop(id: 1) { name } }", "argumentNotAccepted"),
        ('{ locations(first: "x") { nodes { id } } }', "argumentLiteralsIncompatible"),
        ('mutation M @idempotent(key: "k") { appUninstall { userErrors { code } } }', "directiveCannotBeApplied"),
        ("mutation M { productDelete(input: {}) { userErrors { message } } }", "missingRequiredInputObjectAttribute"),
        ("mutation M { productCreate { userErrors { code } } }", "undefinedField"),
        ("{ products(first: 1, sortKey: BEST) { nodes { id } } }", "argumentLiteralsIncompatible"),
        ("{ productByIdentifier(identifier: {}) { id } }", "argumentLiteralsIncompatible"),
        ('mutation M { productDelete(input: {id: "x", by: "y"}) { userErrors { message } } }', "argumentNotAccepted"),
        ("{ shop @loud { name } }", "undefinedDirective"),
        ("{ shop }", "selectionMismatch"),
        ("query Q($a: ID!) { shop { name } }", "variableNotUsed"),
        ("query Q { product(id: $a) { id } }", "variableNotDefined"),
        ("query Q($a: Int) { product(id: $a) { id } }", "variableMismatch"),
    ],
)
async def test_a_wrong_document_is_refused_with_shopifys_code(shop: Shop, query: str, code: str) -> None:
    answer = await shop.ask(query)
    assert "data" not in answer
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_a_wrong_variable_is_refused_with_its_problems(shop: Shop) -> None:
    query = """mutation S($input: InventorySetQuantitiesInput!) {
      inventorySetQuantities(input: $input) { userErrors { code } }
    }"""
    given = {"name": "available", "reason": "correction", "quantities": [], "foo": 1}
    answer = await shop.ask(query, input=given)
    assert answer == {
        "errors": [
            {
                "message": "Variable $input of type InventorySetQuantitiesInput! was provided invalid value for foo"
                " (Field is not defined on InventorySetQuantitiesInput)",
                "locations": [{"line": 1, "column": 12}],
                "extensions": {
                    "code": "INVALID_VARIABLE",
                    "value": given,
                    "problems": [
                        {"path": ["foo"], "explanation": "Field is not defined on InventorySetQuantitiesInput"}
                    ],
                },
            }
        ]
    }


@pytest.mark.parametrize("price", ["abc", "NaN", "1e3", True])
async def test_a_price_is_a_number(shop: Shop, price: object) -> None:
    query = """mutation S($v: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: "x", variants: $v) { userErrors { code } }
    }"""
    answer = await shop.ask(query, v=[{"price": price}])
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert answer["errors"][0]["extensions"]["problems"][0]["path"] == [0, "price"]


async def test_an_id_of_the_wrong_kind_is_no_id(shop: Shop) -> None:
    answer = await shop.ask('{ product(id: "gid://shopify/Location/1") { id } }')
    assert answer["errors"][0]["extensions"] == {"code": "RESOURCE_NOT_FOUND"}


@needs_shopify_specs
def test_every_guarded_type_and_field_is_guarded_as_at_shopify() -> None:
    theirs = shopify_spec("access-scopes-2026-07.json")
    schema = load_schema()
    kinds = schema.type_map
    wanted_types = {name: tuple(one["anyOfScopes"]) for name, one in theirs["types"].items() if name in kinds}
    assert wanted_types == access.TYPES
    wanted_fields = {
        name: tuple(one["anyOfScopes"])
        for name, one in theirs["fields"].items()
        if is_object_type(kind := kinds.get(name.split(".")[0])) and name.split(".")[1] in kind.fields
    }
    assert wanted_fields == access.FIELDS
    for name, one in theirs["fields"].items():
        if name in access.FIELDS:
            assert one["requiredAccess"].startswith(access.required_access(access.FIELDS[name]))
