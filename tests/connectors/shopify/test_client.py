from collections.abc import Sequence

import httpx
import pytest

from connectors.errors import (
    AccountBlocked,
    Busy,
    ChannelError,
    InDoubt,
    OurFault,
    PermissionLost,
    Problem,
    ProblemClass,
)
from connectors.records import Credentials
from connectors.shopify.client import Result, ShopifyClient
from connectors.shopify.documents import Part
from tests.connectors.wire import FakeAccount, Wire, refused

LOOK = Part("ProductByHandle", {"handle": "mug"})
WRITE = Part("Publish", {"id": "gid://shopify/Product/1", "publicationId": "gid://shopify/Publication/1"})
COST = (
    b'"extensions":{"cost":{"requestedQueryCost":31,"actualQueryCost":12,'
    b'"throttleStatus":{"maximumAvailable":2000.0,"currentlyAvailable":1988,"restoreRate":100.0}}}'
)


async def run(wire: Wire, parts: Sequence[Part], account: FakeAccount | None = None) -> list[Result]:
    async with wire.client() as client:
        return await ShopifyClient(client, account or FakeAccount()).run(parts)


async def test_a_call_goes_to_the_shops_graphql_with_its_token() -> None:
    wire, account = Wire(b'{"data":{"item0":null},' + COST + b"}"), FakeAccount()
    assert await run(wire, [LOOK], account) == [None]
    (request,) = wire.requests
    assert (request.method, str(request.url)) == ("POST", "https://demo.myshopify.com/admin/api/2026-07/graphql.json")
    assert request.headers["X-Shopify-Access-Token"] == "shpat_planted"
    assert request.headers["Content-Type"] == "application/json"
    assert wire.sent()["operationName"] == "ProductByHandle"
    assert wire.variables() == {"handle0": "mug"}
    assert "item0: productByIdentifier(identifier: { handle: $handle0 })" in wire.sent()["query"]


async def test_the_cost_is_paid_before_and_the_bucket_corrected_after() -> None:
    wire, account = Wire(b'{"data":{"item0":null,"item1":null},' + COST + b"}"), FakeAccount()
    await run(wire, [LOOK, LOOK], account)
    assert account.paid == [("graphql", 62.0)]
    assert account.corrected == [(1988.0, 2000.0, 100.0)]


async def test_a_bucket_that_is_empty_here_sends_nothing() -> None:
    wire = Wire()
    with pytest.raises(Busy) as caught:
        await run(wire, [LOOK], FakeAccount(wait_seconds=4.0))
    assert caught.value.retry_after_seconds == 4.0
    assert wire.requests == []


async def test_the_token_is_not_in_what_is_kept() -> None:
    account = FakeAccount()
    await run(Wire(b'{"data":{"item0":null},"echo":"shpat_planted"}'), [LOOK], account)
    (kept,) = account.exchanges
    assert kept.operation == "ProductByHandle"
    assert "mug" in kept.request_body
    assert "shpat_planted" not in repr(kept)


@pytest.mark.parametrize("token", ["shpat_\n", "シークレット", "a\x00b"])
async def test_a_token_no_header_can_carry_asks_for_a_new_connection(token: str) -> None:
    wire = Wire()
    with pytest.raises(PermissionLost):
        await run(wire, [LOOK], FakeAccount(held=Credentials(access_token=token)))
    assert wire.requests == []


THROTTLED = (
    b'{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED",'
    b'"documentation":"https://shopify.dev/api/usage/rate-limits"}}],'
    b'"extensions":{"cost":{"requestedQueryCost":214,"actualQueryCost":null,'
    b'"throttleStatus":{"maximumAvailable":2000.0,"currentlyAvailable":14,"restoreRate":100.0}}}}'
)


@pytest.mark.parametrize("part", [LOOK, WRITE])
async def test_throttled_is_busy_for_as_long_as_the_bucket_needs(part: Part) -> None:
    account = FakeAccount()
    with pytest.raises(Busy) as caught:
        await run(Wire(THROTTLED), [part], account)
    assert caught.value.retry_after_seconds == 2.0
    assert (caught.value.problem.code, caught.value.problem.original) == ("THROTTLED", "Throttled")
    assert account.corrected == [(14.0, 2000.0, 100.0)]


@pytest.mark.parametrize(
    "body",
    [
        THROTTLED.replace(b":14,", b":200,"),
        b'{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}',
        THROTTLED.replace(b":100.0}", b":0}"),
    ],
)
async def test_a_throttled_call_waits_at_least_a_second(body: bytes) -> None:
    with pytest.raises(Busy) as caught:
        await run(Wire(body), [LOOK])
    assert caught.value.retry_after_seconds == 1.0


DENIED = (
    b'{"data":{"item0":null,"item1":{"userErrors":[]}},"errors":[{"message":'
    b'"Access denied for publishablePublish field. Required access: `write_publications` access scope.",'
    b'"locations":[{"line":2,"column":3}],"path":["item0"],"extensions":{"code":"ACCESS_DENIED",'
    b'"requiredAccess":"`write_publications` access scope."}}]}'
)


async def test_a_refusal_of_one_part_is_that_parts_alone() -> None:
    denied, done = await run(Wire(DENIED), [WRITE, WRITE])
    assert isinstance(denied, Problem)
    assert denied.problem_class is ProblemClass.PERMISSION
    assert denied.code == "ACCESS_DENIED"
    assert denied.original == (
        "Access denied for publishablePublish field. Required access: `write_publications` access scope."
    )
    assert done == {"userErrors": []}


async def test_a_refused_read_without_data_is_raised() -> None:
    body = (
        b'{"data":null,"errors":[{"message":"Access denied for publications field.","path":["item0"],'
        b'"extensions":{"code":"ACCESS_DENIED"}}]}'
    )
    with pytest.raises(PermissionLost):
        await run(Wire(body), [Part("Publications")])


INVALID = (
    b'{"errors":[{"message":"Variable $id0 of type ID! was provided invalid value",'
    b'"locations":[{"line":1,"column":36}],"extensions":{"code":"INVALID_VARIABLE","value":null,"problems":[{"path":[],"explanation":"bad"}]}}]}'
)


async def test_a_part_that_spoils_the_document_does_not_hold_back_the_others() -> None:
    good = b'{"data":{"item0":{"userErrors":[]}}}'
    wire = Wire(INVALID, INVALID, good, refused(503, b""), good)
    results = await run(wire, [WRITE, WRITE, WRITE, WRITE])
    assert wire.unused == 0
    classes = [result.problem_class if isinstance(result, Problem) else "done" for result in results]
    assert classes == [ProblemClass.OURS, "done", ProblemClass.UNKNOWN, "done"]


async def test_too_many_variants_are_the_merchants_to_reduce() -> None:
    body = (
        b'{"errors":[{"message":"The input array size of 2049 is greater than the maximum allowed of 2048.",'
        b'"path":["productSet","input","variants"],"extensions":{"code":"MAX_INPUT_SIZE_EXCEEDED"}}]}'
    )
    part = Part("ProductSet", {"input": {}, "identifier": None, "variantsFirst": 1})
    (problem,) = await run(Wire(body), [part])
    assert isinstance(problem, Problem)
    assert (problem.problem_class, problem.field) == (ProblemClass.DATA, "/variants")


@pytest.mark.parametrize(
    ("reply", "read", "write"),
    [
        (
            refused(401, b'{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}'),
            PermissionLost,
            PermissionLost,
        ),
        (
            refused(402, b'{"errors":"This shop\'s plan does not have access to this feature"}'),
            AccountBlocked,
            AccountBlocked,
        ),
        (refused(403, b'{"errors":"User does not have access"}'), PermissionLost, PermissionLost),
        (refused(404, b'{"errors":"Not Found"}'), AccountBlocked, AccountBlocked),
        (refused(423, b'{"errors":"This shop is unavailable"}'), AccountBlocked, AccountBlocked),
        (refused(429, b'{"errors":"slow down"}', retry_after="2.0"), Busy, Busy),
        (refused(430, b"<html>"), Busy, Busy),
        (refused(400, b'{"errors":{"query":"Required parameter missing or invalid"}}'), OurFault, OurFault),
        (refused(500, b"<html>oops</html>"), Busy, InDoubt),
        (refused(503, b""), Busy, InDoubt),
        (b'{"errors":[{"message":"off","extensions":{"code":"SHOP_INACTIVE"}}]}', AccountBlocked, AccountBlocked),
        (
            b'{"errors":[{"message":"oops","extensions":{"code":"INTERNAL_SERVER_ERROR","requestId":"r-7"}}]}',
            Busy,
            InDoubt,
        ),
        (b"", OurFault, InDoubt),
        (b"<html>", OurFault, InDoubt),
        (httpx.ConnectError("x"), Busy, Busy),
        (httpx.ReadTimeout("x"), Busy, InDoubt),
    ],
)
async def test_what_stops_a_whole_call_is_raised_by_who_must_act(
    reply: bytes | httpx.Response | Exception, read: type[ChannelError], write: type[ChannelError]
) -> None:
    for part, kind in ((LOOK, read), (WRITE, write)):
        with pytest.raises(ChannelError) as caught:
            await run(Wire(reply), [part])
        assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("body", "original"),
    [
        (b'{"errors":"[API] Invalid API key"}', "[API] Invalid API key"),
        (
            b'{"errors":{"query":"Required parameter missing or invalid"}}',
            "query: Required parameter missing or invalid",
        ),
        (b"<html>", ""),
        (b"[]", ""),
        (b'{"errors":[1]}', ""),
    ],
)
async def test_what_a_status_says_is_kept_as_it_was_said(body: bytes, original: str) -> None:
    with pytest.raises(PermissionLost) as caught:
        await run(Wire(refused(401, body, x_request_id="r-1")), [LOOK])
    assert caught.value.problem.original == original
    assert caught.value.problem.channel_request_id == "r-1"


@pytest.mark.parametrize(("part", "kind"), [(LOOK, ProblemClass.OURS), (WRITE, ProblemClass.UNKNOWN)])
async def test_an_answer_that_leaves_a_part_out_settles_nothing_about_it(part: Part, kind: ProblemClass) -> None:
    results = await run(Wire(b'{"data":{"item0":{"userErrors":[]}}}'), [part, part])
    assert isinstance(results[1], Problem)
    assert results[1].problem_class is kind


async def test_what_stops_a_later_request_leaves_the_earlier_ones_done() -> None:
    page = b'{"data":{' + b",".join(b'"item%d":null' % number for number in range(30)) + b"}}"
    wire = Wire(page, refused(503, b""))
    results = await run(wire, [LOOK] * 40)
    assert results[:30] == [None] * 30
    assert {result.problem_class if isinstance(result, Problem) else "" for result in results[30:]} == {
        ProblemClass.BUSY
    }


async def test_nothing_to_ask_asks_nothing() -> None:
    wire = Wire()
    assert await run(wire, []) == []
    assert wire.requests == []
