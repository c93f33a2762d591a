"""An installation to take files out of, and the pages it is done from."""

from __future__ import annotations

from tests.jobs.conftest import stage
from tests.listings.conftest import site

__all__ = ["site", "stage"]
