"""The channels' own protocols: wire in, canonical records out. Knows no database and nothing of the portal."""
