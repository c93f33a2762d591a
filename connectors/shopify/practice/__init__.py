"""A practice Shopify: speaks the Admin API over the wire, for trying out, demos and tests."""
