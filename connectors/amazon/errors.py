"""Amazon's refusals, sorted by who must act next.

Codes as in https://github.com/amzn/selling-partner-api-models and as sellers have shown them in public; Amazon
publishes no list of its issue codes, so an unknown one of a listing is taken for the listing's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.errors import Problem, ProblemClass

ERROR = "ERROR"
# Only the merchant's account can change these: an approval, a policy, a document.
_ACCOUNT = frozenset({"6024", "18742", "100390", "APPROVAL_REQUIRED", "NOT_ELIGIBLE"})
_ATTRIBUTES = "/details/amazon_attributes"
# Where each attribute of ours comes from; every other one is the merchant's own line of attributes.
_FIELDS = {
    "item_name": "/title",
    "brand": "/vendor",
    "product_description": "/description_html",
    "bullet_point": "/description_html",
    "externally_assigned_product_identifier": "/variants/{n}/barcode",
    "purchasable_offer": "/variants/{n}/price",
    "list_price": "/variants/{n}/compare_at",
    "fulfillment_availability": "/variants/{n}/quantity",
    "main_product_image_locator": "/images",
    "merchant_suggested_asin": "/details/amazon_asin",
    "supplier_declared_has_product_identifier_exemption": "/details/amazon_code_exemption",
    "variation_theme": "/option_names",
    "child_parent_sku_relationship": "/variants",
    "color": "/variants/{n}/option_values",
    "size": "/variants/{n}/option_values",
}
_FIELD_OF_CODE = {
    "8541": "/variants/{n}/barcode",
    "8572": "/variants/{n}/barcode",
    "8566": "/variants/{n}/barcode",
    "5461": "/variants/{n}/barcode",
    "23901": "/variants/{n}/barcode",
    "20005": "/images",
    "18027": "/images",
    "18320": "/images",
    "8008": "/variants",
}


def field_of(attribute: str, variant: int, *, with_options: bool = True) -> str:
    """Where in our record the attribute comes from; `variant` is the number of the variant it was sent for."""
    bare = attribute.split(".", maxsplit=1)[0]
    if bare.startswith("other_product_image_locator"):
        return "/images"
    if bare in {"color", "size"} and not with_options:
        return _ATTRIBUTES
    return _FIELDS.get(bare, _ATTRIBUTES).format(n=variant)


def problem_of_issue(issue: Mapping[str, Any], *, variant: int, with_options: bool, request_id: str = "") -> Problem:
    """An issue of a listing (`code`, `message`, `attributeNames`, or `attributeName` in a feed's report)."""
    code = str(issue.get("code", ""))
    names = list(issue.get("attributeNames") or filter(None, [issue.get("attributeName")]))
    field = field_of(str(names[0]), variant, with_options=with_options) if names else ""
    return Problem(
        problem_class=ProblemClass.ACCOUNT if code in _ACCOUNT else ProblemClass.DATA,
        code=code,
        original=str(issue.get("message", "")),
        field=field or _FIELD_OF_CODE.get(code, "").format(n=variant),
        channel_request_id=request_id,
    )


def first_error(issues: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The issue that stops a listing; none where all are warnings."""
    return next((issue for issue in issues if issue.get("severity") == ERROR), None)


def errors_in(body: Any) -> list[dict[str, Any]]:
    """The envelope of every API: {"errors": [{"code", "message", "details"}]}."""
    listed = body.get("errors") if isinstance(body, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


# The words in which Amazon speaks of the order itself; others with the same code speak of how we asked.
_OF_AN_ORDER = re.compile("OrderItemId|create package|already|order status|cancel|tracking|carrier", re.IGNORECASE)


def problem_of_order(problem: Problem) -> Problem:
    """A refused call about an order, which has one code (InvalidInput) for all there is; only its words tell."""
    if not _OF_AN_ORDER.search(problem.original):
        return problem
    return replace(problem, problem_class=ProblemClass.DATA)


def problem_of_cancel(code: str, words: str) -> Problem:
    """What a feed's report says of an order that stays: Amazon lists no codes, and it is about the order."""
    return Problem(problem_class=ProblemClass.DATA, code=code, original=words)


_MEDIA = re.compile(r"media content", re.IGNORECASE)


def is_about_an_image(error: Mapping[str, Any]) -> bool:
    """Amazon refuses the whole call where it cannot fetch an image from its address; only its words tell."""
    return bool(_MEDIA.search(str(error.get("message", ""))))
