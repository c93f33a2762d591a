"""A feed's report: who failed, and that a word about the whole feed is no success of any of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.amazon import feeds, numbers
from connectors.amazon.client import AmazonClient
from connectors.errors import OurFault, ProblemClass
from connectors.records import Failed, SentItem, StockChange
from tests.connectors.amazon.test_client import ACCOUNT
from tests.connectors.wire import Wire

DONE = b'{"feedId":"7","processingStatus":"DONE","resultFeedDocumentId":"d"}'
DOCUMENT = b'{"feedDocumentId":"d","url":"https://documents.example.com/d"}'


def report(*issues: dict[str, Any]) -> bytes:
    return json.dumps({"header": {}, "issues": issues, "summary": {}}).encode()


def shop_of(*replies: bytes) -> AmazonClient:
    return AmazonClient(Wire(*replies).client(), replace(ACCOUNT, paid=[], exchanges=[], corrected=[]))


async def test_issues_are_told_by_sku() -> None:
    issue = {"messageId": 2, "sku": "B", "code": "90220", "severity": "ERROR", "message": "No."}
    found = await feeds.reports(shop_of(DONE, DOCUMENT, report(issue)), ["feed:7", "feed:7"])
    assert found == {"feed:7": {"B": [issue]}}


async def test_an_error_of_the_whole_feed_is_no_success_of_its_messages() -> None:
    whole = {"code": "4000003", "severity": "ERROR", "message": "The document cannot be read."}
    with pytest.raises(OurFault) as raised:
        await feeds.reports(shop_of(DONE, DOCUMENT, report(whole)), ["feed:7"])
    assert (raised.value.problem.code, raised.value.problem.original) == ("4000003", "The document cannot be read.")


@pytest.mark.parametrize(("status", "code"), [("CANCELLED", "feed_cancelled"), ("FATAL", "feed_fatal")])
async def test_what_was_in_a_feed_that_amazon_stopped_is_sent_again_later(status: str, code: str) -> None:
    shop = shop_of(f'{{"feedId":"7","processingStatus":"{status}"}}'.encode())
    change = StockChange(key="k", stock_id="A", quantity=1)
    [outcome] = await numbers.look_at_stock(shop, [SentItem(item=change, reference="feed:7")])
    assert isinstance(outcome, Failed)
    assert (outcome.problem.code, outcome.problem.problem_class) == (code, ProblemClass.BUSY)
