"""Shopify's Admin API 2026-07 over GraphQL; connector.Shopify is the way in."""
