"""The keys of a laptop: made once, whole or not at all, and no one else's to read."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal import config


@pytest.fixture(autouse=True)
def _an_empty_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    for name in ("PUBLIC_URL", "VAULT_KEYS", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_starts_at_the_same_moment_use_the_same_keys() -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = {(s.vault_keys, s.secret_key) for s in pool.map(lambda _: config.load(), range(64))}
    assert len(keys) == 1


def test_a_start_that_dies_amid_writing_the_keys_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", _dies)
        with pytest.raises(OSError, match="the power went"):
            config.load()
    assert config.load().vault_keys


def test_only_the_owner_of_the_folder_reads_the_keys(tmp_path: Path) -> None:
    config.load()
    assert [(file.name, stat.S_IMODE(file.stat().st_mode)) for file in (tmp_path / "data").iterdir()] == [
        ("keys.json", 0o600)
    ]


def _dies(*_: object) -> None:
    raise OSError("the power went")
