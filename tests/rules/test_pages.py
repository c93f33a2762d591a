"""The pages of rules without a script: made, put in order, switched, deleted, and tried out on orders that are here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from portal.models.accounts import Merchant, Role
from portal.models.connections import Connection
from portal.models.rules import RoutingRule
from portal.rules import service
from portal.rules.deciding import Act, Attribute, Condition, Operator, Outcome
from portal.rules.service import Draft
from tests.listings.conftest import site
from tests.listings.site import Browser, Site
from tests.orders.sales import Shop, a_shop, sale

__all__ = ["site"]

SENTENCE = "Send order updates only to the marketplace the order came from"


@pytest.fixture
async def shop(site: Site, merchant: Merchant) -> Shop:
    shop = await a_shop(site.sessions, merchant)
    shop.vault = site.process.runtime.vault
    async with site.sessions.write(merchant.id) as session:
        for connection in (shop.market, shop.store):
            connected = site.now - timedelta(days=30)
            (await session.get_one(Connection, connection.id)).created_at = connection.created_at = connected
    return shop


@pytest.fixture
async def alice(site: Site, merchant: Merchant) -> AsyncIterator[Browser]:
    browser = await site.sign_in(merchant, "alice")
    async with browser.http:
        yield browser


def text(page: BeautifulSoup, selector: str = "main") -> str:
    found = page.select_one(selector)
    assert found is not None, selector
    return " ".join(found.get_text(" ").split())


def parsed(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def typed(**change: Any) -> dict[str, Any]:
    """A whole form of one condition and one outcome."""
    form: dict[str, Any] = {
        "name": "Dear ones",
        "condition-of": ["total"],
        "condition-how": ["more"],
        "condition-value": ["1000"],
        "then-what": ["tag"],
        "then-value": ["Dear"],
    }
    return {**form, **change}


async def made(site: Site, merchant: Merchant, *names: str, then: Outcome | None = None) -> list[RoutingRule]:
    found = []
    for name in names:
        draft = Draft(name=name, conditions=[], then=[then or Outcome(Act.TAG, name)], otherwise=[])
        async with site.sessions.write(merchant.id) as session:
            found.append(await service.create(session, merchant.id, draft))
    return found


async def names(site: Site, merchant: Merchant) -> list[str]:
    async with site.sessions.read(merchant.id) as session:
        return [row.name for row in await service.rows(session)]


async def test_without_rules_updates_go_back_to_where_the_order_came_from(alice: Browser) -> None:
    """U83: one switch, on by default."""
    page = await alice.get("/rules")
    assert "Order updates go back to where the order came from." in text(page)
    assert text(page, "#updates").startswith(f"{SENTENCE} On")
    assert page.select('nav.rail a[href="/rules"][aria-current="page"]')


async def test_the_switch_is_one_press_and_one_press_back(site: Site, merchant: Merchant, alice: Browser) -> None:
    for state, only in (("Off", False), ("On", True)):
        answer = await alice.press(await alice.get("/rules"), 'form[action="/rules/switch"]')
        assert answer.headers["location"] == "/rules"
        assert text(await alice.get("/rules"), "#updates").startswith(f"{SENTENCE} {state}")
        async with site.sessions.read(merchant.id) as session:
            assert await service.to_source_only(session, merchant.id) is only


async def test_a_rule_is_made_and_read_back_in_words_and_changed(
    site: Site, merchant: Merchant, shop: Shop, alice: Browser
) -> None:
    answer = await alice.post(
        "/rules", typed(**{"otherwise-what": [f"hush:{shop.market.id}"], "otherwise-value": [""]})
    )
    assert answer.headers["location"] == "/rules"
    [row] = await site.rows(merchant, RoutingRule)
    assert (row.conditions, row.then) == ([["total", "more", "1000"]], [["tag", "Dear"]])
    listed = text(await alice.get("/rules"), f"#rule-{row.id}")
    for words in ("Total is more than 1000", "Add the tag “Dear”", "Send no updates to Amazon (Amazon)", "On"):
        assert words in listed
    form = await alice.get(f"/rules/{row.id}")
    assert form.select_one('#condition-0-of option[selected][value="total"]')
    assert form.select_one(f'#otherwise-0-what option[selected][value="hush:{shop.market.id}"]')
    await alice.post(f"/rules/{row.id}", typed(name="Cheap ones", **{"condition-how": ["less"]}))
    [row] = await site.rows(merchant, RoutingRule)
    assert (row.name, row.conditions, row.otherwise) == ("Cheap ones", [["total", "less", "1000"]], [])


async def test_a_row_comes_and_goes_by_a_button_and_nothing_typed_is_lost(
    site: Site, merchant: Merchant, alice: Browser
) -> None:
    more = await alice.post("/rules", typed(do="add-condition"))
    assert more.status_code == 200
    page = parsed(more)
    assert [one["value"] for one in page.select('[name="condition-value"]')] == ["1000", ""]
    assert [one["value"] for one in page.select('[name="then-value"]')] == ["Dear"]
    assert page.select_one("#field-name[value='Dear ones']")
    assert page.select_one("#condition-1-of[autofocus]")
    other = parsed(await alice.post("/rules", typed(do="add-otherwise")))
    assert len(other.select('[name="otherwise-what"]')) == 1
    less = parsed(await alice.post("/rules", typed(do="remove-condition-0")))
    assert less.select('[name="condition-value"]') == []
    for odd in ("remove-condition-7", "remove-condition-²", "add-nothing", "x", "add-condition-9"):
        assert (await alice.post("/rules", typed(do=odd))).status_code == 200
    assert await site.rows(merchant, RoutingRule) == []
    first = page.select("button[type=submit][form=rule], form#rule button[type=submit]")[0]
    assert first.get("name") is None, "Enter presses the first submit button: it has to save"


@pytest.mark.parametrize(
    ("change", "at", "says"),
    [
        ({"name": ""}, "name", "Give the rule a name."),
        ({"name": "x" * 101}, "name", "Use at most 100 characters."),
        ({"condition-of": [""]}, "condition-0-of", "Choose what to look at."),
        ({"condition-of": ["weight"]}, "condition-0-of", "Choose what to look at."),
        ({"condition-how": ["matches"]}, "condition-0-how", "Choose how to compare."),
        ({"condition-value": [""]}, "condition-0-value", "Type what to compare with."),
        ({"condition-value": ["1,000 yen"]}, "condition-0-value", "Type the amount in digits"),
        ({"condition-how": ["contains"]}, "condition-0-how", "A total is an amount"),
        ({"condition-of": ["sku"]}, "condition-0-how", "Only a total can be more or less"),
        (
            {"condition-of": ["sku"], "condition-how": ["is"], "condition-value": ["x" * 201]},
            "condition-0-value",
            "200",
        ),
        ({"then-what": [""], "then-value": [""]}, "then-0-what", "Choose what happens."),
        ({"then-what": ["tell:00000000-0000-0000-0000-000000000000"]}, "then-0-what", "Choose what happens."),
        ({"then-value": [""]}, "then-0-value", "Type the words to use."),
        ({"then-value": ["a, b"]}, "then-0-value", "A tag has no comma."),
        ({"then-value": ["x" * 41]}, "then-0-value", "Use at most 40 characters."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    site: Site, merchant: Merchant, alice: Browser, change: dict[str, Any], at: str, says: str
) -> None:
    answer = await alice.post("/rules", typed(**change))
    assert answer.status_code == 422
    page = parsed(answer)
    control = page.select_one(f"#{'field-name' if at == 'name' else at}[aria-invalid]")
    assert control is not None
    assert says in text(page, f"#{control['id']}-error")
    assert says in text(page, f'#error-summary a[href="#{control["id"]}"]')
    kept = [one["value"] for one in page.select('[name="condition-value"], [name="then-value"], #field-name')]
    sent = typed(**change)
    assert kept == [sent["name"], *sent["condition-value"], *sent["then-value"]]
    assert await site.rows(merchant, RoutingRule) == []


async def test_ten_conditions_are_kept_and_an_eleventh_is_said(site: Site, merchant: Merchant, alice: Browser) -> None:
    def rows(count: int) -> dict[str, Any]:
        return {f"condition-{name}": [word] * count for name, word in (("of", "sku"), ("how", "is"), ("value", "MUG"))}

    full = parsed(await alice.post("/rules", typed(**rows(10), do="add-condition")))
    assert len(full.select('[name="condition-of"]')) == 10
    assert full.select('button[value="add-condition"]') == []
    assert (await alice.post("/rules", typed(**rows(11)))).status_code == 422
    assert (await alice.post("/rules", typed(**rows(10)))).status_code == 303
    assert len((await site.rows(merchant, RoutingRule))[0].conditions) == 10


async def test_fifty_rules_are_enough(site: Site, merchant: Merchant, alice: Browser) -> None:
    await made(site, merchant, *(f"R{number}" for number in range(service.MOST_RULES)))
    assert (await alice.get("/rules")).select('a[href="/rules/new"]') == []
    assert (await alice.post("/rules", typed())).status_code == 409
    assert len(await names(site, merchant)) == service.MOST_RULES


async def test_rules_move_by_buttons_and_the_ends_stay(site: Site, merchant: Merchant, alice: Browser) -> None:
    one, _two, three = await made(site, merchant, "One", "Two", "Three")
    page = await alice.get("/rules")
    assert len(page.select(f'#rule-{one.id} input[name="move"]')) == 1, "the first has no way up"
    await alice.post(f"/rules/{three.id}/place", {"move": "up"})
    assert await names(site, merchant) == ["One", "Three", "Two"]
    await alice.press(await alice.get("/rules"), f'#rule-{one.id} form[action$="/place"]')
    assert await names(site, merchant) == ["Three", "One", "Two"]
    await alice.post(f"/rules/{three.id}/place", {"move": "up"})
    assert await names(site, merchant) == ["Three", "One", "Two"]
    await made(site, merchant, "Four")
    assert await names(site, merchant) == ["Three", "One", "Two", "Four"]


async def test_a_rule_that_is_off_is_asked_by_nobody(
    site: Site, merchant: Merchant, shop: Shop, alice: Browser
) -> None:
    [row] = await made(site, merchant, "Out", then=Outcome(Act.SKIP))
    await shop.hear(sale(placed_at=shop.now))
    await alice.press(await alice.get("/rules"), f'#rule-{row.id} form[action$="/state"]')
    assert "Off" in text(await alice.get("/rules"), f"#rule-{row.id}")
    async with site.sessions.read(merchant.id) as session:
        assert await service.active(session) == []
    assert "No rule is on" in text(await alice.get("/rules/test"))


async def test_deleting_is_asked_first(site: Site, merchant: Merchant, alice: Browser) -> None:
    [row] = await made(site, merchant, "Gone soon")
    page = await alice.get(f"/rules/{row.id}/deletion")
    assert "Gone soon" in text(page)
    assert await names(site, merchant) == ["Gone soon"]
    await alice.press(page, f'form[action="/rules/{row.id}/deletion"]')
    assert await names(site, merchant) == []


async def test_an_order_is_tried_and_says_which_rule_fired_and_why(
    site: Site, merchant: Merchant, shop: Shop, alice: Browser
) -> None:
    """U82."""
    await shop.hear(
        sale("250-1", placed_at=site.now), sale("250-2", units=3, placed_at=site.now), sale("250-3", placed_at=site.now)
    )
    await alice.post("/rules", typed(**{"condition-value": ["2000"]}))
    await alice.post(
        "/rules",
        typed(
            name="Not these",
            **{"condition-of": ["tags"], "condition-how": ["is"], "condition-value": ["dear"]},
            **{"then-what": ["skip"], "then-value": [""]},
        ),
    )
    everything = await alice.get("/rules/test")
    assert text(everything, "#impact").endswith("Of 3 orders: 1 not created .")
    by_number = {order.number: order for order in await shop.orders()}
    assert len(everything.select("#field-order option")) == 4
    page = await alice.get(f"/rules/test?order={by_number['250-2'].id}")
    assert "It is not created in your store: the rule “Not these” says so." in text(page, "#outcome")
    assert "Updates go back to Amazon (Amazon)." in text(page, "#outcome")
    first, second = text(page, "#step-1"), text(page, "#step-2")
    assert "Total is more than 2000. This order: 3600" in first
    assert "Then: Add the tag “Dear”" in first
    assert "Tags is “dear”. This order: crossdock, amazon, 250-2, and Dear" in second
    plain = await alice.get("/rules/test?number=250-1")
    assert "created in your store with the tags crossdock, amazon, and 250-1." in text(plain, "#outcome")
    assert "Does not hold" in text(plain, "#step-1")
    missing = await alice.get("/rules/test?number=999", status=422)
    assert "No marketplace's order here has the number 999." in text(missing)
    assert missing.select_one('#field-number[value="999"]')
    assert (await alice.get("/rules/test?order=nonsense")).select("#outcome") == []


async def test_a_rule_is_tried_before_it_is_saved_beside_the_others(
    site: Site, merchant: Merchant, shop: Shop, alice: Browser
) -> None:
    await made(site, merchant, "All")
    await shop.hear(sale("1", placed_at=site.now), sale("2", units=3, placed_at=site.now))
    out = {"condition-value": ["2000"], "then-what": ["skip"], "then-value": [""], "do": "try"}
    page = parsed(await alice.post("/rules", typed(**out)))
    assert "Of 2 orders: 1 would be tagged and 1 not created" in text(page, "#impact")
    assert page.select_one('#condition-0-value[value="2000"]')
    assert await names(site, merchant) == ["All"]
    [row] = await site.rows(merchant, RoutingRule)
    instead = parsed(await alice.post(f"/rules/{row.id}", typed(**out)))
    assert "Of 2 orders: 1 not created" in text(instead, "#impact"), "it stands in the place of what was saved"
    wrong = await alice.post("/rules", typed(**{**out, "name": ""}))
    assert (wrong.status_code, "#impact" in wrong.text) == (422, False)


async def test_the_weeks_numbers_are_those_of_its_orders_alone(
    site: Site, merchant: Merchant, shop: Shop, alice: Browser
) -> None:
    """Sold in the store itself, shipped by the channel, placed before: no rule is asked about those."""
    await made(site, merchant, "All")
    await shop.hear(sale("#1001", placed_at=site.now), of=shop.store)
    await shop.hear(sale("1", placed_at=site.now, by_channel=True), sale("2", placed_at=site.now))
    await shop.hear(sale("3", placed_at=shop.market.created_at - timedelta(days=1)))
    assert "Of 1 order: 1 would be tagged" in text(await alice.get("/rules/test"), "#impact")


async def test_a_viewer_reads_and_tries_and_changes_nothing(site: Site, merchant: Merchant) -> None:
    [row] = await made(site, merchant, "Mine")
    viewer = await site.sign_in(merchant, "vera", Role.VIEWER)
    async with viewer.http:
        page = await viewer.get("/rules")
        assert "Mine" in text(page)
        assert page.select("main form, main a[href='/rules/new']") == []
        await viewer.get("/rules/test")
        assert (await viewer.post(f"/rules/{row.id}/state", {"enabled": "no"})).status_code == 403


def test_what_a_rule_says_is_kept_as_plain_words() -> None:
    row = RoutingRule(name="R", conditions=[["sku", "is", "MUG"]], then=[["tag", "x"]], otherwise=[["skip", ""]])
    rule = service.rule_of(row)
    assert rule.conditions == [Condition(Attribute.SKU, Operator.IS, "MUG")]
    assert (rule.then, rule.otherwise) == ([Outcome(Act.TAG, "x")], [Outcome(Act.SKIP)])
