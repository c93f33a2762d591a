"""Yahoo!'s refusals sorted into ours. What the tables do not know keeps Yahoo!'s words and claims no cause.

Three places can refuse: the HTTP status with an <Error> as its whole body, a <Result> whose <Status> is NG,
and the <ErrorCode> of one row of a stock answer. Yahoo!'s own tables are longer than what is known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.errors import PRODUCT_GONE, Busy, ChannelError, Problem, ProblemClass
from connectors.errors import as_error as error_of
from connectors.yahoo import answers
from connectors.yahoo.answers import Element

NOTHING_TO_PUBLISH = "pm-05001"
# https://developer.yahoo.co.jp/webapi/shopping/setStock.html: the stock was set, reading it again was not possible.
SET_BUT_NOT_READ = "ed-10002"
# od91801 comes with HTTP 404; or-01001 was seen in one public client.
NO_SUCH_ORDER = frozenset({"od91801", "or-01001"})

# The code an unknown item comes with is unsure, so it is known by its words: 指定された商品コードは存在しません。
_NO_SUCH_ITEM = "商品コードは存在しません"
# More than 50,000 calls a day, or an application id that is none: https://developer.yahoo.co.jp/webapi/shopping/faq.html
# What a call beyond one a second is answered with is unsure; this is the likeliest. Both pass, so it is waited for.
_FORBIDDEN = "Your Request was Forbidden"
_BLOCKED_SECONDS = 60.0

_CODES_BY_CLASS: Mapping[ProblemClass, str] = {
    ProblemClass.PERMISSION: "px-04102 px-14304 insufficient_scope",
    ProblemClass.ACCOUNT: "px-04303 px-04306 px-04307 px-14303 ed-00003 ed-00004 ed-00005",
    # Maintenance and a lock are told before anything is done, on writes too.
    ProblemClass.BUSY: "ed-00002 ed-00006 st-02000",
    # A system error does not say how far Yahoo! came; for a read it is only a matter of asking again.
    ProblemClass.UNKNOWN: "ed-00001 ed-10001 st-02999 od91001 od91133",
    ProblemClass.OURS: """
        px-04001 od90101 it-02001 it-07004 im-02001
        st-02100 st-02101 st-02102 st-02103 st-02105 st-02106 st-02107
    """,
}
CLASS_OF_CODE: Mapping[str, ProblemClass] = {
    code: problem_class for problem_class, codes in _CODES_BY_CLASS.items() for code in codes.split()
}

# The parameter an error names, as a pointer into our record. Which variant a price is of is not said.
_FIELD_OF_TARGET: Mapping[str, str] = {
    "item_code": "/handle",
    "path": "/details/path",
    "name": "/title",
    "product_category": "/details/product_category",
    "price": "/variants/0/price",
    "item_image_urls": "/images",
    "caption": "/description_html",
    "meta_desc": "/seo_description",
    "jan": "/variants/0/barcode",
    "options": "/option_names",
    "subcodes": "/variants",
    "subcode_param": "/variants",
    "display": "/active",
}
# For an error that names no parameter: https://developer.yahoo.co.jp/webapi/shopping/editItem.html
_TARGET_OF_CODE: Mapping[str, str] = {
    "it-01004": "item_code",
    "it-01011": "path",
    "it-01012": "name",
    "it-01013": "item_code",
    "it-01015": "price",
    "it-01023": "price",
    "it-01089": "product_category",
    "it-14091": "item_image_urls",
    "im-02005": "item_image_urls",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error as Yahoo! wrote it. `target` is the parameter it is about, empty where it names none."""

    code: str
    words: str
    target: str = ""

    @property
    def says_gone(self) -> bool:
        return _NO_SUCH_ITEM in self.words


def refusals_in(root: Element) -> list[Refusal]:
    """Every error of the answer: of an <Error> as its root, or of its refused results. Warnings are none."""
    found = [root] if root.tag == "Error" else list(root.iter("Error"))
    refusals = [refusal(element) for element in found]
    if not refusals and root.tag != "Error":
        refusals = [refusal(one) for one in answers.results(root) if answers.text(one, "Status") == "NG"]
    if not refusals and answers.text(root, "Status") == "NG":
        refusals = [refusal(root)]
    return refusals


def refusal(element: Element) -> Refusal:
    """What this element says of itself."""
    # The words are kept byte for byte, so nothing is stripped from them.
    words = element.findtext("Message") or ""
    return Refusal(answers.text(element, "Code"), words, answers.text(element, "Target"))


def problem_of(refusals: Sequence[Refusal], *, request_id: str = "") -> Problem:
    """The problem these refusals of one item state. The first decides; all their words are kept."""
    first = refusals[0]
    return Problem(
        problem_class=class_of(first),
        code=PRODUCT_GONE if first.says_gone else first.code or "refused",
        original="\n".join(dict.fromkeys(one.words for one in refusals if one.words)),
        original_lang=_language(first),
        field=_FIELD_OF_TARGET.get(first.target or _TARGET_OF_CODE.get(first.code, ""), ""),
        channel_request_id=request_id,
    )


def class_of(refusal: Refusal) -> ProblemClass:
    """Who must act. A code not known here is about data: Yahoo! understood the call and refused it."""
    if refusal.words.strip() == _FORBIDDEN:
        return ProblemClass.BUSY
    return CLASS_OF_CODE.get(refusal.code, ProblemClass.DATA)


def _language(refusal: Refusal) -> str:
    return "en" if refusal.words.isascii() and refusal.words else "ja"


def as_error(problem: Problem, *, writes: bool = True) -> ChannelError:
    """The error to raise when one problem is the outcome of a whole call. A read is never left in doubt."""
    if problem.problem_class is ProblemClass.UNKNOWN and not writes:
        problem = replace(problem, problem_class=ProblemClass.BUSY)
    error = error_of(problem)
    if isinstance(error, Busy) and problem.original.strip() == _FORBIDDEN:
        error.retry_after_seconds = _BLOCKED_SECONDS
    return error


def known(refusals: Sequence[Refusal]) -> bool:
    """Whether the refusal says more than the HTTP status it came with."""
    return bool(refusals) and (refusals[0].code in CLASS_OF_CODE or refusals[0].words.strip() == _FORBIDDEN)


def of_product(problem: Problem, *, variants: int) -> Problem:
    """The problem as it points into a product of so many variants: a price of one of many is nobody's in particular."""
    if variants > 1 and problem.field.startswith("/variants/0/"):
        return replace(problem, field="/variants")
    return problem
