"""The one who holds answers to Shopify's schema sees what is wrong with them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.conformance import conforming, violations
from tests.material import needs_shopify_specs

pytestmark = needs_shopify_specs
COST = {
    "cost": {
        "requestedQueryCost": 2,
        "actualQueryCost": 2,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 1998, "restoreRate": 100.0},
    }
}
QUERY = """query One($id: ID!) {
  product(id: $id) {
    id title status tags
    variants(first: 1) { nodes { price inventoryItem { tracked } } }
    media(first: 1) { nodes { status ... on MediaImage { image { url } } } }
  }
}"""
GID = "gid://shopify/Product/1"


def product(**changes: Any) -> dict[str, Any]:
    variant = {"price": "9.00", "inventoryItem": {"tracked": True}}
    return {
        "id": GID,
        "title": "Mug",
        "status": "ACTIVE",
        "tags": ["a"],
        "variants": {"nodes": [variant]},
        "media": {"nodes": [{"status": "READY", "image": {"url": "https://x.example"}}, {"status": "FAILED"}]},
        **changes,
    }


def seen(data: Any, query: str = QUERY, variables: Any = None, **more: Any) -> list[str]:
    question = {"query": query, "variables": {"id": GID} if variables is None else variables}
    return list(violations(question, {"data": data, "extensions": COST, **more}))


def test_a_true_answer_has_nothing_wrong_with_it() -> None:
    assert seen({"product": product()}) == []
    assert seen({"product": None}) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": None}, "query.product.title is null"),
        ({"title": 5}, "query.product.title: 5 is no String"),
        ({"status": "LIVE"}, "query.product.status: 'LIVE' is no ProductStatus"),
        ({"id": "7"}, "query.product.id: '7' is no ID"),
        ({"tags": "a"}, "query.product.tags: 'a' is no list"),
        ({"tags": [None]}, "query.product.tags.0 is null"),
        ({"vendor": "x"}, "query.product has ['vendor'], which nobody asked for"),
        ({"variants": {"nodes": [{"price": 9.0, "inventoryItem": {"tracked": True}}]}}, "price: 9.0 is no Money"),
        ({"variants": {"nodes": [{"price": "9.00", "inventoryItem": None}]}}, "inventoryItem is null"),
        ({"variants": {}}, "query.product.variants.nodes is missing"),
        ({"media": {"nodes": [{"status": "READY", "image": {"url": "x"}}]}}, "image.url: 'x' is no URL"),
    ],
)
def test_a_false_answer_is_seen(changes: dict[str, Any], said: str) -> None:
    (found,) = seen({"product": product(**changes)})
    assert said in found


def test_a_document_or_variables_shopify_would_not_take_are_seen() -> None:
    assert "Cannot query field" in seen({"shop": {"nickname": "x"}}, "{ shop { nickname } }", {})[0]
    set_it = "mutation S($input: ProductSetInput!) { productSet(input: $input) { userErrors { message } } }"
    (found,) = seen({"productSet": {"userErrors": []}}, set_it, {"input": {"colour": "blue"}})
    assert "would not read the variables" in found


def test_costs_and_errors_have_their_shape() -> None:
    question = {"query": QUERY, "variables": {"id": GID}}
    assert list(violations(question, {"data": {"product": None}})) == ["the cost is told as None"]
    assert list(violations(question, {})) == ["neither data nor errors"]
    (found,) = violations(question, {"errors": [{"message": "No", "code": "X"}]})
    assert found == "an error with ['code']"


async def test_what_an_application_answers_is_heard() -> None:
    async def lying(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"data":{"shop":{"name":null}}}'})

    with pytest.raises(AssertionError, match=r"shop\.name is null"):
        async with conforming(lying) as app, httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            await client.post("http://x/admin/api/2026-07/graphql.json", json={"query": "{ shop { name } }"})
