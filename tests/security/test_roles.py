"""Who may do what, by direct request: the table below is the product's, whole and nothing but."""

from __future__ import annotations

import itertools
from uuid import uuid4

import pytest

from portal.models.accounts import Role
from tests.security.house import MOVING, House, Route, changes

pytestmark = pytest.mark.once

ANYBODY = """
GET /healthz
GET /readyz
GET /metrics
GET /sign-in
POST /sign-in
POST /sign-out
GET /sign-up
POST /sign-up
GET /sign-up/sent
GET /sign-up/{token:str}
POST /sign-up/{token:str}
GET /start/{token:str}
POST /start/{token:str}
GET /forgotten-password
POST /forgotten-password
GET /forgotten-password/sent
GET /reset-password/{token:str}
POST /reset-password/{token:str}
GET /verify-email/{token:str}
POST /verify-email/{token:str}
GET /restore-email/{token:str}
POST /restore-email/{token:str}
GET /invitations/{token:str}
POST /invitations/{token:str}/account
GET /dev/mail
GET /dev/mail/{letter_id:str}
POST /webhooks/{channel:str}
GET /pictures/{token:str}
"""

VIEWER = """
GET /
GET /live
GET /live/fragments
GET /inbox
GET /inbox/mode
GET /orders
GET /orders/search
GET /orders/health
GET /rules
GET /rules/test
GET /orders/{order_id:str}
GET /listings
GET /listings/{listing_id:str}
GET /offers
GET /imports
GET /imports/{import_id:str}
GET /imports/{import_id:str}/refused.csv
GET /exports
GET /exports/{key:str}
GET /codes
GET /codes/file
GET /products
GET /products/{product_id:str}
GET /products/{product_id:str}/stock
GET /products/{product_id:str}/images/checks
GET /selling
GET /stock/oversold
GET /channels
GET /channels/{connection_id:str}
GET /channels/{connection_id:str}/report
GET /channels/{connection_id:str}/report.csv
GET /design
GET /settings
GET /settings/profile
POST /settings/profile
POST /settings/theme
POST /settings/profile/password
POST /settings/profile/email
GET /settings/shop
POST /settings/shops/{merchant_id:str}/entry
GET /settings/sessions
POST /settings/sessions/{session_id:str}/revocation
POST /settings/sessions/revocation
GET /settings/team
POST /invitations/{token:str}/acceptance
"""

PACKER = """
POST /orders/{order_id:str}/buyer
POST /orders/{order_id:str}/slip
GET /orders/{order_id:str}/create
POST /orders/{order_id:str}/create
POST /orders/{order_id:str}/lines/{line_id:str}/product
POST /orders/{order_id:str}/read
POST /orders/{order_id:str}/stock
GET /orders/{order_id:str}/return
POST /orders/{order_id:str}/return
POST /orders/{order_id:str}/returns/{return_id:str}
POST /orders/synchronizations
POST /orders/searches
POST /orders/health/creations
POST /orders/health/comparisons
POST /orders/health/unread/{unread_id:str}/readings
"""

MANAGER = """
POST /rules/switch
GET /rules/new
POST /rules
GET /rules/{rule_id:str}
POST /rules/{rule_id:str}
POST /rules/{rule_id:str}/place
POST /rules/{rule_id:str}/state
GET /rules/{rule_id:str}/deletion
POST /rules/{rule_id:str}/deletion
GET /orders/{order_id:str}/cancel
POST /orders/{order_id:str}/cancel
GET /orders/{order_id:str}/buyer-credit
POST /orders/{order_id:str}/buyer-credit
POST /inbox/{item_id:str}/choices
POST /inbox/{item_id:str}/approval
POST /inbox/{item_id:str}/done
POST /inbox/{item_id:str}/restore
POST /inbox/{item_id:str}/unpublish
POST /inbox/{item_id:str}/field
POST /inbox/decisions/{decision_id:str}/undo
POST /inbox/approvals
POST /inbox/dones
POST /inbox/mode
POST /listings/{listing_id:str}/retry
POST /listings/retries
GET /listings/{listing_id:str}/end
POST /listings/{listing_id:str}/end
GET /listings/{listing_id:str}/relisting
POST /listings/{listing_id:str}/relisting
POST /listings/{listing_id:str}/hold
POST /listings/{listing_id:str}/publish
POST /listings/{listing_id:str}/stock
POST /listings/{listing_id:str}/link
POST /listings/{listing_id:str}/list-as-new
GET /offers/new
GET /offers/new/item
POST /offers
GET /offers/{product_id:str}/link
POST /offers/{product_id:str}/link
POST /imports
POST /imports/{import_id:str}/mapping
POST /imports/{import_id:str}/commit
GET /products/new
POST /products
POST /products/{product_id:str}
POST /products/{product_id:str}/images/checks
POST /products/{product_id:str}/images/replacement
POST /products/{product_id:str}/images/conversion
POST /products/{product_id:str}/images/removal
POST /products/{product_id:str}/codes
POST /products/{product_id:str}/archive
POST /codes
GET /codes/giving
POST /codes/giving
POST /products/{product_id:str}/restore
POST /products/{product_id:str}/variants/{variant_id:str}/stock
GET /products/{product_id:str}/variants/{variant_id:str}/components
POST /products/{product_id:str}/variants/{variant_id:str}/components
GET /products/{product_id:str}/buffer
POST /products/{product_id:str}/buffer
GET /channels/{connection_id:str}/buffer
POST /channels/{connection_id:str}/buffer
GET /channels/{connection_id:str}/locations
POST /channels/{connection_id:str}/locations
POST /channels/{connection_id:str}/updates
GET /channels/{connection_id:str}/public-key
POST /channels/{connection_id:str}/public-key
POST /selling/stop
POST /selling/go-on
GET /channels/kinds
GET /channels/{connection_id:str}/reconnect
POST /channels/{connection_id:str}/test
POST /channels/{connection_id:str}/report
POST /channels/{connection_id:str}/pause
POST /channels/{connection_id:str}/resume
GET /channels/{connection_id:str}/disconnect
POST /channels/{connection_id:str}/disconnect
GET /connect/{channel:str}
GET /connect/{channel:str}/authorize
GET /connect/{channel:str}/callback
POST /connect/{channel:str}/token
POST /settings/shop
"""

OWNER = """
POST /settings/team/invitations
POST /settings/team/invitations/{invitation_id:str}/withdrawal
POST /settings/team/{member_id:str}/role
"""

# Everybody may leave; only an owner sends somebody else away. The answer depends on whose id it is.
OWN_OR_OWNER = "POST /settings/team/{member_id:str}/removal"

TABLE: dict[str, Role | None] = {
    **dict.fromkeys(ANYBODY.strip().splitlines()),
    **dict.fromkeys(VIEWER.strip().splitlines(), Role.VIEWER),
    **dict.fromkeys(PACKER.strip().splitlines(), Role.PACKER),
    **dict.fromkeys(MANAGER.strip().splitlines(), Role.MANAGER),
    **dict.fromkeys(OWNER.strip().splitlines(), Role.OWNER),
}
RANK = [Role.VIEWER, Role.PACKER, Role.MANAGER, Role.OWNER]


def guarded(house: House) -> list[tuple[Route, Role]]:
    found = [(route, TABLE.get(str(route))) for route in house.routes()]
    return [(route, least) for route, least in found if least is not None]


async def test_the_table_names_every_route_and_no_other(house: House) -> None:
    assert {str(route) for route in house.routes()} == {*TABLE, OWN_OR_OWNER}


async def test_nobody_gets_past_sign_in(house: House) -> None:
    before, stranger = await house.dump(without=MOVING), house.browser()
    for route, _least in [*guarded(house), (Route("POST", OWN_OR_OWNER.split()[1]), Role.OWNER)]:
        page = await stranger.send(route, route.at(house.ours.first()))
        assert (page.status_code, page.headers.get("location", "")[:14]) == (303, "/sign-in?next="), route
        assert house.ours.mark not in page.text, route
        problem = await stranger.send(route, route.at(house.ours.first()), {"Accept": "application/json"})
        assert problem.status_code == 401, route
    assert changes(before, await house.dump(without=MOVING)) == {}


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_may_do_what_the_table_says(house: House, role: Role) -> None:
    """Asked with nobody's ids: what is allowed finds nothing there, so that a try does no harm to the next."""
    names = {"channel": "shopify", "token": "nobodys-token", "key": "shopify"}
    nobodys = {**dict.fromkeys(house.ours.first(), uuid4()), **names}
    allowed = 0
    for route, least in guarded(house):
        if RANK.index(role) >= RANK.index(least):
            answer = await house.ours.browsers[role].send(route, route.at(nobodys))
            assert answer.status_code not in {401, 403, 500}, (route, answer.status_code)
            assert not answer.headers.get("location", "").startswith("/sign-in"), route
            allowed += 1
    assert allowed > 25


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PACKER, Role.MANAGER])
async def test_a_role_may_not_do_more(house: House, role: Role) -> None:
    """Asked with the merchant's own ids: nothing but the role stands in the way."""
    before, refused = await house.dump(), 0
    for route, least in guarded(house):
        if RANK.index(role) < RANK.index(least):
            answer = await house.ours.browsers[role].send(route, route.at(house.ours.first()))
            assert answer.status_code == 403, (route, answer.status_code)
            refused += 1
    assert refused >= 3
    assert changes(before, await house.dump()) == {}


async def test_only_an_owner_sends_somebody_else_away_and_everybody_may_leave(house: House) -> None:
    path = OWN_OR_OWNER.split()[1]
    by_role = dict(zip(Role, house.ours.ids["member_id"], strict=True))
    plain = (Role.VIEWER, Role.PACKER, Role.MANAGER)
    for role, other in itertools.product(plain, Role):
        if role is not other:
            answer = await house.ours.browsers[role].post(Route("POST", path).at({"member_id": by_role[other]}))
            assert answer.status_code == 403, (role, other)
    for role in plain:
        left = await house.ours.browsers[role].post(Route("POST", path).at({"member_id": by_role[role]}))
        assert left.headers["location"] == "/sign-in?left"
    stays = await house.ours.owner.post(Route("POST", path).at({"member_id": by_role[Role.OWNER]}))
    assert stays.status_code == 409
    assert (await house.ours.owner.get("/")).status_code == 200


async def test_the_numbers_are_for_whoever_holds_their_token(house: House) -> None:
    assert (await house.ours.owner.get("/metrics")).status_code == 404
    assert (await house.browser().get("/metrics", {"Authorization": "Bearer wrong"})).status_code == 404
    known = {"Authorization": f"Bearer {house.runtime.settings.metrics_token}"}
    assert (await house.browser().get("/metrics", known)).status_code == 200


async def test_letters_are_read_by_nobody_where_mail_is_sent(house: House) -> None:
    assert (await house.ours.owner.get("/dev/mail")).status_code == 404
