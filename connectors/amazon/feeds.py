"""Many things in one go: a document of messages, worked on for minutes, and a report on each of them.

https://developer-docs.amazon.com/sp-api/docs/feeds-api; a feed of listings is JSON_LISTINGS_FEED.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors import http
from connectors.amazon import errors
from connectors.amazon.client import AmazonClient, path_of
from connectors.amazon.items import Patch
from connectors.amazon.mapping import GENERIC, Sku
from connectors.errors import OurFault, Problem, ProblemClass
from connectors.records import Sent

FEEDS = "/feeds/2021-06-30"
KIND = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
PATIENCE_SECONDS = 6 * 3600.0
FIRST_LOOK_SECONDS = 5.0
_REFERENCE = "feed:"
DONE, CANCELLED, FATAL = "DONE", "CANCELLED", "FATAL"

Message = dict[str, Any]
# The issues of a report by SKU; a problem where Amazon stopped the feed, None while it is worked on.
Report = Mapping[str, Sequence[Mapping[str, Any]]] | Problem | None


def update(sku: Sku) -> Message:
    """The listing as a whole."""
    return {
        "sku": sku.sku,
        "operationType": "UPDATE",
        "productType": sku.product_type,
        "requirements": sku.requirements,
        "attributes": sku.attributes,
    }


def patch(sku: str, patches: Sequence[Patch], *, product_type: str = GENERIC) -> Message:
    return {"sku": sku, "operationType": "PATCH", "productType": product_type, "patches": list(patches)}


async def submit(shop: AmazonClient, messages: Sequence[Message]) -> Sent:
    """The messages are on their way. Each says how something is, so a feed that is sent twice does what one does."""
    numbered = [{"messageId": number, **message} for number, message in enumerate(messages, start=1)]
    header = {"sellerId": await shop.seller_id(), "version": "2.0", "issueLocale": shop.marketplace.language}
    content = json.dumps({"header": header, "messages": numbered}, ensure_ascii=False).encode()
    feed_id = await deliver(shop, KIND, content, content_type=CONTENT_TYPE)
    return going_on(_REFERENCE + feed_id, look_after_seconds=FIRST_LOOK_SECONDS)


async def deliver(shop: AmazonClient, kind: str, content: bytes, *, content_type: str) -> str:
    """The feed's id. A lost answer may leave a second feed: what is in one must be harmless when it is done twice."""
    made = await shop.send(
        "createFeedDocument", "POST", f"{FEEDS}/documents", [], {"contentType": content_type}, writes=False
    )
    await shop.upload(made.body["url"], content, content_type=content_type, operation="uploadFeed")
    body = {
        "feedType": kind,
        "marketplaceIds": [shop.marketplace.id],
        "inputFeedDocumentId": made.body["feedDocumentId"],
    }
    reply = await shop.send("createFeed", "POST", f"{FEEDS}/feeds", [], body)
    return str(reply.body["feedId"])


def going_on(reference: str, look_after_seconds: float | None = None) -> Sent:
    """What is said of everything in a feed that is still worked on."""
    return Sent(reference=reference, patience_seconds=PATIENCE_SECONDS, look_after_seconds=look_after_seconds)


async def reports(shop: AmazonClient, references: Iterable[str]) -> dict[str, Report]:
    """The report of each feed by its reference; one is read once, however much is in its feed."""
    once = dict.fromkeys(references)
    return {one: await _report(shop, one.removeprefix(_REFERENCE)) for one in once}


async def result(shop: AmazonClient, feed_id: str) -> bytes | Problem | None:
    """The processing report as it came, None while the feed is worked on.

    A problem where Amazon stopped it: what was in it may not have been done, and is sent again.
    """
    reply = await shop.get("getFeed", f"{FEEDS}/feeds{path_of(feed_id)}")
    status = reply.body.get("processingStatus") if reply.found else FATAL
    if status in (CANCELLED, FATAL):
        code = "feed_cancelled" if status == CANCELLED else "feed_fatal"
        return Problem(problem_class=ProblemClass.BUSY, code=code, channel_request_id=reply.request_id)
    if status != DONE:
        return None
    document = await shop.get("getFeedDocument", f"{FEEDS}/documents{path_of(reply.body['resultFeedDocumentId'])}")
    content, _charset = await shop.unpacked(document.body, operation="downloadFeed")
    return content


async def _report(shop: AmazonClient, feed_id: str) -> Report:
    content = await result(shop, feed_id)
    if not isinstance(content, bytes):
        return content
    told = http.parsed(content)
    if not isinstance(told, dict):
        raise OurFault("unreadable_report", message=f"feed {feed_id}")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for issue in told.get("issues", []):
        if not issue.get("sku") and issue.get("severity") == errors.ERROR:
            # About the feed as a whole: nothing says that any message of it was done.
            raise OurFault(str(issue.get("code")), str(issue.get("message")), message=f"feed {feed_id}")
        found.setdefault(str(issue.get("sku", "")), []).append(issue)
    return found
