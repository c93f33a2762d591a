"""A store's public key: pasted, tried, kept through renewals and new consents, replaced, and never shown again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from connectors.errors import PermissionLost
from portal.connections import secrets
from portal.models.accounts import AuditEntry, Merchant, Role
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from portal.tenancy import SYSTEM
from tests.channels.test_yahoo_orders import Counter, counter
from tests.channels.test_yahoo_path import SELLER, connection, consent, do
from tests.connections.premises import Premises, words
from tests.listings.site import Browser
from tests.settable_clock import SettableClock

__all__ = ["connection", "counter"]

PUBLIC = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"


async def made(premises: Premises) -> dict[str, str]:
    """A new key of the store, as its owner copies it."""
    url = f"{premises.stage.practice_url}/yahoo/practice/api/stores/{SELLER}/keys"
    answer = await premises.stage.http.post(url, json={})
    answer.raise_for_status()
    return dict(answer.json())


async def paste(browser: Browser, connection: Connection, key: dict[str, str]) -> Any:
    return await browser.post(f"/channels/{connection.id}/public-key", key)


async def others(premises: Premises, seller: Merchant) -> dict[str, str]:
    row = await premises.connection(seller)
    assert row.secrets is not None
    return dict(secrets.open_sealed(premises.stage.process.runtime.vault, row, row.secrets).others)


async def orders_are_told(counter: Counter, premises: Premises) -> bool:
    """Whether a session that ended 12 hours after the consent still tells of orders; at most this call's is ended."""
    await do(premises, "faults", kind="session", count=1)
    try:
        await counter.orders.placed(counter.account, premises.stage.now - timedelta(hours=1), premises.stage.now)
    except PermissionLost:
        return False
    return True


async def test_a_key_that_works_keeps_the_orders_told_of_and_is_shown_by_its_version_alone(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser, counter: Counter
) -> None:
    page = await alice.get(f"/channels/{connection.id}")
    assert "12 hours after you consent" in words(page)
    assert not await orders_are_told(counter, premises)
    key = await made(premises)
    one_line = "".join(key["public_key"].splitlines())

    answer = await paste(alice, connection, {**key, "public_key": f"  {one_line}\r\n", "key_version": "１"})

    assert answer.status_code == 303, answer.text
    assert await orders_are_told(counter, premises)
    page = await alice.get(f"/channels/{connection.id}")
    assert "Version 1, since" in words(page)
    body = key["public_key"].splitlines()[1]
    assert body not in str(page)
    assert body not in str(await alice.get(f"/channels/{connection.id}/public-key"))
    kept = await premises.site.rows(seller, ExchangeEntry)
    assert not [row for row in kept if body in f"{row.url}{row.request_body}{row.response_body}"]
    async with premises.stage.sessions.read(SYSTEM) as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.act == "connection.key_kept"))).one()
    assert entry.detail == {"version": "1"}


async def test_the_key_outlives_renewals_and_a_new_consent(
    premises: Premises,
    seller: Merchant,
    connection: Connection,
    alice: Browser,
    counter: Counter,
    clock: SettableClock,
) -> None:
    await paste(alice, connection, await made(premises))
    before = await others(premises, seller)
    clock.advance(timedelta(hours=2).total_seconds())
    assert await orders_are_told(counter, premises), "after the token was renewed"
    assert await others(premises, seller) == before

    await consent(premises, alice, f"/channels/{connection.id}/reconnect")

    assert await others(premises, seller) == before
    assert await orders_are_told(counter, premises), "after the store's owner consented again"


async def test_a_key_that_yahoo_does_not_take_changes_nothing(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    first = await made(premises)
    await paste(alice, connection, first)
    before = await others(premises, seller)

    answer = await paste(alice, connection, {**await made(premises), "key_version": "77"})

    assert answer.status_code == 422
    assert "did not accept this" in answer.text
    assert "Public key authentication failed." in answer.text, "in Yahoo!'s own words"
    assert 'value="77"' in answer.text
    assert await others(premises, seller) == before
    assert (await premises.connection(seller)).state is ConnectionState.ACTIVE

    assert (await paste(alice, connection, await made(premises))).status_code == 303
    assert (await others(premises, seller))["key_version"] == "3"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"public_key": "", "key_version": "1"}, "public_key"),
        ({"public_key": "ssh-rsa AAAA", "key_version": "1"}, "public_key"),
        (
            {"public_key": PUBLIC.replace("PUBLIC", "PRIVATE"), "key_version": "1"},
            "public_key",
        ),
        ({"key_version": ""}, "key_version"),
        ({"key_version": "1\r\nX-Evil: 1"}, "key_version"),
    ],
)
async def test_what_is_no_key_is_said_at_its_field_and_nothing_is_called(
    premises: Premises,
    seller: Merchant,
    connection: Connection,
    alice: Browser,
    typed: dict[str, str],
    field: str,
) -> None:
    calls = len(await premises.site.rows(seller, ExchangeEntry))
    answer = await paste(alice, connection, {**await made(premises), **typed})
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert len(await premises.site.rows(seller, ExchangeEntry)) == calls
    assert await others(premises, seller) == {}


async def test_a_connection_that_lost_its_session_opens_again_with_the_key(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    async with premises.stage.sessions.write(seller.id) as session:
        row = await session.get_one(Connection, connection.id)
        row.state, row.problem = ConnectionState.NEEDS_REAUTH, {"problem_class": "permission", "code": "px-04102"}

    assert (await paste(alice, connection, await made(premises))).status_code == 303

    after = await premises.connection(seller)
    assert (after.state, after.problem) == (ConnectionState.ACTIVE, None)


async def test_only_managers_add_keys_and_only_where_there_are_any(
    premises: Premises, seller: Merchant, connection: Connection, alice: Browser
) -> None:
    key = await made(premises)
    packer = await premises.site.sign_in(seller, "pia", Role.PACKER)
    async with packer.http:
        assert (await paste(packer, connection, key)).status_code == 403
    async with premises.stage.sessions.write(seller.id) as session:
        (await session.get_one(Connection, connection.id)).channel = "amazon"
    assert (await paste(alice, connection, key)).status_code == 404


async def test_the_key_can_be_made_and_copied_on_the_practice_stores_own_page(
    premises: Premises, connection: Connection, alice: Browser, counter: Counter
) -> None:
    page = f"{premises.stage.practice_url}/yahoo/practice/shops/{SELLER}"
    headers = {"Origin": premises.stage.practice_url}
    answer = await premises.stage.http.post(page, data={"action": "key"}, headers=headers)
    assert answer.status_code == 303, answer.text
    shown = BeautifulSoup((await premises.stage.http.get(page)).text, "html.parser")
    [fact] = [row for row in shown.select("tr") if "Public key, version 1" in row.get_text()]

    typed = {"public_key": fact.select("code")[0].get_text(), "key_version": "1"}

    assert (await paste(alice, connection, typed)).status_code == 303
    assert await orders_are_told(counter, premises)
