"""The vault: seals what a thief of the database must not read, each value bound to its merchant, row and field.

A token is: mark, length and id of the key, nonce and sealed data key, nonce and
sealed value. Every value has a data key of its own, so that changing the master
key re-wraps 48 bytes a row and never touches the value. Also the operator's
command: `python -m portal.vault rotate` and `python -m portal.vault new-key`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnClause, LargeBinary, Row, TableClause, Uuid, column, select, table, update

from portal import config
from portal.db import Sessions
from portal.tenancy import SYSTEM

MARK = b"CDv1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
BATCH = 200

# The merchant of rows that belong to none, such as letters.
NOBODY = UUID(int=0)


class VaultError(Exception):
    """The token was not sealed here for this merchant, row and field; or its key is not at hand."""


@dataclass(frozen=True, slots=True)
class _Token:
    key_id: str
    wrap_nonce: bytes
    wrapped: bytes
    nonce: bytes
    sealed: bytes

    def pack(self) -> bytes:
        name = self.key_id.encode()
        return MARK + bytes([len(name)]) + name + self.wrap_nonce + self.wrapped + self.nonce + self.sealed

    @classmethod
    def unpack(cls, token: bytes) -> _Token:
        start = len(MARK) + 1
        if not token.startswith(MARK) or len(token) < start:
            raise VaultError("this is not a token of the vault")
        ends = [start + token[start - 1]]
        for length in (NONCE_BYTES, KEY_BYTES + TAG_BYTES, NONCE_BYTES):
            ends.append(ends[-1] + length)
        if len(token) < ends[-1] + TAG_BYTES:
            raise VaultError("the token is cut short")
        try:
            key_id = token[start : ends[0]].decode()
        except UnicodeDecodeError as error:
            raise VaultError("the token's key id cannot be read") from error
        wrap_nonce, wrapped, nonce = (token[begin:end] for begin, end in pairwise(ends))
        return cls(key_id, wrap_nonce, wrapped, nonce, token[ends[-1] :])


class Vault:
    """AES-256-GCM with a ring of master keys; `sealing` names the one that new tokens are sealed under."""

    def __init__(self, keys: Mapping[str, bytes], sealing: str) -> None:
        if sealing not in keys:
            raise VaultError(f"the sealing key {sealing!r} is not among the keys")
        for key_id, key in keys.items():
            if len(key) != KEY_BYTES:
                raise VaultError(f"key {key_id!r} is {len(key)} bytes long; {KEY_BYTES} are needed")
            if not 1 <= len(key_id.encode()) <= 255:
                raise VaultError("a key's id must be 1 to 255 bytes long")
        self.sealing = sealing
        self._masters = {key_id: AESGCM(key) for key_id, key in keys.items()}

    @classmethod
    def from_setting(cls, setting: str) -> Vault:
        """The vault of VAULT_KEYS, `id:base64` pairs separated by commas; the first one seals."""
        keys: dict[str, bytes] = {}
        for pair in filter(None, (part.strip() for part in setting.split(","))):
            key_id, colon, encoded = pair.partition(":")
            if not colon or key_id in keys:
                raise VaultError("VAULT_KEYS must be id:base64 pairs, comma separated, each id once")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except binascii.Error as error:
                raise VaultError(f"VAULT_KEYS: key {key_id!r} is not base64") from error
        if not keys:
            raise VaultError("VAULT_KEYS is empty; `python -m portal.vault new-key` prints a key")
        return cls(keys, next(iter(keys)))

    def seal(self, plain: bytes, *, merchant_id: UUID, row_id: UUID, field: str) -> bytes:
        """A token that only `open` with the same merchant, row and field can read."""
        data_key, nonce = AESGCM.generate_key(KEY_BYTES * 8), os.urandom(NONCE_BYTES)
        place = [str(merchant_id), str(row_id), field]
        sealed = AESGCM(data_key).encrypt(nonce, plain, _bound("value", place))
        return self._wrap(data_key, nonce, sealed, place).pack()

    def open(self, token: bytes, *, merchant_id: UUID, row_id: UUID, field: str) -> bytes:
        """What was sealed. Raises VaultError for any other place, key or byte."""
        place = [str(merchant_id), str(row_id), field]
        found = _Token.unpack(token)
        try:
            return AESGCM(self._unwrap(found, place)).decrypt(found.nonce, found.sealed, _bound("value", place))
        except InvalidTag as error:
            raise VaultError("the token does not belong here, or was changed") from error

    def rewrap(self, token: bytes, *, merchant_id: UUID, row_id: UUID, field: str) -> bytes:
        """The same value under the sealing key (the token itself when it already is). Raises VaultError."""
        found = _Token.unpack(token)
        if found.key_id == self.sealing:
            return token
        place = [str(merchant_id), str(row_id), field]
        return self._wrap(self._unwrap(found, place), found.nonce, found.sealed, place).pack()

    def _wrap(self, data_key: bytes, nonce: bytes, sealed: bytes, place: list[str]) -> _Token:
        wrap_nonce = os.urandom(NONCE_BYTES)
        wrapped = self._masters[self.sealing].encrypt(wrap_nonce, data_key, _bound("key", [self.sealing, *place]))
        return _Token(self.sealing, wrap_nonce, wrapped, nonce, sealed)

    def _unwrap(self, token: _Token, place: list[str]) -> bytes:
        master = self._masters.get(token.key_id)
        if master is None:
            raise VaultError(f"no key {token.key_id!r} at hand")
        try:
            return master.decrypt(token.wrap_nonce, token.wrapped, _bound("key", [token.key_id, *place]))
        except InvalidTag as error:
            raise VaultError("the token does not belong here, or was changed") from error


def _bound(what: str, parts: list[str]) -> bytes:
    """Associated data as a JSON list, so that no two different lists join to the same bytes."""
    return json.dumps([MARK.decode(), what, *parts], separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where sealed values are kept. `sealed_as` is the column they were sealed for, where that is another."""

    table: str
    column: str
    of_a_merchant: bool = True
    sealed_as: str = ""

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def field(self) -> str:
        """What the values were sealed with."""
        return f"{self.table}.{self.sealed_as or self.column}"


SEALED = (
    SealedColumn("connection", "secrets"),
    SealedColumn("connection", "previous_secrets", sealed_as="secrets"),
    SealedColumn("connection", "next_secrets", sealed_as="secrets"),
    SealedColumn("delivery", "body"),
    SealedColumn("mail_message", "body", of_a_merchant=False),
)


@dataclass(slots=True)
class Rotation:
    """How many values were re-wrapped, by column, and which could not be read with the keys at hand."""

    rewrapped: dict[str, int]
    unreadable: set[str]


async def rotate(sessions: Sessions, vault: Vault, columns: Sequence[SealedColumn] = SEALED) -> Rotation:
    """Every readable sealed value is under the sealing key.

    Safe to run while the product works and to run again after a kill: a value that is
    already under the sealing key is left alone, and one that somebody changed in between
    keeps the change. It goes round until a whole round finds nothing, since a process that
    started with the old keys may have sealed behind our back.
    """
    rotation = Rotation({place.name: 0 for place in columns}, set())
    while True:
        before = sum(rotation.rewrapped.values())
        for place in columns:
            await _rotate_column(sessions, vault, place, rotation)
        if sum(rotation.rewrapped.values()) == before:
            return rotation


async def _rotate_column(sessions: Sessions, vault: Vault, place: SealedColumn, rotation: Rotation) -> None:
    rows, last = _table_of(place), UUID(int=0)
    while True:
        waiting = select(*rows.c).where(rows.c.id > last, rows.c[place.column].is_not(None))
        async with sessions.read(SYSTEM) as session:
            batch = (await session.execute(waiting.order_by(rows.c.id).limit(BATCH))).all()
        if not batch:
            return
        last = batch[-1].id
        changes = _rewrapped(vault, place, batch, rotation)
        if changes:
            async with sessions.write(SYSTEM) as session:
                for row_id, old, new in changes:
                    unchanged = (rows.c.id == row_id) & (rows.c[place.column] == old)
                    await session.execute(update(rows).where(unchanged).values({place.column: new}))
            rotation.rewrapped[place.name] += len(changes)


def _rewrapped(
    vault: Vault, place: SealedColumn, batch: Sequence[Row[tuple[Any, ...]]], rotation: Rotation
) -> list[tuple[UUID, bytes, bytes]]:
    """Row id, token as read and token under the sealing key, for each that must change."""
    changes = []
    for row in batch:
        token: bytes = getattr(row, place.column)
        # An emptied value (a webhook that was handled, a letter that was sent) has nothing to protect.
        if not token:
            continue
        merchant_id = row.merchant_id if place.of_a_merchant else NOBODY
        try:
            new = vault.rewrap(token, merchant_id=merchant_id, row_id=row.id, field=place.field)
        except VaultError as error:
            rotation.unreadable.add(f"{place.name} of row {row.id}: {error}")
            continue
        if new != token:
            changes.append((row.id, token, new))
    return changes


def _table_of(place: SealedColumn) -> TableClause:
    owner: list[ColumnClause[Any]] = [column("merchant_id", Uuid())] if place.of_a_merchant else []
    return table(place.table, column("id", Uuid()), *owner, column(place.column, LargeBinary()))


def main(arguments: Sequence[str]) -> int:
    """The operator's command; the exit code."""
    if list(arguments) == ["new-key"]:
        _say(config.new_vault_key())
        _say("# Put it first in VAULT_KEYS, restart every process, then run: python -m portal.vault rotate")
        return 0
    if list(arguments) == ["rotate"]:
        return asyncio.run(_rotate_all())
    _say("usage: python -m portal.vault rotate | new-key")
    return 2


async def _rotate_all() -> int:
    settings = config.load()
    vault = Vault.from_setting(settings.vault_keys)
    sessions = Sessions(settings.database_url)
    try:
        rotation = await rotate(sessions, vault)
    finally:
        await sessions.close()
    for field, count in rotation.rewrapped.items():
        _say(f"{field}: {count} re-wrapped")
    if rotation.unreadable:
        _say("These could not be read; keep every key until they are settled:", *sorted(rotation.unreadable))
        return 1
    _say(f"Every sealed value is under key {vault.sealing}; the other keys may leave VAULT_KEYS.")
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
