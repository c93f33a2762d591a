"""Products waiting for the merchant to pick channels: review, approve, undo; and Auto-Sync, which does not ask."""
