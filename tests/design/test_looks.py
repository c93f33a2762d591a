"""The style page in a real browser: accessible, inside its width, within its budget, on plain policy."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from portal.templating import STATIC
from tests.design.site import Site

TEMPLATES = STATIC.parent / "templates"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("address", ["/design", "/error/404"])
def test_nothing_serious_is_wrong_for_assistive_technology(
    browser: Browser, site: Site, address: str, width: int, scheme: str
) -> None:
    site.extra = {
        "failed_form": True,
        "undo_shown": True,
        "flash": [{"tone": "success", "text": "Saved", "undo": "/x"}],
    }
    page = browser.new_page(
        base_url=site.url,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page.goto(address)
    if address == "/design":
        page.fill("#field-title", "Changed")
    found = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    page.close()
    assert found == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1920])
def test_nothing_overflows(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    page.goto("/design")
    beyond = page.evaluate("""() => [...document.querySelectorAll("main *")]
      .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1
        && !element.closest(".table__scroll, .tabs, .original__text, .visually-hidden"))
      .map(element => element.className || element.tagName)""")
    assert beyond == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_every_target_can_be_hit_on_a_phone(browser: Browser, site: Site) -> None:
    context = browser.new_context(
        base_url=site.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto("/design")
    small = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input, select, summary")]
      .filter(element => element.checkVisibility() && !element.closest("p, .skip, .table__main"))
      .map(element => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
      .filter(([, box]) => box.width && (box.width < 24 || box.height < 24) && !(box.width >= 22 && box.height >= 22))
      .map(([html]) => html)""")
    context.close()
    assert small == []


@pytest.mark.browser
def test_reduced_motion_stops_every_movement(page: Page) -> None:
    page.goto("/design")
    moving = "[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);"
    moving += " return s.animationName !== 'none' || s.transitionDuration !== '0s' }).length"
    assert page.evaluate(moving) == 0


def test_the_scripts_together_stay_within_thirty_kilobytes() -> None:
    scripts = [*(STATIC / "js").glob("*.js"), STATIC / "vendor" / "htmx.min.js"]
    assert len(scripts) > 5
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 30_000


def test_templates_hold_no_inline_style_script_or_handler() -> None:
    inline = re.compile(r"""\sstyle=|<style|\son[a-z]+=|hx-on|<script(?![^>]*\ssrc=)|["']js:|javascript:""")
    pages = list(TEMPLATES.rglob("*.html"))
    assert pages
    assert [
        (path.name, found.group()) for path in pages if (found := inline.search(path.read_text(encoding="utf-8")))
    ] == []


def test_every_icon_named_in_a_template_exists() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named: set[str] = set()
    for path in TEMPLATES.rglob("*.html"):
        named |= set(re.findall(r'(?:icon|icon_name=|"icon": |icon\()\(?"([\w-]+)"', _code(path)))
    assert named
    assert named - drawn == set()


def _code(path: Path) -> str:
    return re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_lock_names_no_address() -> None:
    assert "http" not in (STATIC.parent / "package-lock.json").read_text(encoding="utf-8")
