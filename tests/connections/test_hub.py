"""The hub: each state of a connection in words, and the decisions a merchant takes there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import Problem, ProblemClass
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Product
from portal.models.connections import Connection, ConnectionState
from portal.models.listings import LastAttempt
from portal.models.tasks import TaskState
from portal.tasks import kinds
from tests.connections.premises import CHANNELS, Premises, card_of, target, words
from tests.jobs.test_shopify_path import mug, publish
from tests.listings.site import Browser
from tests.settable_clock import SettableClock
from tests.stage import SHOP


async def the_card(alice: Browser, row: Connection) -> str:
    return words(card_of(await alice.get(CHANNELS), row.id))


async def change(premises: Premises, row: Connection, **columns: Any) -> None:
    async with premises.stage.sessions.write(row.merchant_id) as session:
        found = await session.get_one(Connection, row.id)
        for name, value in columns.items():
            setattr(found, name, value)


async def wanting_a_mug(premises: Premises, merchant: Merchant) -> Any:
    [saved] = await premises.stage.add(merchant, mug())
    await publish(premises.stage, merchant, await premises.connection(merchant), saved.id)
    return saved


async def test_without_a_connection_the_hub_offers_a_practice_shop(premises: Premises, alice: Browser) -> None:
    hub = await alice.get(CHANNELS)

    assert "Connect your first channel" in words(hub)
    assert hub.select_one('a[href="/connect/shopify?practice=true"]') is not None
    assert hub.select(".card--practice") == []


async def test_each_state_says_what_happened_and_who_acts_next(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    row = await premises.site.connection(merchant)
    said = {
        ConnectionState.ACTIVE: ("Active", "Nothing to do."),
        ConnectionState.NEEDS_REAUTH: ("Reconnect", "no longer accepts our access"),
        ConnectionState.PAUSED: ("Paused", "Nothing is sent until you resume"),
        ConnectionState.MAINTENANCE: ("Not answering", "and go on by ourselves"),
        ConnectionState.SETUP: ("Setting up", "Almost there"),
    }
    for state, (badge, line) in said.items():
        await change(premises, row, state=state, maintenance_until=premises.stage.now + timedelta(hours=1))
        card = card_of(await alice.get(CHANNELS), row.id)
        assert badge in words(card), state
        assert line in words(card), state
        offered = {str(form["action"]).rsplit("/", 1)[-1] for form in card.select("form")}
        assert ("pause" in offered) == (state in {ConnectionState.ACTIVE, ConnectionState.MAINTENANCE})
        assert ("resume" in offered) == (state is ConnectionState.PAUSED)
        assert (card.select_one('a[href$="/reconnect"]') is not None) == (state is ConnectionState.NEEDS_REAUTH)

    await change(premises, row, state=ConnectionState.DISCONNECTED)
    assert str(row.id) not in str(await alice.get(CHANNELS))
    assert "Syncing has stopped" in words(await alice.get(f"/channels/{row.id}"))


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (ProblemClass.OURS, "The last test stopped by a fault of ours, not yours."),
        (ProblemClass.ACCOUNT, "Shopify refused the last test."),
    ],
)
async def test_a_test_that_did_not_work_is_said_on_the_card(
    premises: Premises, alice: Browser, merchant: Merchant, kind: ProblemClass, line: str
) -> None:
    row = await premises.site.connection(merchant)
    await change(premises, row, problem={"problem_class": kind.value, "code": "x", "original": ""})

    card = await the_card(alice, row)

    assert "Test didn't work" in card
    assert line in card


async def test_a_practice_shop_can_be_looked_into_and_a_real_one_is_left_alone(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    row = await premises.connection(merchant)
    inside = f'a[href="{premises.stage.practice_url}/practice/shops/{row.domain}"]'
    assert card_of(await alice.get(CHANNELS), row.id).select_one(inside)

    await change(premises, row, practice=False)

    assert "/practice/" not in str(card_of(await alice.get(CHANNELS), row.id))


async def test_who_may_only_look_decides_nothing(premises: Premises, merchant: Merchant) -> None:
    row = await premises.site.connection(merchant)
    viewer = await premises.site.sign_in(merchant, "vera", Role.VIEWER)

    async with viewer.http:
        assert "Active" in await the_card(viewer, row)
        for act in ("test", "pause", "resume", "disconnect"):
            assert (await viewer.post(f"/channels/{row.id}/{act}")).status_code == 403
    assert (await premises.connection(merchant)).state is ConnectionState.ACTIVE


async def test_pausing_holds_and_resuming_lets_go(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    await premises.connect(alice)
    await premises.stage.work()
    row = await premises.connection(merchant)

    paused = await alice.press(await alice.get(CHANNELS), f'form[action="/channels/{row.id}/pause"]', htmx=True)
    assert f'hx-target="#connection-card-{row.id}"' in paused.text
    assert "Paused" in paused.text
    saved = await wanting_a_mug(premises, merchant)
    await premises.stage.work()

    assert await premises.stage.shop().products() == []
    assert "1 new listing" in await the_card(alice, row)

    resumed = await alice.press(await alice.get(CHANNELS), f'form[action="/channels/{row.id}/resume"]')
    assert target(resumed) == f"/channels/{row.id}"
    await premises.stage.work()

    assert [there["title"] for there in await premises.stage.shop().products()] == ["Stoneware mug"]
    assert (await premises.stage.listing(merchant, saved.id)).attempt is LastAttempt.ACCEPTED


@pytest.mark.parametrize("state", [ConnectionState.NEEDS_REAUTH, ConnectionState.DISCONNECTED])
async def test_only_an_active_connection_pauses_and_only_a_paused_one_resumes(
    premises: Premises, alice: Browser, merchant: Merchant, state: ConnectionState
) -> None:
    row = await premises.site.connection(merchant, state=state)

    for act in ("pause", "resume"):
        assert (await alice.post(f"/channels/{row.id}/{act}")).status_code == 409
    assert (await premises.connection(merchant)).state is state


async def test_a_test_finds_lost_access_once_and_repairs_it_when_it_is_back(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    await premises.stage.work()
    row = await premises.connection(merchant)
    shop = premises.stage.shop()
    await shop.do("state", state="forbidden")
    calls = len(await shop.ask("requests"))

    await alice.press(await alice.get(CHANNELS), f'form[action="/channels/{row.id}/test"]')
    await premises.stage.work()

    assert (await premises.connection(merchant)).state is ConnectionState.NEEDS_REAUTH
    assert "no longer accepts our access" in await the_card(alice, row)
    assert "Last test we were not let in" in await the_card(alice, row)
    assert "User does not have access" in words(await alice.get(f"/channels/{row.id}"))
    assert len(await shop.ask("requests")) == calls + 1, "a refused test is not repeated by itself"
    await wanting_a_mug(premises, merchant)
    assert "Waiting: 1 new listing" in await the_card(alice, row)

    await shop.do("state", state="open")
    await alice.press(await alice.get(CHANNELS), f'form[action="/channels/{row.id}/test"]')
    await premises.stage.work()

    assert (await premises.connection(merchant)).state is ConnectionState.ACTIVE
    assert (await premises.connection(merchant)).problem is None
    assert len(await shop.products()) == 1, "what waited goes out"
    assert "Last test worked" in await the_card(alice, row)


async def test_access_that_turns_out_to_be_another_accounts_asks_to_reconnect(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await premises.connect(alice)
    await premises.stage.work()
    row = await premises.connection(merchant)
    await change(premises, row, external_id="gid://shopify/Shop/another")

    await alice.post(f"/channels/{row.id}/test")
    await premises.stage.work()

    after = await premises.connection(merchant)
    assert after.state is ConnectionState.NEEDS_REAUTH
    assert after.problem is not None
    assert after.problem["code"] == "other_account"


async def test_disconnecting_explains_drops_what_waits_and_ends_our_access(
    premises: Premises, alice: Browser, merchant: Merchant, clock: SettableClock
) -> None:
    await premises.connect(alice)
    await premises.stage.work()
    row = await premises.connection(merchant)
    await alice.post(f"/channels/{row.id}/pause")
    await wanting_a_mug(premises, merchant)

    ask = await alice.get(f"/channels/{row.id}/disconnect")
    assert "What waits now is dropped: 1 new listing" in words(ask)
    assert "credentials are destroyed here" in words(ask)
    assert target(await alice.press(ask, f'form[action="/channels/{row.id}/disconnect"]')) == CHANNELS
    await premises.stage.work()

    after = await premises.connection(merchant)
    assert after.state is ConnectionState.DISCONNECTED
    assert (after.secrets, after.previous_secrets, after.access_ends_at) == (None, None, None)
    assert {task.state for task in await premises.stage.tasks(kind=kinds.PUBLISH.name)} == {TaskState.CANCELLED}
    assert premises.in_the_shops_book("SELECT installed FROM shop WHERE domain = ?", SHOP) == [0]
    assert premises.in_the_shops_book("SELECT token FROM access_token WHERE shop = ?", SHOP) == []
    assert await premises.stage.shop().products() == []
    assert len(await premises.site.rows(merchant, Product)) == 1
    for _ in range(2):
        clock.advance(3600)
        await premises.stage.work()
    assert (await premises.connection(merchant)).state is ConnectionState.DISCONNECTED


async def test_disconnecting_twice_ends_once(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    await premises.connect(alice)
    row = await premises.connection(merchant)

    for _ in range(2):
        assert (await alice.post(f"/channels/{row.id}/disconnect")).status_code == 303
    await premises.stage.work()
    await alice.post(f"/channels/{row.id}/disconnect")

    assert len(await premises.stage.tasks(kind=kinds.REVOKE.name)) == 1


async def test_a_shop_that_is_away_is_asked_again_to_let_us_go(
    premises: Premises, alice: Browser, merchant: Merchant, clock: SettableClock
) -> None:
    await premises.connect(alice)
    await premises.stage.work()
    row = await premises.connection(merchant)
    await premises.stage.shop().fault("maintenance", count=1)

    await alice.post(f"/channels/{row.id}/disconnect")
    await premises.stage.work()
    assert (await premises.connection(merchant)).secrets is not None
    clock.advance(60)
    await premises.stage.work()

    assert (await premises.connection(merchant)).secrets is None
    assert premises.in_the_shops_book("SELECT installed FROM shop WHERE domain = ?", SHOP) == [0]


async def test_a_disconnected_connection_is_not_tested(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    row = await premises.site.connection(merchant, state=ConnectionState.DISCONNECTED)

    assert (await alice.post(f"/channels/{row.id}/test")).status_code == 409
    assert await premises.stage.tasks(kind=kinds.CHECK.name) == []


async def test_an_app_that_was_removed_says_so(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    row = await premises.site.connection(merchant, state=ConnectionState.NEEDS_REAUTH)
    problem = Problem(problem_class=ProblemClass.PERMISSION, code="app_uninstalled")
    await change(premises, row, problem={"code": problem.code, "original": "", "original_lang": ""})

    assert "The app was removed from this Shopify shop" in await the_card(alice, row)
