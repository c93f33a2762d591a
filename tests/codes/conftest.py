"""An installation to make codes in, and the pages it is done from."""

from __future__ import annotations

from tests.listings.conftest import site

__all__ = ["site"]
