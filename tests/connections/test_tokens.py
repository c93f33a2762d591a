"""A token pasted from the shop's own admin: tried first, never shown, stored only for the account it should open."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup

from portal.connections import secrets
from portal.models.accounts import Merchant
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from tests.connections.premises import CHANNELS, Premises, target, words
from tests.listings.site import Browser
from tests.stage import SHOP

SCOPES = (
    "read_products,write_products,read_publications,write_publications,read_inventory,write_inventory,"
    "read_locations,read_files,write_files"
)
WRONG = "shpat_00000000000000000000000000000000"
OTHER = "other.myshopify.com"


async def paste(browser: Browser, token: str, shop: str = SHOP, **more: str) -> Any:
    return await browser.post("/connect/shopify/token", {"shop": shop, "token": token, "practice": "true", **more})


async def test_a_token_that_works_connects(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    token = await premises.token(SCOPES)

    answer = await paste(alice, f"  {token}\n", shop="demo")

    assert target(answer) == CHANNELS
    row = await premises.connection(merchant)
    assert (row.state, row.auth_method, row.domain) == (ConnectionState.ACTIVE, "token", SHOP)
    assert row.secrets is not None
    assert secrets.open_sealed(premises.stage.process.runtime.vault, row, row.secrets).access_token == token
    await premises.stage.work()
    page = await alice.get(f"/channels/{row.id}")
    assert token not in str(page)
    asked = [operation for row in await premises.stage.shop().ask("requests") for operation in row["operations"]]
    assert "webhookSubscriptionCreate" not in asked, "nobody gave us the secret they would be signed with"


async def test_no_shop_and_no_token_are_said_at_their_fields(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    for token, shop, field in (("", "demo", "token"), ("x", "evil.example.com", "token-shop"), ("x", "", "token-shop")):
        answer = await alice.post("/connect/shopify/token", {"shop": shop, "token": token})
        page = BeautifulSoup(answer.text, "html.parser")
        assert answer.status_code == 422
        assert page.title is not None
        assert page.title.text.startswith("Error: ")
        assert [link["href"] for link in page.select(".error-summary a")] == [f"#field-{field}"]
        assert page.select_one(f"#field-{field}[aria-invalid]")
        assert f'value="{shop}"' in answer.text or not shop
    assert await premises.site.rows(merchant, Connection) == []


async def test_a_refused_token_shows_the_shops_words_and_never_the_token(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await paste(alice, await premises.token(SCOPES))
    row = await premises.connection(merchant)

    answer = await paste(alice, WRONG, connection=str(row.id))

    assert answer.status_code == 422
    assert "did not accept this" in answer.text
    assert "[API] Invalid API key or access token" in answer.text
    assert WRONG not in answer.text
    assert (await premises.connection(merchant)).secrets == row.secrets


async def test_a_refused_token_connects_nothing(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    await premises.token(SCOPES)

    answer = await paste(alice, WRONG)

    assert answer.status_code == 422
    assert WRONG not in answer.text
    assert await premises.site.rows(merchant, Connection) == []


async def test_a_new_token_of_the_same_shop_takes_the_old_ones_place(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await paste(alice, await premises.token(SCOPES))
    row = await premises.connection(merchant)
    form = await alice.http.get(f"/channels/{row.id}/reconnect")
    assert target(form).startswith(f"/connect/shopify?connection={row.id}&")
    assert "The old ones stay in use unless the new ones work" in words(await alice.get(target(form)))

    assert (await paste(alice, await premises.token(SCOPES), connection=str(row.id))).status_code == 303
    after = await premises.connection(merchant)
    assert after.id == row.id
    assert after.secrets != row.secrets


async def test_a_token_of_another_shop_is_refused_for_a_connection(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await paste(alice, await premises.token(SCOPES))
    row = await premises.connection(merchant)

    answer = await paste(alice, await premises.token(SCOPES, shop=OTHER), OTHER, connection=str(row.id))

    assert answer.status_code == 422
    assert "This connection belongs to Demo" in answer.text
    after = await premises.connection(merchant)
    assert (after.external_id, after.secrets) == (row.external_id, row.secrets)


async def test_a_token_is_tried_at_practice_shops_only_where_practice_is_on(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    token = await premises.token(SCOPES)
    premises.stage.process.runtime.practice_urls.pop("shopify")  # type: ignore[attr-defined]  # a dict in truth

    assert (await paste(alice, token)).status_code == 404
    assert await premises.site.rows(merchant, Connection) == []


async def test_missing_permissions_are_named(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    await paste(alice, await premises.token("write_products,read_products,read_publications,read_locations"))

    card = words(await alice.get(CHANNELS))

    assert "Permission missing" in card
    assert "write_inventory" in card


async def test_no_token_is_in_what_is_kept_of_calls(premises: Premises, alice: Browser, merchant: Merchant) -> None:
    token = await premises.token(SCOPES)
    await paste(alice, token)
    await premises.stage.work()

    kept = await premises.site.rows(merchant, ExchangeEntry)

    assert kept, "the check that follows a connection is kept"
    for entry in kept:
        assert token not in entry.url + entry.request_body + entry.response_body


async def test_a_new_token_leads_back_to_the_page_that_was_left(
    premises: Premises, alice: Browser, merchant: Merchant
) -> None:
    await paste(alice, await premises.token(SCOPES))
    row = await premises.connection(merchant)
    left = f"{premises.stage.process.runtime.settings.public_url}/listings?q=mug"
    form = await alice.http.get(f"/channels/{row.id}/reconnect", headers={"Referer": left})
    refused = await _paste_into(alice, await alice.get(target(form)), WRONG)

    answer = await _paste_into(alice, BeautifulSoup(refused.text, "html.parser"), await premises.token(SCOPES))

    assert target(answer) == "/listings?q=mug"


async def test_a_new_token_leads_to_no_other_site(premises: Premises, alice: Browser) -> None:
    answer = await paste(alice, await premises.token(SCOPES), return_to="https://evil.example.com/")

    assert target(answer) == CHANNELS


async def _paste_into(browser: Browser, page: BeautifulSoup, token: str) -> Any:
    field = page.select_one("#field-token")
    assert field is not None
    field["value"] = token
    return await browser.press(page, 'form[action$="/token"]')
