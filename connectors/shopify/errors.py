"""Shopify's refusals sorted into ours. What the tables do not know keeps Shopify's words and claims no cause.

Three places can refuse: the HTTP status, the top-level `errors` of a GraphQL answer, and the
`userErrors` of one mutation in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.errors import (
    HANDLE_NOT_UNIQUE,
    PRODUCT_GONE,
    AccountBlocked,
    Busy,
    ChannelError,
    DataRefused,
    InDoubt,
    OurFault,
    PermissionLost,
    Problem,
    ProblemClass,
)
from connectors.shopify import pointers

# https://shopify.dev/docs/api/usage/response-codes. 430 is their answer to what looks like an attack.
STATUS_ERRORS: Mapping[int, type[ChannelError]] = {
    401: PermissionLost,
    402: AccountBlocked,
    403: PermissionLost,
    404: AccountBlocked,
    423: AccountBlocked,
    430: Busy,
}

ACCESS_DENIED = "ACCESS_DENIED"
STALE = "CHANGE_FROM_QUANTITY_STALE"
NOT_STOCKED = "ITEM_NOT_STOCKED_AT_LOCATION"
VARIANT_GONE = "PRODUCT_VARIANT_DOES_NOT_EXIST"
ALREADY_STOCKED = "already_stocked"
ALREADY_TAKEN = "already_taken"
NO_TOPIC = "no_topic"
ALREADY_CANCELLED = "already_cancelled"
CANCELLING = "cancelling"
GONE = frozenset({PRODUCT_GONE, "NOT_FOUND", "resource_gone", "publication_gone"})
# The key was used by a call that died inside Shopify; nothing was executed and the key is spent.
SPENT_KEY = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"

# Who must act on each code of the mutations we call, the merchant's data first: Shopify understood it and refused it.
# A code that Shopify adds is taken for data too, and keeps Shopify's words.
_CODES_BY_CLASS: Mapping[ProblemClass, str] = {
    ProblemClass.DATA: f"""
        BLANK CANNOT_COMBINE_LINKED_AND_NONLINKED_OPTION_VALUES CANNOT_SET_NAME_FOR_LINKED_OPTION_VALUE
        CAPABILITY_VIOLATION DUPLICATED_METAFIELD_VALUE DUPLICATED_OPTION_NAME DUPLICATED_OPTION_VALUE DUPLICATED_VALUE
        DUPLICATE_LINKED_OPTION GIFT_CARD_ATTRIBUTE_CANNOT_BE_CHANGED GREATER_THAN_OR_EQUAL_TO HANDLE_NOT_UNIQUE
        INVALID_INPUT INVALID_INVENTORY_ITEM INVALID_METAFIELD INVALID_METAFIELD_VALUE_FOR_LINKED_OPTION INVALID_PRODUCT
        INVALID_QUANTITY_NEGATIVE INVALID_QUANTITY_TOO_HIGH INVALID_QUANTITY_TOO_LOW INVALID_VALUE INVALID_VARIANT
        INVENTORY_QUANTITIES_LIMIT_EXCEEDED LINKED_METAFIELD_DEFINITION_NOT_FOUND
        LOCAL_CURRENCY_GIFT_CARD_PRICE_MUST_BE_ZERO NEED_TO_ADD_OPTION_VALUES NEGATIVE_PRICE_VALUE
        NON_MUTABLE_INVENTORY_ITEM NOT_FOUND OPTIONS_OVER_LIMIT OPTION_DOES_NOT_EXIST
        OPTION_VALUES_FOR_NUMBER_OF_UNKNOWN_OPTIONS OPTION_VALUES_MISSING OPTION_VALUES_OVER_LIMIT
        OPTION_VALUE_DOES_NOT_EXIST OPTION_VALUE_NAME_TOO_LONG PRODUCT_DOES_NOT_EXIST PRODUCT_VARIANT_DOES_NOT_EXIST
        TOO_LONG TOO_SHORT UNSUPPORTED_COMBINED_LISTING_PARENT_OPERATION VARIANTS_OVER_LIMIT VARIANT_ALREADY_EXISTS
        resource_gone

        DUPLICATE_FILENAME_ERROR EXTERNAL_VIDEO_EMBED_DISABLED EXTERNAL_VIDEO_EMBED_NOT_FOUND_OR_TRANSCODING
        EXTERNAL_VIDEO_INVALID_ASPECT_RATIO EXTERNAL_VIDEO_NOT_FOUND EXTERNAL_VIDEO_UNLISTED
        GENERIC_FILE_DOWNLOAD_FAILURE GENERIC_FILE_INVALID_SIZE IMAGE_DOWNLOAD_FAILURE IMAGE_PROCESSING_FAILURE
        INVALID_IMAGE_ASPECT_RATIO INVALID_IMAGE_FILE_SIZE INVALID_IMAGE_RESOLUTION MODEL3D_GLB_OUTPUT_CREATION_ERROR
        MODEL3D_GLB_TO_USDZ_CONVERSION_ERROR MODEL3D_PROCESSING_FAILURE MODEL3D_THUMBNAIL_GENERATION_ERROR
        MODEL3D_THUMBNAIL_REGENERATION_ERROR MODEL3D_VALIDATION_ERROR UNKNOWN UNSUPPORTED_IMAGE_FILE_TYPE
        VIDEO_INVALID_FILETYPE_ERROR VIDEO_MAX_DURATION_ERROR VIDEO_MAX_HEIGHT_ERROR VIDEO_MAX_WIDTH_ERROR
        VIDEO_METADATA_READ_ERROR VIDEO_MIN_DURATION_ERROR VIDEO_MIN_HEIGHT_ERROR VIDEO_MIN_WIDTH_ERROR
        VIDEO_VALIDATION_ERROR media_failed

        INVALID INVENTORY_CLAIM_FAILED {ALREADY_CANCELLED}
    """,
    ProblemClass.ACCOUNT: """
        FILE_STORAGE_LIMIT_EXCEEDED GIFT_CARDS_NOT_ACTIVATED INVALID_LOCATION LINKED_OPTIONS_NOT_SUPPORTED_FOR_SHOP
        NOT_DEFINED_FOR_SHOP PRODUCT_SUSPENDED SHOP_DORMANT SUBSCRIPTION_VIOLATION publication_gone
    """,
    ProblemClass.PERMISSION: f"""
        APP_NOT_FOUND APP_NOT_INSTALLED NO_REFUND_PERMISSION USER_PERMISSIONS_INSUFFICIENT {NO_TOPIC}
    """,
    ProblemClass.BUSY: f"""
        APP_UNINSTALL_ERROR {CANCELLING} {STALE} COMPARE_QUANTITY_STALE GENERIC_ERROR IDEMPOTENCY_CONCURRENT_REQUEST
        INTERNAL_ERROR {SPENT_KEY} {NOT_STOCKED} JOB_ERROR MEDIA_TIMEOUT_ERROR {ALREADY_STOCKED} operation_in_progress
    """,
    ProblemClass.OURS: """
        CANNOT_SPECIFY_BOTH COMPARE_QUANTITY_REQUIRED FULFILLMENT_SERVICE_INVALID
        NO_REFUND_TO_STORE_CREDIT_PERMISSION PROCESSED_AT_INVALID REDUNDANT_CUSTOMER_FIELDS
        STORE_CREDIT_REFUND_B2B_NOT_SUPPORTED STORE_CREDIT_REFUND_EXPIRATION_IN_PAST
        STORE_CREDIT_REFUND_MISSING_CUSTOMER TAX_LINE_RATE_MISSING IDEMPOTENCY_KEY_PARAMETER_MISMATCH
        ID_NOT_ALLOWED INPUT_MISMATCH INVALID_NAME INVALID_REASON INVALID_REFERENCE_DOCUMENT INVALID_SIGNED_URL
        METAFIELD_MISMATCH MISSING_FIELD_REQUIRED MUST_BE_FOR_THIS_PRODUCT MUST_SPECIFY_ONE_OF_PAIR
        NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR NO_INVENTORY_QUANTITES_DURING_UPDATE
        NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE PRODUCT_OPTIONS_INPUT_MISSING PRODUCT_VARIANT_ID_MISSING
        VARIANTS_INPUT_MISSING address_refused
    """,
}
CLASS_OF_CODE: Mapping[str, ProblemClass] = {
    code: problem_class for problem_class, codes in _CODES_BY_CLASS.items() for code in codes.split()
}


def class_of(code: str) -> ProblemClass:
    """Who must act on what this code says."""
    return CLASS_OF_CODE.get(code, ProblemClass.DATA)


@dataclass(frozen=True, slots=True)
class _Wording:
    """A message without a code of its own: which code it stands for, and which field it is about."""

    pattern: re.Pattern[str]
    code: str
    field: str = ""


# Many mutations give no code, and some name only ["input"] as the field; then the words are all there is.
_WORDINGS = (
    _Wording(re.compile(r"^Handle .* already in use\b", re.DOTALL), HANDLE_NOT_UNIQUE, "/handle"),
    _Wording(re.compile(r"^Handle is too long"), "TOO_LONG", "/handle"),
    _Wording(re.compile(r"^Vendor is too long"), "TOO_LONG", "/vendor"),
    _Wording(re.compile(r"^Product type is too long"), "TOO_LONG", "/product_type"),
    _Wording(re.compile(r"^Title is too long"), "TOO_LONG", "/title"),
    _Wording(re.compile(r"^is too long"), "TOO_LONG"),
    _Wording(re.compile(r"^Title can't be blank"), "BLANK", "/title"),
    _Wording(re.compile(r"^The variant .* already exists\b", re.DOTALL), "VARIANT_ALREADY_EXISTS"),
    _Wording(re.compile(r"^Image URL is invalid"), "INVALID_INPUT", "/images"),
    _Wording(re.compile(r"^Product does not exist"), PRODUCT_GONE),
    _Wording(re.compile(r"^Resource does not exist"), "resource_gone"),
    _Wording(re.compile(r"^Publication does not exist"), "publication_gone"),
    _Wording(re.compile(r"^Cannot cancel an order that has already been canceled"), ALREADY_CANCELLED),
    _Wording(re.compile(r"^Cancellation is already in progress"), CANCELLING),
    _Wording(re.compile(r"^Another operation already in progress"), "operation_in_progress"),
    _Wording(re.compile(r"^Not allowed to set available quantity"), ALREADY_STOCKED),
    _Wording(re.compile(r"because the location wasn't found"), "INVALID_LOCATION"),
    _Wording(re.compile(r"^You cannot create a webhook subscription with the specified topic"), NO_TOPIC),
    _Wording(re.compile(r"^Address for this topic has already been taken"), ALREADY_TAKEN),
    _Wording(re.compile(r"^Address "), "address_refused"),
)
# These codes say no more than "no"; a wording that says which no is worth more.
_VAGUE_CODES = frozenset({"", "INVALID", "INVALID_INPUT", "INVALID_PRODUCT", "INVALID_VARIANT"})


def problem_of(user_errors: Sequence[Mapping[str, Any]], *, variants: Sequence[int] | None = None) -> Problem:
    """The problem that one mutation's userErrors state. The first decides; all their words are kept.

    `variants` says which of our variants (by position) each variant of the request was, when not all were sent.
    """
    first = next((error for error in user_errors if _code_of(error) == HANDLE_NOT_UNIQUE), user_errors[0])
    code = _code_of(first) or "refused"
    wording = _wording_of(first)
    field = pointers.of_field(first.get("field"), variants=variants)
    return Problem(
        problem_class=class_of(code),
        code=code,
        original="\n".join(dict.fromkeys(str(error.get("message", "")) for error in user_errors)),
        field=field or (wording.field if wording else ""),
    )


# Where a refused result keeps which of Shopify's answers it came in. No GraphQL name has a blank in it.
REQUEST_ID = "request id"


def problem_in(result: Mapping[str, Any] | Problem | None, *, variants: Sequence[int] | None = None) -> Problem | None:
    """The problem of one mutation's result, None when it did what was asked."""
    if isinstance(result, Problem):
        return result
    if result is None:
        return Problem(problem_class=ProblemClass.UNKNOWN, code="no_result")
    user_errors = result.get("userErrors") or []
    if not user_errors:
        return None
    return replace(problem_of(user_errors, variants=variants), channel_request_id=result.get(REQUEST_ID, ""))


def _code_of(error: Mapping[str, Any]) -> str:
    code = str(error.get("code") or "")
    wording = _wording_of(error) if code in _VAGUE_CODES else None
    return wording.code if wording else code


def _wording_of(error: Mapping[str, Any]) -> _Wording | None:
    message = str(error.get("message", ""))
    return next((wording for wording in _WORDINGS if wording.pattern.search(message)), None)


# https://shopify.dev/docs/api/admin-graphql#status_and_error_codes
_TOP_LEVEL: Mapping[str, type[ChannelError]] = {
    ACCESS_DENIED: PermissionLost,
    "SHOP_INACTIVE": AccountBlocked,
    "MAX_INPUT_SIZE_EXCEEDED": DataRefused,
}


def error_of(entry: Mapping[str, Any], *, cost: Mapping[str, Any], writes: bool, request_id: str) -> ChannelError:
    """The error that an entry of the top-level `errors` stands for. `cost` is the answer's own account of its cost."""
    extensions = entry.get("extensions") or {}
    code = str(extensions.get("code") or "rejected_request")
    original = str(entry.get("message", ""))
    request_id = str(extensions.get("requestId") or request_id)
    if code == "THROTTLED":
        return Busy(code, original, retry_after_seconds=_wait_seconds(cost), channel_request_id=request_id)
    if code == "INTERNAL_SERVER_ERROR":
        kind: type[ChannelError] = InDoubt if writes else Busy
        return kind(code, original, channel_request_id=request_id)
    kind = _TOP_LEVEL.get(code, OurFault)
    field = pointers.of_path(entry.get("path")) if kind is DataRefused else ""
    return kind(code, original, field=field, channel_request_id=request_id)


def _wait_seconds(cost: Mapping[str, Any]) -> float:
    """Until the bucket holds what was asked for, and at least the second Shopify asks for."""
    status = cost.get("throttleStatus") or {}
    lacking = float(cost.get("requestedQueryCost") or 0) - float(status.get("currentlyAvailable") or 0)
    restore = float(status.get("restoreRate") or 0)
    return max(1.0, lacking / restore) if restore > 0 else 1.0


def said(body: Any) -> str:
    """What an HTTP error body says: its `errors` as Shopify wrote it, empty when it says nothing readable."""
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors", body.get("error_description", body.get("error", "")))
    if isinstance(errors, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in errors.items())
    return errors if isinstance(errors, str) else ""
