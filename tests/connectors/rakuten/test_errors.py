import pytest

from connectors import http
from connectors.errors import (
    AccountBlocked,
    Busy,
    ChannelError,
    DataRefused,
    InDoubt,
    OurFault,
    PermissionLost,
    ProblemClass,
    as_error,
)
from connectors.rakuten import errors
from connectors.rakuten.errors import Refusal

READ = http.Request(operation="items.get", method="GET", url="https://x.example/", writes=False)
WRITE = http.Request(operation="items.upsert", method="PUT", url="https://x.example/", writes=True)


def stopped(status: int, code: str, *, write: bool, message: str = "x", **headers: str) -> ChannelError | None:
    found = [Refusal(code=code, words=message)] if code else []
    answer = http.Answer(status=status, headers=headers, body=b"", request_id="r")
    return errors.stopping(answer, WRITE if write else READ, found)


@pytest.mark.parametrize(
    ("status", "code", "read", "write"),
    [
        (401, "ES01-01", PermissionLost, PermissionLost),
        (401, "GA0001", PermissionLost, PermissionLost),
        (401, "DR0007", PermissionLost, PermissionLost),
        (401, "", PermissionLost, PermissionLost),
        (401, "GA9999", PermissionLost, PermissionLost),
        (403, "GA9999", PermissionLost, PermissionLost),
        (400, "ES04-01", PermissionLost, PermissionLost),
        (403, "ES01-03", Busy, Busy),
        (403, "ES01-04", Busy, Busy),
        (403, "ES01-05", Busy, Busy),
        (403, "GA0003", Busy, Busy),
        (429, "GA0003", Busy, Busy),
        (429, "GA9999", Busy, Busy),
        (429, "", Busy, Busy),
        (503, "ES01-02", Busy, Busy),
        (400, "GE0017", Busy, Busy),
        (400, "IE0200", Busy, Busy),
        (409, "CE0001", Busy, Busy),
        (500, "ES01-06", Busy, InDoubt),
        (500, "ES01-07", Busy, InDoubt),
        (500, "ES02-01", Busy, InDoubt),
        (502, "ES03-01", Busy, InDoubt),
        (500, "GE0019", Busy, InDoubt),
        (500, "X0000", Busy, InDoubt),
        (503, "", Busy, InDoubt),
        (504, "DR0003", Busy, InDoubt),
        (400, "ES04-02", OurFault, OurFault),
        (415, "ES04-03", OurFault, OurFault),
        (405, "ES04-04", OurFault, OurFault),
        (400, "ES05-05", OurFault, OurFault),
        (404, "ES05-06", OurFault, OurFault),
        (415, "GE0012", OurFault, OurFault),
        (400, "IE1102", OurFault, OurFault),
        (404, "", OurFault, OurFault),
        (301, "", OurFault, OurFault),
    ],
)
def test_what_stops_a_call_is_sorted_by_who_must_act(
    status: int, code: str, read: type[ChannelError], write: type[ChannelError]
) -> None:
    for kind, writes in ((read, False), (write, True)):
        error = stopped(status, code, write=writes)
        assert type(error) is kind
        assert error.problem.code == (code or f"http_{status}")


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "IE0004"), (400, "IE9999"), (404, "GE0014"), (400, "IE0197"), (409, "XX9999"), (400, "GE0020")],
)
def test_a_refusal_of_what_was_sent_stops_nothing_else(status: int, code: str) -> None:
    assert stopped(status, code, write=True) is None


def test_a_success_is_no_error() -> None:
    assert stopped(204, "", write=True) is None


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [("ES01-03", {}, 1.0), ("ES01-04", {}, 60.0), ("GA0003", {"retry-after": "7"}, 7.0), ("ES01-02", {}, 300.0)],
)
def test_a_busy_store_is_left_alone_for_as_long_as_its_limit_lasts(
    code: str, headers: dict[str, str], seconds: float
) -> None:
    error = stopped(403, code, write=False, **headers)
    assert isinstance(error, Busy)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("code", "words", "problem_class"),
    [
        ("IE0004", "Max length of title must be within 255 bytes.", ProblemClass.DATA),
        ("IE9999", "A rule of tomorrow.", ProblemClass.DATA),
        ("IE0197", "Cannot register item, because …", ProblemClass.ACCOUNT),
        ("IE0230", "Cannot update genreId, since it's fixed.", ProblemClass.ACCOUNT),
        ("IE1105", "This endpoint is disabled for the shop not migrated to SKU.", ProblemClass.ACCOUNT),
        ("IE0002", "Unrecognized field foo.", ProblemClass.OURS),
        ("IE0002", "itemType has an invalid value.", ProblemClass.DATA),
    ],
)
def test_a_refusal_says_who_must_act(code: str, words: str, problem_class: ProblemClass) -> None:
    assert Refusal(code=code, words=words).problem_class is problem_class


MEASURED = {
    "errors": [
        {
            "code": "IE0418",
            "message": "Invalid attribute or genreId is set.",
            "metadata": {
                "details": [
                    {
                        "code": "invalidAllMandatoryAttributes",
                        "message": "The mandatory attributes are missing. attributeNames: メーカー型番, タイトル",
                    }
                ],
                "propertyPath": "variants.zzz-4997-1.attributes",
            },
        },
        {"code": "IE0228", "message": "Invalid articleNumber is set."},
    ]
}


def test_all_the_words_are_kept_and_the_first_error_decides() -> None:
    problem = errors.problem_of(errors.refusals(MEASURED), variants={"zzz-4997-1": 3})
    assert (problem.problem_class, problem.code) == (ProblemClass.DATA, "IE0418")
    assert problem.field == "/details/genre_attributes"
    assert problem.original == (
        "Invalid attribute or genreId is set.\n"
        "The mandatory attributes are missing. attributeNames: メーカー型番, タイトル\n"
        "Invalid articleNumber is set."
    )
    assert problem.original_lang == "en"


def test_japanese_words_are_said_to_be_japanese() -> None:
    problem = errors.problem_of([Refusal(code="X", words="期間を63日以内に指定してください。")])
    assert problem.original_lang == "ja"


@pytest.mark.parametrize(
    ("path", "words", "code", "field"),
    [
        ("title", "", "IE0004", "/title"),
        ("", "Max length of title must be within 255 bytes.", "IE0004", "/title"),
        ("genreId", "", "IE0003", "/details/genre_id"),
        ("", "Failed to get the genre info.", "IE0146", "/details/genre_id"),
        ("images[2].location", "", "IE0224", "/images"),
        ("productDescription.pc", "", "IE0215", "/description_html"),
        ("variantSelectors[0].values", "", "IE0211", "/option_names"),
        ("variants.B.articleNumber.value", "", "IE0228", "/variants/1/barcode"),
        ("variants.B.standardPrice", "", "IE0003", "/variants/1/price"),
        ("variants.B.selectorValues", "", "IE0416", "/variants/1/option_values"),
        ("variants.B.images[0].location", "", "IE0224", "/variants/1/image_url"),
        ("variants.B.orderQuantityLimit", "", "IE0003", "/variants/1"),
        ("variants.Z.standardPrice", "", "IE0003", "/variants"),
        ("variants", "", "IE0119", "/variants"),
        ("payment.taxRate", "payment.taxRate may be", "IE0109", ""),
    ],
)
def test_the_field_is_ours_where_rakuten_names_one(path: str, words: str, code: str, field: str) -> None:
    refusal = Refusal(code=code, words=words, path=path)
    assert errors.problem_of([refusal], variants={"A": 0, "B": 1}).field == field


@pytest.mark.parametrize("body", [None, [], {}, {"errors": "x"}, {"errors": [1]}, "x", {"Results": 1}])
def test_a_body_that_says_nothing_readable_holds_no_errors(body: object) -> None:
    assert errors.refusals(body) == []


def test_a_problem_becomes_the_error_of_its_class() -> None:
    for kind in (DataRefused, AccountBlocked, OurFault):
        error = as_error(errors.problem_of([Refusal(code="a", words="b")]))
        assert isinstance(error, DataRefused)
        assert type(as_error(kind("a", "b").problem)) is kind
