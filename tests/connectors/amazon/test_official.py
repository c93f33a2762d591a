"""The judge itself refuses what it should: or it would wave everything through."""

from __future__ import annotations

import pytest

from tests.connectors.amazon.official import (
    named,
    needs_amazon_specs,
    wrong_in_answer,
    wrong_in_feed,
    wrong_in_request,
)

pytestmark = needs_amazon_specs
PUT = "/listings/2021-08-01/items/A1/SKU%201"
BODY = {"productType": "HOME", "requirements": "LISTING", "attributes": {}}
HERE = ("marketplaceIds", "ATVPDKIKX0DER")


def test_a_right_request_is_right() -> None:
    query = [HERE, ("mode", "VALIDATION_PREVIEW"), ("includedData", "identifiers,issues")]
    assert wrong_in_request(named("putListingsItem"), PUT, query, BODY) == []


@pytest.mark.parametrize(
    ("query", "body", "said"),
    [
        ([], BODY, "marketplaceIds is required"),
        ([HERE, ("market", "x")], BODY, "there is no market"),
        ([HERE, ("mode", "DRY_RUN")], BODY, "is not one of"),
        ([HERE, HERE], BODY, "comes twice"),
        ([HERE], {"attributes": {}}, "productType"),
        ([HERE], {**BODY, "sku": "x"}, "sku"),
        ([HERE], None, "body"),
    ],
)
def test_a_wrong_request_is_wrong(query: list[tuple[str, str]], body: object, said: str) -> None:
    problems = wrong_in_request(named("putListingsItem"), PUT, query, body)
    assert len(problems) >= 1
    assert any(said in one for one in problems)


@pytest.mark.parametrize(
    ("status", "body", "fine"),
    [
        (200, {"sku": "a", "status": "ACCEPTED", "submissionId": "1", "issues": []}, True),
        (200, {"sku": "a", "status": "TAKEN", "submissionId": "1"}, False),
        (200, {"sku": "a", "status": "ACCEPTED", "submissionId": "1", "live": True}, False),
        (400, {"errors": [{"code": "x", "message": "y"}]}, True),
        (400, {"error": "x"}, False),
        (418, {}, False),
    ],
)
def test_an_answer_is_judged(status: int, body: object, fine: bool) -> None:
    assert (wrong_in_answer(named("putListingsItem"), status, body) == []) is fine


def test_a_feed_is_judged() -> None:
    assert wrong_in_feed(b'{"header": {"sellerId": "A1", "version": "1.0"}, "messages": []}') != []
