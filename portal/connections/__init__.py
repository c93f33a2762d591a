"""Accounts at channels: connect, reconnect, test, disconnect."""
