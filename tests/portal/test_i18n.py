"""The reader's language."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from portal import i18n
from portal.config import Settings
from portal.listings.words import explain
from portal.models.accounts import Merchant
from portal.templating import listed, money
from tests.listings.site import DATA_PROBLEM, Site, a_site
from tests.settable_clock import SettableClock


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    i18n.use("en", "UTC")


@pytest.fixture
async def site(settings: Settings, clock: SettableClock) -> AsyncIterator[Site]:
    async with a_site(settings, clock) as opened:
        yield opened


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh-TW,en;q=0.5", "en"),
        ("zh-Hant-HK,ja;q=0.1", "ja"),
        ("fr,en;q=0.3,ja;q=0.4", "ja"),
        ("de", "en"),
        ("*;q=nonsense", "en"),
    ],
)
def test_a_browsers_favourite_among_our_languages_is_spoken(header: str, language: str) -> None:
    assert i18n.preferred(header) == language


@given(st.text())
def test_whatever_a_browser_sends_is_answered_in_a_language_of_ours(header: str) -> None:
    assert i18n.preferred(header) in i18n.LANGUAGES


def test_an_unknown_language_is_english() -> None:
    i18n.use("tlh", "UTC")
    assert (i18n.language(), i18n.gettext("Listings")) == ("en", "Listings")


@pytest.mark.parametrize(
    ("language", "price", "yen"),
    [("en", "€24.00", "¥1,200"), ("ja", "€24.00", "￥1,200"), ("zh-Hans", "€24.00", "JP¥1,200")],
)
def test_money_is_written_as_the_reader_writes_it(language: str, price: str, yen: str) -> None:
    i18n.use(language, "UTC")
    assert money(2400, "EUR") == price
    assert money(1200, "JPY") == yen


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("en", "Amazon, &lt;b&gt;, and 5 <i>ml</i>"),
        ("ja", "Amazon、&lt;b&gt;、5 <i>ml</i>"),
        ("zh-Hans", "Amazon、&lt;b&gt;和5 <i>ml</i>"),
    ],
)
def test_words_in_a_row_are_put_as_the_reader_puts_them_and_escaped(language: str, row: str) -> None:
    i18n.use(language, "UTC")
    assert listed(["Amazon", "<b>", Markup("5 <i>ml</i>")]) == row
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("language", "title"), [("ja", "Shopifyには長すぎます：タイトル"), ("zh-Hans", "超过Shopify的长度上限：标题")]
)
def test_a_refusal_is_explained_in_the_readers_language_and_keeps_the_channels_words(language: str, title: str) -> None:
    i18n.use(language, "UTC")
    said = explain(DATA_PROBLEM, channel="shopify", channel_name="Shopify")
    assert said.title == title


def test_a_code_nobody_knows_claims_no_cause_in_any_language() -> None:
    for language in i18n.LANGUAGES:
        i18n.use(language, "UTC")
        said = explain({**DATA_PROBLEM, "code": "NEW_ONE"}, channel="shopify", channel_name="Shopify")
        assert "NEW_ONE" in said.source
        assert "Shopify" in said.title


async def test_a_visitor_without_an_account_is_spoken_to_in_the_browsers_language(site: Site) -> None:
    transport = httpx.ASGITransport(site.app)
    async with httpx.AsyncClient(transport=transport, base_url=site.process.runtime.settings.public_url) as anybody:
        for path, words in (("/sign-in", "ログイン"), ("/no-such-page", "ページが見つかりません")):
            answer = await anybody.get(path, headers={"Accept-Language": "ja,en;q=0.5"})
            assert '<html lang="ja"' in answer.text
            assert words in answer.text


async def test_a_person_reads_every_page_in_the_language_they_chose(site: Site, merchant: Merchant) -> None:
    browser = await site.sign_in(merchant, "alice")
    answer = await browser.post(
        "/settings/profile", {"name": "Alice", "language": "zh-Hans", "theme": "system", "shortcuts": "1"}
    )
    assert answer.status_code == 303
    page = await browser.get("/listings")
    assert page.html["lang"] == "zh-Hans"  # type: ignore[index]  # None fails the test
    assert "刊登" in page.text
    refused = await browser.post("/settings/profile", {"name": "Alice", "language": "tlh", "theme": "system"})
    assert refused.status_code == 422
    assert "请从列表中选择语言。" in refused.text
