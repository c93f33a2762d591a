"""The error translator knows every code the channel's reference names, and invents nothing about the others."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from graphql import FieldNode, GraphQLEnumType, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, visit

from connectors.errors import ProblemClass
from connectors.rakuten import errors as rakuten_errors
from connectors.shopify import documents
from connectors.shopify import errors as shopify_errors
from connectors.yahoo import errors as yahoo_errors
from portal.listings import words_amazon, words_common, words_rakuten, words_yahoo
from portal.listings.wording import Button, Wording
from portal.listings.words import explain, field_name, wording_of
from portal.listings.words_shopify import WORDINGS
from tests.material import AMAZON_REFERENCE, SHOPIFY_REFERENCE, needs_shopify_specs

# Capitals in the reference that are no error codes: orders of sorting, strategies of variants, states of files.
NOT_CODES = {"UPDATED_AT", "REMOVE_STANDALONE_VARIANT", "PRESERVE_STANDALONE_VARIANT"}


def problem(code: str, kind: ProblemClass = ProblemClass.DATA, **more: str) -> dict[str, str]:
    return {"problem_class": kind.value, "code": code, "original": "No.", "field": "", **more}


@pytest.mark.skipif(not SHOPIFY_REFERENCE.exists(), reason="the channel's reference is not on this machine")
def test_every_code_the_reference_names_has_words() -> None:
    text = SHOPIFY_REFERENCE.read_text()
    start = text.index("### 2.5 ")
    named = text[start : text.index("## 3. ")]
    for number in ("4", "5", "7", "8"):
        begin = text.index(f"## {number}. ")
        named += text[begin : text.index("\n## ", begin)]
    codes = set(re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b|THROTTLED", named)) - NOT_CODES
    statuses = {f"http_{status}" for status in re.findall(r"HTTP (4\d\d)", named)}
    assert len(codes) > 60
    assert {"http_401", "http_402", "http_403", "http_404", "http_423"} <= statuses
    unknown = sorted(code for code in codes | statuses if wording_of("shopify", code) is None)
    assert unknown == []


@needs_shopify_specs
@pytest.mark.parametrize("operation", sorted(documents.definitions()[0]))
def test_every_code_of_every_operation_has_a_class_and_words(operation: str, shopify_schema: GraphQLSchema) -> None:
    unsorted, unsaid = [], []
    for code in codes_of(operation, shopify_schema):
        if code not in shopify_errors.CLASS_OF_CODE:
            unsorted.append(code)
        if wording_of("shopify", code) is None:
            unsaid.append(code)
    assert (unsorted, unsaid) == ([], [])


@needs_shopify_specs
def test_the_codes_are_those_of_shopifys_own_enums(shopify_schema: GraphQLSchema) -> None:
    known = {operation: codes_of(operation, shopify_schema) for operation in documents.definitions()[0]}
    counts = {operation: len(codes) for operation, codes in known.items() if codes}
    assert counts == {
        "ProductSet": 36,
        "ProductSetLater": 36,
        "SetOperation": 36,
        "VariantsUpdate": 28,
        "SetQuantities": 17,
        "ProductState": 33,
        "Uninstall": 4,
        "OrderCancel": 8,
        "OrderCreate": 7,
    }
    assert "HANDLE_NOT_UNIQUE" in known["ProductSet"]


def codes_of(operation: str, schema: GraphQLSchema) -> list[str]:
    """Every value of every error code that the operation asks for."""
    found: list[str] = []
    info = TypeInfo(schema)

    class Codes(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            kind = get_named_type(info.get_type())
            if node.name.value == "code" and isinstance(kind, GraphQLEnumType):
                found.extend(kind.values)

    visit(documents.definitions()[0][operation], TypeInfoVisitor(info, Codes()))
    return found


def test_every_code_the_connector_sorts_has_words() -> None:
    sorted_codes = set(shopify_errors.CLASS_OF_CODE) | {wording.code for wording in shopify_errors._WORDINGS}
    assert sorted_codes
    assert sorted(code for code in sorted_codes if wording_of("shopify", code) is None) == []


BUTTONS = {
    ProblemClass.DATA: {Button.EDIT, Button.CHOOSE, Button.CHANNEL},
    ProblemClass.PERMISSION: {Button.RECONNECT},
    ProblemClass.ACCOUNT: {Button.CHANNEL},
    ProblemClass.BUSY: {Button.WAIT},
    ProblemClass.OURS: {Button.NONE},
    ProblemClass.UNKNOWN: {Button.WAIT},
}


@pytest.mark.parametrize(("code", "kind"), sorted(shopify_errors.CLASS_OF_CODE.items()))
def test_the_button_fits_the_class_of_the_code(code: str, kind: ProblemClass) -> None:
    wording = wording_of("shopify", code)
    assert wording is not None
    assert wording.button in BUTTONS[kind]


SORTED = [
    *(("rakuten", code, kind) for code, kind in sorted(rakuten_errors.CLASS_OF_CODE.items())),
    *(("yahoo", code, kind) for code, kind in sorted(yahoo_errors.CLASS_OF_CODE.items())),
]


@pytest.mark.parametrize(("channel", "code", "kind"), SORTED)
def test_every_code_a_marketplace_connector_sorts_has_words_with_the_right_button(
    channel: str, code: str, kind: ProblemClass
) -> None:
    wording = wording_of(channel, code)
    assert wording is not None
    assert wording.button in BUTTONS[kind]


@pytest.mark.skipif(not AMAZON_REFERENCE.exists(), reason="the channel's reference is not on this machine")
def test_every_issue_of_amazons_that_the_reference_names_has_words() -> None:
    text = AMAZON_REFERENCE.read_text()
    table = text[text.index("### 5.6 ") : text.index("### 5.7 ")]
    codes = set(re.findall(r"\| (\d{4,8}) \|", table))
    assert len(codes) > 12
    assert sorted(code for code in codes if wording_of("amazon", code) is None) == []


@pytest.mark.parametrize("wordings", [words_amazon.WORDINGS, words_rakuten.WORDINGS, words_yahoo.WORDINGS])
def test_a_marketplaces_words_blame_nobody_and_point_where_the_editor_can_go(wordings: Mapping[str, Wording]) -> None:
    for code, wording in wordings.items():
        for text in (wording.title, wording.body):
            assert not re.search(r"invalid|failed to|error occurred|sorry|oops", text, re.IGNORECASE), text
        assert not wording.field or field_name(wording.field), code
        assert not (wording.retry_helps and wording.button in {Button.WAIT, Button.RECONNECT, Button.EDIT}), code


OWN_CODES = {
    "no_location": ProblemClass.ACCOUNT,
    "no_publication": ProblemClass.ACCOUNT,
    "currency_mismatch": ProblemClass.DATA,
    "not_an_inventory_item": ProblemClass.OURS,
    "no_access_token": ProblemClass.OURS,
    "quarantined": ProblemClass.OURS,
    "no_operation": ProblemClass.UNKNOWN,
    "no_product": ProblemClass.UNKNOWN,
    "no_result": ProblemClass.UNKNOWN,
    "no_answer": ProblemClass.UNKNOWN,
    "deadline_passed": ProblemClass.UNKNOWN,
    "unreachable": ProblemClass.BUSY,
    "rate_limit": ProblemClass.BUSY,
    "renewal_under_way": ProblemClass.BUSY,
    "unusable_token": ProblemClass.PERMISSION,
    "no_refresh_token": ProblemClass.PERMISSION,
    "no_credentials": ProblemClass.PERMISSION,
    "invalid_grant": ProblemClass.PERMISSION,
}


@pytest.mark.parametrize(("code", "kind"), OWN_CODES.items())
def test_what_we_find_out_ourselves_has_words_that_fit_its_class(code: str, kind: ProblemClass) -> None:
    wording = wording_of("shopify", code)
    assert wording is not None
    assert wording.button in BUTTONS[kind]


@pytest.mark.parametrize("kind", list(ProblemClass))
def test_an_unknown_code_keeps_the_channels_words_and_claims_no_cause(kind: ProblemClass) -> None:
    said = explain(problem("SOMETHING_NEW", kind), channel="shopify", channel_name="Shopify")
    assert said.source == "We have no words of our own for SOMETHING_NEW yet."
    assert "Shopify" in said.title or "our side" in said.title


def test_an_unknown_data_code_says_only_that_it_was_rejected() -> None:
    said = explain(problem("SOMETHING_NEW"), channel="shopify", channel_name="Shopify")
    assert said.title == "Shopify rejected this product"


def test_no_words_use_the_ones_that_blame_or_explain_nothing() -> None:
    for wording in WORDINGS.values():
        for text in (wording.title, wording.body):
            assert not re.search(r"invalid|failed to|error occurred|sorry|oops", text, re.IGNORECASE), text


def test_retry_is_never_offered_where_only_waiting_or_reconnecting_helps() -> None:
    for code, wording in WORDINGS.items():
        if wording.button in {Button.WAIT, Button.RECONNECT, Button.EDIT, Button.CHOOSE}:
            assert not wording.retry_helps, code


def test_the_edit_button_names_the_field_the_channel_named() -> None:
    said = explain(problem("TOO_LONG", field="/variants/3/sku"), channel="shopify", channel_name="Shopify")
    assert (said.button, said.field, said.label) == (Button.EDIT, "/variants/3/sku", "Edit SKU")
    assert field_name("/nowhere") == ""


def test_the_title_names_the_field_where_the_channel_named_one() -> None:
    named = explain(problem("INVALID_INPUT", field="/title"), channel="shopify", channel_name="Shopify")
    unnamed = explain(problem("INVALID_INPUT"), channel="shopify", channel_name="Shopify")
    assert named.title == "Shopify doesn't take the title"
    assert unnamed.title == "Shopify doesn't take one of the values"


def test_no_words_point_to_a_place_on_the_page() -> None:
    """The same words stand beside the channel's own message, on the dashboard and over a list."""
    for code, wording in {**WORDINGS, **words_common.WORDINGS}.items():
        assert not re.search(r"\bbelow[.,;]", wording.body), code
    for kind, wording in words_common.BY_CLASS.items():
        assert not re.search(r"\bbelow[.,;]", wording.body), kind


def test_what_our_own_check_found_is_said_in_its_own_words() -> None:
    found = problem("not_ready", message="Title 256 / 255 characters", recommended="Shorten it by 1 character.")
    said = explain(found, channel="shopify", channel_name="Shopify")
    assert (said.title, said.body) == ("Title 256 / 255 characters", "Shorten it by 1 character.")
