"""The vault: what it seals opens in its own place only, and changing the master key loses nothing."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal import vault as vaults
from portal.clock import new_id
from portal.config import Settings
from portal.connections.secrets import FIELD
from portal.db import Sessions
from portal.models import Base
from portal.models.accounts import MailMessage, Merchant
from portal.models.connections import Connection
from portal.tenancy import SYSTEM
from portal.vault import SEALED, Vault, VaultError, rotate

OLD, NEW = os.urandom(32), os.urandom(32)
MERCHANT, ROW = UUID(int=1), UUID(int=2)
PLANTED = b"PLANTED_TOKEN_7f3a"


def old_vault() -> Vault:
    return Vault({"k1": OLD}, "k1")


def both_keys() -> Vault:
    return Vault({"k2": NEW, "k1": OLD}, "k2")


@given(st.binary(max_size=300))
def test_what_was_sealed_opens_exactly(plain: bytes) -> None:
    token = old_vault().seal(plain, merchant_id=MERCHANT, row_id=ROW, field="connection.secrets")
    assert old_vault().open(token, merchant_id=MERCHANT, row_id=ROW, field="connection.secrets") == plain


def test_every_single_flipped_bit_is_refused() -> None:
    vault = both_keys()
    token = vault.seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f")
    refused = 0
    for position in range(len(token) * 8):
        bad = bytearray(token)
        bad[position // 8] ^= 1 << position % 8
        with pytest.raises(VaultError):
            vault.open(bytes(bad), merchant_id=MERCHANT, row_id=ROW, field="f")
        refused += 1
    assert refused == len(token) * 8 > 900


@given(st.integers(min_value=0, max_value=200))
def test_a_token_cut_short_is_refused(length: int) -> None:
    token = old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f")
    with pytest.raises(VaultError):
        old_vault().open(token[: min(length, len(token) - 1)], merchant_id=MERCHANT, row_id=ROW, field="f")


@given(st.uuids(), st.uuids(), st.text(max_size=20))
def test_another_merchant_row_or_field_is_refused(merchant: UUID, row: UUID, field: str) -> None:
    token = old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f")
    places = [(merchant, ROW, "f"), (MERCHANT, row, "f"), (MERCHANT, ROW, field + "!"), (ROW, MERCHANT, "f")]
    for merchant_id, row_id, name in places:
        for act in (old_vault().open, both_keys().rewrap):
            with pytest.raises(VaultError):
                act(token, merchant_id=merchant_id, row_id=row_id, field=name)


@given(st.lists(st.text(max_size=6), min_size=3, max_size=3), st.lists(st.text(max_size=6), min_size=3, max_size=3))
def test_two_places_never_join_to_the_same_bytes(one: list[str], other: list[str]) -> None:
    assert (vaults._bound("value", one) == vaults._bound("value", other)) == (one == other)


def test_a_field_that_contains_the_separators_is_still_its_own_field() -> None:
    token = old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field='a","b')
    for field in ("a", 'a"', 'a","', 'b","a'):
        with pytest.raises(VaultError):
            old_vault().open(token, merchant_id=MERCHANT, row_id=ROW, field=field)


def test_the_same_value_never_seals_to_the_same_bytes() -> None:
    tokens = {old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f") for _ in range(50)}
    assert len(tokens) == 50
    assert not any(PLANTED in token for token in tokens)


def test_a_rewrapped_value_opens_without_the_old_key_and_its_bytes_were_not_touched() -> None:
    token = old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f")
    moved = both_keys().rewrap(token, merchant_id=MERCHANT, row_id=ROW, field="f")
    only_new = Vault({"k2": NEW}, "k2")
    assert only_new.open(moved, merchant_id=MERCHANT, row_id=ROW, field="f") == PLANTED
    assert moved[-len(PLANTED) - 28 :] == token[-len(PLANTED) - 28 :]
    assert both_keys().rewrap(moved, merchant_id=MERCHANT, row_id=ROW, field="f") is moved
    with pytest.raises(VaultError):
        old_vault().open(moved, merchant_id=MERCHANT, row_id=ROW, field="f")


def test_a_key_that_is_not_at_hand_is_said_so() -> None:
    token = old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f")
    with pytest.raises(VaultError, match="k1"):
        Vault({"k2": NEW}, "k2").open(token, merchant_id=MERCHANT, row_id=ROW, field="f")


def test_the_first_key_of_the_setting_seals_and_the_others_open() -> None:
    old, new = base64.b64encode(OLD).decode(), base64.b64encode(NEW).decode()
    vault = Vault.from_setting(f"k2:{new}, k1:{old}")
    assert vault.sealing == "k2"
    token = old_vault().seal(PLANTED, merchant_id=MERCHANT, row_id=ROW, field="f")
    assert vault.open(token, merchant_id=MERCHANT, row_id=ROW, field="f") == PLANTED


@pytest.mark.parametrize(
    "setting",
    ["", "k1", "k1:%%%", "k1:c2hvcnQ=", f"k1:{base64.b64encode(OLD).decode()}," * 2],
    ids=["empty", "no key", "not base64", "too short", "one id twice"],
)
def test_a_setting_that_cannot_be_used_is_refused(setting: str) -> None:
    with pytest.raises(VaultError):
        Vault.from_setting(setting)


async def test_rotation_moves_every_sealed_column_so_that_the_old_key_can_go(
    sessions: Sessions, merchant: Merchant
) -> None:
    ids = await plant(sessions, old_vault(), merchant.id, 5)
    rotation = await rotate(sessions, both_keys())
    assert rotation.rewrapped == {
        "connection.secrets": 5,
        "connection.previous_secrets": 5,
        "connection.next_secrets": 5,
        "delivery.body": 0,
        "mail_message.body": 1,
    }
    assert not rotation.unreadable
    assert await readable(sessions, Vault({"k2": NEW}, "k2"), merchant.id) == ids
    assert sum((await rotate(sessions, both_keys())).rewrapped.values()) == 0


async def test_rotation_killed_half_way_goes_on_where_it_stopped(
    sessions: Sessions, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vaults, "BATCH", 3)
    ids = await plant(sessions, old_vault(), merchant.id, 7)

    class Dying(Vault):
        left = 4

        def rewrap(self, token: bytes, *, merchant_id: UUID, row_id: UUID, field: str) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().rewrap(token, merchant_id=merchant_id, row_id=row_id, field=field)

    with pytest.raises(KeyboardInterrupt):
        await rotate(sessions, Dying({"k2": NEW, "k1": OLD}, "k2"))
    assert await readable(sessions, both_keys(), merchant.id) == ids
    rotation = await rotate(sessions, both_keys())
    assert rotation.rewrapped["connection.secrets"] == 7 - 3
    assert await readable(sessions, Vault({"k2": NEW}, "k2"), merchant.id) == ids


async def test_rotation_under_load_loses_no_change(sessions: Sessions, merchant: Merchant) -> None:
    ids = await plant(sessions, old_vault(), merchant.id, 30)
    newest: dict[UUID, bytes] = {}

    async def renew_credentials() -> None:
        for number, row_id in enumerate(sorted(ids)):
            newest[row_id] = b"renewed %d" % number
            # Half the writers still run with the old setting.
            vault = old_vault() if number % 2 else both_keys()
            token = vault.seal(newest[row_id], merchant_id=merchant.id, row_id=row_id, field="connection.secrets")
            async with sessions.write(merchant.id) as session:
                await session.execute(update(Connection).where(Connection.id == row_id).values(secrets=token))

    await asyncio.gather(rotate(sessions, both_keys()), renew_credentials())
    await rotate(sessions, both_keys())
    only_new = Vault({"k2": NEW}, "k2")
    async with sessions.read(merchant.id) as session:
        found = (await session.scalars(select(Connection))).all()
    assert {c.id: open_secrets(only_new, c) for c in found} == newest


async def test_an_unreadable_value_is_reported_and_holds_nothing_back(sessions: Sessions, merchant: Merchant) -> None:
    ids = sorted(await plant(sessions, old_vault(), merchant.id, 3))
    async with sessions.write(SYSTEM) as session:
        first = await session.scalar(select(Connection.secrets).where(Connection.id == ids[0]))
        await session.execute(update(Connection).where(Connection.id == ids[1]).values(secrets=first))
    rotation = await rotate(sessions, both_keys())
    assert [str(ids[1]) in line for line in rotation.unreadable] == [True]
    assert rotation.rewrapped["connection.secrets"] == 2


def test_the_registry_names_every_sealed_column_of_the_models() -> None:
    binary = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.type.python_type is bytes
    }
    assert {place.field for place in SEALED} <= binary
    for place in SEALED:
        assert place.of_a_merchant == ("merchant_id" in Base.metadata.tables[place.table].columns)


def test_the_command_makes_a_key_and_rotates(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert vaults.main(["new-key"]) == 0
    key = capsys.readouterr().out.splitlines()[0]
    assert key.startswith(Vault.from_setting(key).sealing)
    monkeypatch.setenv("VAULT_KEYS", key)
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    assert vaults.main(["rotate"]) == 0
    assert "may leave VAULT_KEYS" in capsys.readouterr().out
    assert vaults.main(["open"]) == 2


async def plant(sessions: Sessions, vault: Vault, merchant_id: UUID, count: int) -> set[UUID]:
    """`count` connections with three values each, sealed as the product does, and a letter; the connections' ids."""
    rows = []
    for number in range(count):
        row_id = new_id()
        sealed = {
            column: vault.seal(PLANTED, merchant_id=merchant_id, row_id=row_id, field=FIELD)
            for column in ("secrets", "previous_secrets", "next_secrets")
        }
        rows.append(
            Connection(id=row_id, merchant_id=merchant_id, channel="shopify", external_id=f"shop-{number}", **sealed)
        )
    letter = MailMessage(id=uuid4(), to="a@example.com", subject="s")
    letter.body = vault.seal(b"dear", merchant_id=vaults.NOBODY, row_id=letter.id, field="mail_message.body")
    async with sessions.write(SYSTEM) as session:
        session.add_all([*rows, letter])
    return {row.id for row in rows}


async def readable(sessions: Sessions, vault: Vault, merchant_id: UUID) -> set[UUID]:
    async with sessions.read(merchant_id) as session:
        rows = (await session.scalars(select(Connection))).all()
    return {row.id for row in rows if open_secrets(vault, row) == PLANTED}


def open_secrets(vault: Vault, row: Connection) -> bytes:
    assert row.secrets is not None
    return vault.open(row.secrets, merchant_id=row.merchant_id, row_id=row.id, field="connection.secrets")
