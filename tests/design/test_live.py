"""Live updates in a real browser: what changed is shown, what a person is doing is left alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.design.site import Site

pytestmark = pytest.mark.browser


def opened(page: Page) -> None:
    """On the page of things, with the stream open and the first fetch behind us."""
    with page.expect_response("**/live/fragments*"):
        page.goto("/things")
    expect(page.locator("#live-line")).to_have_text("Live")


def text(page: Page, name: str) -> str:
    return page.locator(f"#thing-{name} .text").inner_text()


def test_a_change_reaches_the_page_in_one_request_for_just_what_changed(page: Page, site: Site) -> None:
    opened(page)
    site.asked.clear()
    site.things["cup"] = "green"
    site.change("thing:cup", "thing:unheard-of")
    site.change("thing:cup")
    expect(page.locator("#thing-cup .text")).to_have_text("green")
    assert site.asked == [["thing-cup"]]


def test_a_lone_change_is_asked_for_at_once_and_a_burst_every_quarter_of_a_second(page: Page, site: Site) -> None:
    page.add_init_script(
        "window.heard = []; window.asked = []; const fetched = window.fetch;"
        " window.fetch = (...all) => { asked.push(performance.now()); return fetched(...all); };"
        " window.EventSource = class extends EventSource {"
        " constructor(url) { super(url); this.addEventListener('changed', () => heard.push(performance.now())); } };"
    )
    opened(page)
    page.wait_for_timeout(400)
    site.things["cup"] = "green"
    site.change("thing:cup")
    expect(page.locator("#thing-cup .text")).to_have_text("green")
    assert page.evaluate("asked.at(-1) - heard.at(-1)") < 250
    for number in range(30):
        site.things["cup"] = f"green {number}"
        site.change("thing:cup")
        page.wait_for_timeout(30)
    expect(page.locator("#thing-cup .text")).to_have_text("green 29")
    pauses = page.evaluate("asked.slice(2).map((time, at) => time - asked[at + 1])")
    assert len(pauses) > 2
    # A timer counts in whole milliseconds, the clock it is read by in fractions of one.
    assert round(min(pauses)) >= 250


def test_what_changed_before_the_stream_was_open_is_fetched_too(page: Page, site: Site) -> None:
    page.route("**/live", lambda route: (site.things.update(cup="changed meanwhile"), route.continue_()))
    page.goto("/things")
    expect(page.locator("#thing-cup .text")).to_have_text("changed meanwhile")


def test_a_swap_keeps_focus_and_cursor_and_everything_typed_or_ticked(page: Page, site: Site) -> None:
    opened(page)
    page.fill("#note-mug", "typed and left")
    page.check("#pick-cup")
    page.fill("#note-cup", "half a sen")
    page.press("#note-cup", "ArrowLeft")
    site.things = {"cup": "green", "mug": "yellow"}
    site.change("things")
    expect(page.locator("#thing-cup .text")).to_have_text("green")
    expect(page.locator("#thing-mug .text")).to_have_text("yellow")
    expect(page.locator("#note-cup")).to_be_focused()
    assert page.evaluate("document.activeElement.selectionStart") == len("half a se")
    assert page.input_value("#note-cup") == "half a sen"
    assert page.input_value("#note-mug") == "typed and left"
    assert page.is_checked("#pick-cup")


def test_an_untouched_field_does_follow_the_change(page: Page, site: Site) -> None:
    opened(page)
    site.things["cup"] = "green"
    site.change("things")
    expect(page.locator("#note-cup")).to_have_value("green")


def test_a_change_of_everything_refetches_all(page: Page, site: Site) -> None:
    opened(page)
    site.asked.clear()
    with page.expect_response("**/live/fragments*"):
        site.change("*")
    assert site.asked[0][-2:] == ["thing-cup", "thing-mug"]


def test_after_a_reconnection_everything_is_fetched(page: Page, site: Site) -> None:
    opened(page)
    site.asked.clear()
    site.things["mug"] = "missed"
    site.drop_streams()
    expect(page.locator("#thing-mug .text")).to_have_text("missed")
    expect(page.locator("#live-line")).to_have_text("Live")
    assert {"thing-cup", "thing-mug"} <= set(site.asked[0])


def test_while_the_stream_is_down_the_page_polls_and_says_when(page: Page, site: Site) -> None:
    page.clock.install()
    page.route("**/live", lambda route: (site.things.update(cup="fetched"), route.continue_()), times=1)
    page.goto("/things")
    expect(page.locator("#live-line")).to_have_text("Live")
    expect(page.locator("#thing-cup .text")).to_have_text("fetched")
    site.streaming = False
    site.drop_streams()
    expect(page.locator("#live-line")).to_have_text("Reconnecting…")
    page.clock.run_for(9_000)
    site.asked.clear()
    site.things["cup"] = "polled"
    assert text(page, "cup") == "fetched"
    page.clock.run_for(1_500)
    expect(page.locator("#thing-cup .text")).to_have_text("polled")
    expect(page.locator("#live-line")).to_have_text(re.compile(r"^Updated \d\d:\d\d$"))
    assert len(site.asked) == 1
    site.things["cup"] = "polled again"
    page.clock.run_for(15_000)
    expect(page.locator("#thing-cup .text")).to_have_text("polled again")
    assert len(site.asked) == 2
    site.streaming = True
    page.clock.run_for(31_000)
    expect(page.locator("#live-line")).to_have_text("Live")


def test_a_hidden_tab_holds_no_stream_and_catches_up_when_seen(page: Page, site: Site) -> None:
    page.add_init_script(
        "window.opened = []; window.EventSource = class extends EventSource {"
        " constructor(url) { super(url); window.opened.push(this); } };"
    )
    opened(page)
    hide = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hide, True)
    assert page.evaluate("opened.map(stream => stream.readyState === EventSource.CLOSED)") == [True]
    site.things["cup"] = "unseen"
    page.evaluate(hide, False)
    expect(page.locator("#thing-cup .text")).to_have_text("unseen")


def test_a_session_that_ended_goes_where_the_server_says_and_stops_asking(page: Page, site: Site) -> None:
    opened(page)
    site.signed_in = False
    site.change("things")
    page.wait_for_url("**/error/403")


def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(page: Page, site: Site) -> None:
    opened(page)
    page.fill("#field-title", "Half a title")
    site.signed_in = False
    site.change("things")
    page.wait_for_url("**/error/403")
    site.signed_in = True
    page.goto("/things")
    expect(page.locator("#field-title")).to_have_value("Half a title")
    expect(page.locator(".save-bar")).to_be_visible()
