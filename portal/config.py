"""Settings from the environment, checked once at start with words an operator can act on."""

from __future__ import annotations

import base64
import json
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class ConfigError(Exception):
    """The environment cannot be used; the message says which variable and what to set."""


class Settings(BaseSettings):
    """Every setting of the product. The variable's name is the field's, in capitals.

    `vault_keys` is `id:base64` pairs, comma separated, the first one sealing; on plain
    http both secrets are made once and kept in the data folder.
    """

    model_config = SettingsConfigDict(extra="ignore")

    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path(".data")
    database_url: str = ""
    redis_url: str = ""
    vault_keys: str = ""
    secret_key: str = ""
    smtp_url: str = ""
    mail_from: str = "Crossdock <no-reply@localhost>"
    practice: bool | None = None
    practice_url: str = ""
    shopify_client_id: str = ""
    shopify_client_secret: str = ""
    shopify_old_client_secret: str = ""
    yahoo_client_id: str = ""
    yahoo_client_secret: str = ""
    amazon_application_id: str = ""
    amazon_client_id: str = ""
    amazon_client_secret: str = ""
    amazon_draft: bool = False
    open_images: bool = True
    log_level: str = "INFO"
    trusted_proxies: str = ""
    metrics_token: str = ""

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/")):
            raise ValueError("must be scheme and host only, for example https://hub.example.com")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("plain http is accepted on 127.0.0.1 and localhost only; use https")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _defaults(self) -> Settings:
        self.public_url = self.public_url or f"http://127.0.0.1:{self.port}"
        self.database_url = _async_url(self.database_url) or f"sqlite+aiosqlite:///{self.data_dir / 'crossdock.db'}"
        if self.practice is None:
            self.practice = not self.is_https
        self.practice_url = self.practice_url.rstrip("/") or f"http://127.0.0.1:{self.port + 1}"
        if self.is_https and not (self.vault_keys and self.secret_key):
            raise ValueError("VAULT_KEYS and SECRET_KEY must be set when PUBLIC_URL is https (make keys prints a pair)")
        return self

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """Host, with the port where it is not the scheme's own: what a Host header must equal."""
        return urlsplit(self.public_url).netloc

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load() -> Settings:
    """Settings from the environment; raises ConfigError naming each variable at fault."""
    try:
        settings = Settings()
    except ValidationError as error:
        lines = [f"  {'/'.join(map(str, e['loc'])).upper() or 'SETTINGS'}: {_plain(e['msg'])}" for e in error.errors()]
        raise ConfigError("Crossdock cannot start with these settings:\n" + "\n".join(lines)) from error
    if not settings.is_https:
        _fill_local_secrets(settings)
    return settings


def new_vault_key() -> str:
    """A fresh `id:base64` pair with 256 random bits."""
    return f"k{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _fill_local_secrets(settings: Settings) -> None:
    """Made once, readable by the owner only, so that a restart on a laptop reads its own vault."""
    path = settings.data_dir / "keys.json"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _write_once(path, json.dumps({"vault_keys": new_vault_key(), "secret_key": secrets.token_hex(32)}))
    kept = json.loads(path.read_text())
    settings.vault_keys = settings.vault_keys or kept["vault_keys"]
    settings.secret_key = settings.secret_key or kept["secret_key"]


def _write_once(path: Path, content: str) -> None:
    """The first of several processes wins, and none ever reads a file half written."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _async_url(url: str) -> str:
    """Hosting services write postgres:// and leave the driver out; ours are asyncpg and aiosqlite."""
    for prefix, ours in (
        ("postgres://", "postgresql+asyncpg://"),
        ("postgresql://", "postgresql+asyncpg://"),
        ("sqlite://", "sqlite+aiosqlite://"),
    ):
        if url.startswith(prefix):
            return ours + url.removeprefix(prefix)
    return url


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
