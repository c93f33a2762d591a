"""What a document costs is what Shopify's answers say it costs, and it is paid from a bucket that refills."""

from __future__ import annotations

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, separate_operations

from connectors.shopify.practice.costs import Bucket, Pricing, connection_factor
from connectors.shopify.practice.graphql import load_schema
from tests.connectors.paced import Clock
from tests.connectors.shopify.practice.practice_shop import SET, Shop, a_product, a_variant
from tests.connectors.shopify.practice.test_schema import OPERATIONS_NOT_SPOKEN
from tests.material import SHOPIFY_SPECS, needs_shopify_specs, shopify_spec


def priced(text: str, **variables: object) -> int:
    document = parse(text)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return Pricing(load_schema(), operation, fragments, variables).requested()


@needs_shopify_specs
def test_every_operation_of_the_hub_costs_what_shopifys_answers_said() -> None:
    known = shopify_spec("hub-operation-scopes-and-costs.json")["operations"]
    operations = separate_operations(parse((SHOPIFY_SPECS / "hub-operations.graphql").read_text("utf-8")))
    schema = load_schema()
    compared = {}
    for name, document in operations.items():
        root = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        kind = schema.get_root_type(root.operation)
        assert kind is not None
        if name.startswith(OPERATIONS_NOT_SPOKEN) or not all(field in kind.fields for field in known[name]["root"]):
            continue
        fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
        pricing = Pricing(schema, root, fragments, known[name]["costAssumesVariables"])
        compared[name] = (pricing.requested(), known[name]["estimatedRequestedCost"])
    assert len(compared) == 30
    assert {name: pair for name, pair in compared.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize(("size", "factor"), [(0, 0), (1, 1), (5, 3), (10, 4), (20, 5), (50, 7), (100, 9), (250, 11)])
def test_connections_grow_with_the_logarithm_of_their_size(size: int, factor: int) -> None:
    assert connection_factor(size) == factor


def test_the_input_of_product_set_has_a_price_too() -> None:
    bare = "mutation M($i: ProductSetInput!) { productSet(input: $i) { userErrors { code } } }"
    assert priced(bare, i={}) == 10
    mark = {"namespace": "a", "key": "kk", "value": "v", "type": "t"}
    variant = {"file": {"originalSource": "https://x.example/a.jpg"}, "metafields": [mark]}
    assert priced(bare, i={"variants": [variant] * 10, "files": [{}], "metafields": [mark]}) == 25


def test_the_input_of_many_variants_has_the_same_price() -> None:
    update = """mutation M($v: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: "p", variants: $v) { userErrors { code } }
    }"""
    assert priced(update, v=[{"id": "v", "price": "1.00"}] * 250) == 60
    assert priced(update, v=[{"id": "v", "mediaId": "m"}] * 250) == 210


def test_only_the_dearest_branch_of_an_abstract_type_counts() -> None:
    one = '{ node(id: "x") { ... on Product { seo { title } category { id } } } }'
    both = '{ node(id: "x") { ... on Product { seo { title } category { id } } ... on Location { id } } }'
    assert priced(one) == priced(both) == 3


def test_the_bucket_refuses_what_it_cannot_pay_and_refills() -> None:
    clock = Clock()
    bucket = Bucket(clock)
    assert bucket.take(1000)
    assert bucket.take(1000)
    assert not bucket.take(1)
    clock.now += 1.5
    assert not bucket.take(151)
    assert bucket.take(150)
    clock.now += 1000
    assert bucket.level() == 2000


@pytest.mark.parametrize(("plan", "restored"), [("standard", 100), ("plus", 1000)])
def test_a_dearer_plan_restores_faster(plan: str, restored: float) -> None:
    clock = Clock()
    bucket = Bucket(clock, plan)
    bucket.empty()
    clock.now += 1
    assert bucket.level() == restored
    clock.now += 100
    assert bucket.level() == 20 * restored


def test_what_was_paid_is_counted_without_what_flowed_back() -> None:
    bucket = Bucket(Clock())
    assert bucket.take(30)
    bucket.give_back(20)
    assert not bucket.take(2000)
    assert bucket.spent == 10


async def test_every_executed_answer_tells_what_it_cost_and_what_is_left(shop: Shop) -> None:
    answer = await shop.ask("{ products(first: 10) { nodes { id } } }")
    assert answer["extensions"] == {
        "cost": {
            "requestedQueryCost": 6,
            "actualQueryCost": 2,
            "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 1998, "restoreRate": 100.0},
        }
    }


async def test_a_refused_mutation_costs_its_base(shop: Shop) -> None:
    payload = await shop.ask(SET, input=a_product(title=""))
    assert payload["extensions"]["cost"]["actualQueryCost"] == 10


async def test_an_empty_bucket_throttles_and_executes_nothing(shop: Shop) -> None:
    await shop.lever("empty-bucket")
    answer = await shop.ask(SET, input=a_product())
    cost = answer["extensions"]["cost"]
    assert answer["errors"] == [
        {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
    ]
    assert "data" not in answer
    assert (cost["actualQueryCost"], cost["throttleStatus"]["currentlyAvailable"]) == (None, 0)
    assert await shop.read("products") == []
    shop.clock.now += cost["requestedQueryCost"] / 100
    assert (await shop.set(**a_product()))["userErrors"] == []


async def test_each_shop_has_a_bucket_of_its_own(shop: Shop) -> None:
    await shop.lever("empty-bucket")
    other = "other.myshopify.com"
    await shop.client.post("/practice/api/shops", json={"domain": other})
    made = await shop.client.post(f"/practice/api/shops/{other}/tokens", json={"scopes": "read_products"})
    headers = {"X-Shopify-Access-Token": made.json()["access_token"]}
    path = f"/shops/{other}/admin/api/2026-07/graphql.json"
    answer = await shop.client.post(path, json={"query": "{ shop { name } }"}, headers=headers)
    assert answer.json()["data"] == {"shop": {"name": "Other"}}


async def test_a_document_beyond_the_single_limit_is_refused_whatever_is_left(shop: Shop) -> None:
    deep = (
        "{ products(first: 250) { nodes { variants(first: 250) { nodes { media(first: 250) { nodes { id } } } } } } }"
    )
    answer = await shop.ask(deep)
    extensions = answer["errors"][0]["extensions"]
    assert extensions["code"] == "MAX_COST_EXCEEDED"
    assert extensions["maxCost"] == 1000
    assert answer["errors"][0]["message"].startswith(f"Query cost is {extensions['cost']}, which exceeds")


async def test_what_was_not_used_flows_back(shop: Shop) -> None:
    await shop.set(**a_product(variants=[a_variant()]))
    shop.clock.now += 100
    cost = (await shop.ask("{ products(first: 100) { nodes { id seo { title } } } }"))["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 20
    assert cost["actualQueryCost"] == 4
    assert cost["throttleStatus"]["currentlyAvailable"] == 1996
