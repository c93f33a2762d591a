"""What the client script adds to plain pages: focus, toasts, panel, confirmation, unsaved changes, keys, offline."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.design.site import Site

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.tagName"))


def test_a_decision_on_a_row_moves_the_focus_to_the_next_row_and_says_what_happened(page: Page, site: Site) -> None:
    page.goto("/things")
    page.focus("#take-cup")
    page.keyboard.press("Enter")
    expect(page.locator("#thing-cup")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Thing saved")
    assert page.evaluate("Boolean(document.activeElement.closest('#thing-mug'))")


def test_undo_in_a_toast_posts_with_our_token_and_z_presses_it(page: Page, site: Site) -> None:
    page.goto("/things")
    page.click("#take-cup")
    expect(page.locator("#toasts form")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone")
    expect(page.locator("#toasts form")).to_have_count(0)
    assert [(made["name"], made["csrf"]) for made in site.posts] == [("cup", "token"), ("undo", "token")]


def test_ten_fast_presses_are_one_request(page: Page, site: Site) -> None:
    page.goto("/things")
    page.evaluate("for (let i = 0; i < 10; i++) document.querySelector('#take-cup').click()")
    expect(page.locator("#thing-cup")).to_have_count(0)
    assert len(site.posts) == 1


def test_a_form_sent_again_while_it_is_on_its_way_is_sent_once(page: Page, site: Site) -> None:
    page.goto("/things")
    page.fill("#field-title", "New title")
    with page.expect_response("**/things/form"):
        page.evaluate("""() => {
          const form = document.querySelector("form[data-dirty-form]");
          for (let i = 0; i < 10; i++) form.requestSubmit(form.querySelector(".save-bar [type=submit]"));
        }""")
    expect(page.locator("#toasts")).to_contain_text("Thing saved")
    assert len(site.posts) == 1


def test_the_panel_opens_with_focus_on_its_title_and_gives_it_back(page: Page) -> None:
    page.goto("/things")
    page.focus("#look")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert focused(page) == "look"


def test_a_toast_can_be_read_and_heard_while_the_panel_is_open(page: Page) -> None:
    page.goto("/things")
    page.click("#look")
    expect(page.locator("#panel-title")).to_be_visible()
    page.evaluate("htmx.trigger(document.body, 'toast', {text: 'Retry queued', tone: 'success'})")
    assert page.evaluate(
        "Boolean(document.querySelector('#panel #live') && document.querySelector('#panel [data-toast]'))"
    )
    page.keyboard.press("Escape")
    page.wait_for_function("document.getElementById('announce').parentElement === document.body")


def test_a_dangerous_form_asks_first_and_cancel_sends_nothing(page: Page, site: Site) -> None:
    page.goto("/things")
    page.click("text=Burn all")
    expect(page.get_by_role("dialog", name="Burn 2 things?")).to_be_visible()
    page.keyboard.press("Escape")
    assert site.posts == []
    page.click("text=Burn all")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.click("#confirm-yes")
    expect(page.locator("h1")).to_have_text("Things")
    assert [made["name"] for made in site.posts] == ["all"]


def test_the_save_bar_comes_with_the_first_change_and_goes_with_discard(page: Page) -> None:
    page.goto("/things")
    expect(page.locator(".save-bar")).to_be_hidden()
    page.fill("#field-title", "New title")
    expect(page.locator(".save-bar")).to_be_visible()
    page.click("text=Discard")
    expect(page.locator("#field-title")).to_have_value("Old title")
    expect(page.locator(".save-bar")).to_be_hidden()


def test_escape_asks_before_it_discards(page: Page) -> None:
    page.goto("/things")
    page.fill("#field-title", "New title")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Discard what you changed?")).to_be_visible()
    page.click("#confirm-yes")
    expect(page.locator("#field-title")).to_have_value("Old title")


def test_ctrl_s_saves(page: Page, site: Site) -> None:
    page.goto("/things")
    page.fill("#field-title", "New title")
    with page.expect_response("**/things/form"):
        page.keyboard.press("Control+s")
    assert site.posts[0]["title"] == "New title"


def test_rows_are_walked_selected_and_acted_on_by_keys(page: Page, site: Site) -> None:
    page.goto("/things")
    for key, row in (("j", "cup"), ("j", "mug"), ("j", "mug"), ("k", "cup")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.closest('[data-row]').id") == f"thing-{row}"
    expect(page.locator(".bulk-bar")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.locator(".bulk-bar output")).to_have_text("1 selected")
    page.keyboard.press("*")
    page.keyboard.press("a")
    expect(page.locator(".bulk-bar output")).to_have_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".bulk-bar")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator("#thing-cup")).to_have_count(0)
    assert [made["name"] for made in site.posts] == ["cup"]


def test_keys_mean_letters_in_a_field_and_during_composition(page: Page) -> None:
    page.goto("/things")
    page.focus("#field-title")
    page.keyboard.press("End")
    page.keyboard.type("?jgi")
    expect(page.locator("#field-title")).to_have_value("Old title?jgi")
    page.evaluate("document.activeElement.blur()")
    for extra in ("isComposing: true", "keyCode: 229"):
        page.evaluate(
            f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '?', bubbles: true, {extra}}}))"
        )
    expect(page.locator("#commands")).to_be_hidden()


def test_single_keys_can_be_switched_off(page: Page, site: Site) -> None:
    site.shortcuts = False
    page.goto("/things")
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(page.locator("#commands")).to_be_hidden()
    assert focused(page) == "BODY"
    page.keyboard.press("Control+k")
    expect(page.locator("#commands")).to_be_visible()


def test_question_mark_lists_the_page_s_keys_and_each_goes_where_it_says(page: Page) -> None:
    page.goto("/things")
    page.keyboard.press("?")
    listed = page.locator("#commands-list kbd").all_inner_texts()
    assert {"g d", "g i", "g p", "g l", "g c", "g m", "g s"} <= set(listed)
    page.keyboard.type("produ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products")


def test_g_then_a_letter_goes_there(page: Page) -> None:
    page.goto("/things")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/products")


def test_offline_is_said_and_nothing_is_sent(page: Page, site: Site) -> None:
    page.goto("/things")
    page.fill("#field-title", "Kept")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#live-line")).to_have_text("Offline")
    expect(
        page.get_by_role("button", name="Save").or_(page.get_by_role("button", name="Waiting for connection")).first
    ).to_be_visible()
    page.keyboard.press("Control+s")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#live-line")).to_have_text("Live")
    expect(page.locator("#field-title")).to_have_value("Kept")
    assert site.posts == []


PRESS = """markup => {
  const count = {requests: 0, violations: 0};
  document.addEventListener("htmx:before:request", () => count.requests++);
  document.addEventListener("securitypolicyviolation", () => count.violations++);
  const evil = document.createElement("div");
  evil.innerHTML = markup;
  document.getElementById("main").append(evil);
  htmx.process(evil);
  evil.firstElementChild.click();
  return new Promise(done => requestAnimationFrame(() => done(count)));
}"""


def test_markup_reaches_no_foreign_address(page: Page) -> None:
    page.goto("/things")
    pressed = page.evaluate(PRESS, '<button hx-get="//evil.example/x">x</button>')
    assert pressed == {"requests": 0, "violations": 0}


def test_code_in_markup_is_refused_before_the_policy_has_to(page: Page) -> None:
    page.goto("/things")
    pressed = page.evaluate(PRESS, '<button hx-get="/things" hx-vals="js:{stolen: document.cookie}">x</button>')
    assert pressed == {"requests": 0, "violations": 0}


def test_a_refused_form_shows_its_summary_takes_the_focus_and_says_so_in_the_title(page: Page) -> None:
    page.goto("/things")
    page.fill("#field-title", "")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page).to_have_title("Error: Things · Crossdock")
    page.click("text=Enter a title")
    expect(page.locator("#field-title")).to_be_focused()


def test_the_theme_switches_at_once_and_is_sent(page: Page, site: Site) -> None:
    page.goto("/things")
    page.click("summary[aria-label^=Account]")
    with page.expect_request("**/settings/theme") as sent:
        page.click("button[value=dark]")
    assert "theme=dark" in str(sent.value.post_data)
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_a_password_can_be_shown_and_a_message_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/design")
    page.fill("#field-password", "correct horse")
    page.click("[data-show-password]")
    expect(page.locator("#field-password")).to_have_attribute("type", "text")
    page.click("[data-copy]")
    expect(page.locator("#live")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("「ブランド名」は")


def test_without_a_script_everything_that_matters_is_there(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/things")
    expect(page.locator(".save-bar")).to_be_visible()
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    expect(page.locator(".bulk-bar")).to_be_visible()
    expect(page.get_by_role("button", name="Commands and shortcuts")).to_be_hidden()
    page.click("#take-cup")
    assert [made["name"] for made in site.posts] == ["cup"]
    page.click("#look")
    expect(page.locator("h2")).to_have_text("Amazon needs a brand")
    context.close()
