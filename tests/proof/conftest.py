"""The site on which proof is shown."""

from __future__ import annotations

from tests.listings.conftest import site

__all__ = ["site"]
