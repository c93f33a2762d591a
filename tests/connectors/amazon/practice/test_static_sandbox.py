"""The requests that Amazon's own static sandbox answers, sent to the practice server, and answered as modelled."""

from __future__ import annotations

import re
from typing import Any

from connectors.amazon.practice.endpoint import OPERATIONS
from tests.connectors.amazon.official import Operation, needs_amazon_specs, operations, sandbox_examples
from tests.connectors.amazon.practice.practice_seller import NAME, Seller

pytestmark = needs_amazon_specs
# Some examples leave out the body that their operation requires.
BODIES: dict[str, Any] = {
    "putListingsItem": {"productType": "PRODUCT", "attributes": {}},
    "patchListingsItem": {"productType": "PRODUCT", "patches": [{"op": "delete", "path": "/attributes/brand"}]},
}
SERVED = {(one.name, one.method, one.path) for one in OPERATIONS}


def address(operation: Operation) -> tuple[str, str, str]:
    """Names tell operations apart within one version of an API only."""
    return operation.name, operation.method, re.sub(r"\{\w+\}", "*", operation.path)


def test_every_operation_practised_is_one_of_amazons() -> None:
    assert SERVED - {address(one) for one in operations()} == set()


async def test_every_static_example_of_an_operation_served_is_taken_and_answered_as_the_model_says(
    seller: Seller,
) -> None:
    """The transport judges request and answer; a call refused for its values is answered by the model as well."""
    sent: dict[str, int] = {}
    for operation, values in sandbox_examples():
        if address(operation) not in SERVED:
            continue
        # An hour, so that no rate is in the way; the token is one of this hour.
        seller.clock.now += 3600
        seller.token = (await seller.made(NAME))["access_token"]
        path, query, body = operation.path, {}, None
        for parameter in (*operation.parameters("path"), *operation.parameters("query"), *operation.parameters("body")):
            name, given = parameter["name"], values.get(parameter["name"])
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", seller.id if name == "sellerId" else str(given or "x"))
            elif parameter["in"] == "body":
                body = given or values.get("body") or BODIES.get(operation.name)
            elif given and _text(given):
                query[name] = _text(given)
            elif parameter.get("required"):
                query[name] = {"sellerId": seller.id}.get(name, "ATVPDKIKX0DER")
        answer = await seller.client.request(operation.method, path, params=query, json=body, headers=_headers(seller))
        assert answer.status_code in {200, 201, 202, 204, 400, 404}, (operation.name, answer.text)
        sent[operation.name] = sent.get(operation.name, 0) + 1
    assert sum(sent.values()) >= 20
    assert {"putListingsItem", "patchListingsItem", "createFeed", "createReport", "searchCatalogItems"} <= sent.keys()
    assert {"searchOrders", "getOrder", "confirmShipment"} <= sent.keys()


def _headers(seller: Seller) -> dict[str, str]:
    return {"x-amz-access-token": seller.token, "user-agent": "Test/1.0"}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
