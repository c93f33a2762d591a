"""What a channel's package is held to: docs/connector-kit.md says how to run it."""
