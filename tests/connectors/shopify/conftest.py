"""Shopify's own description of its API, for holding ours against; tests that need it are skipped without it."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, build_schema

from tests.material import SHOPIFY_SPECS


@pytest.fixture(scope="session")
def shopify_schema() -> GraphQLSchema:
    description = SHOPIFY_SPECS / "admin-2026-07.hub.graphql"
    if not description.exists():
        pytest.skip(f"Shopify's schema is not here: {description.name}")
    return build_schema(description.read_text("utf-8"))
