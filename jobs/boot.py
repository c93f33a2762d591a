"""One process's runtime, put together and taken down: the same for the web, the worker and the one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import httpx

from connectors.registry import Apps, build
from connectors.shopify.oauth import ShopifyApp
from portal.clock import Clock, utc_now
from portal.config import ConfigError, Settings
from portal.db import Sessions
from portal.live import Announcer
from portal.runtime import Runtime
from portal.tasks.doorbell import Doorbell
from portal.vault import Vault
