"""The reference that a sale carries in the merchant's store: by it a look finds it, and its echo is known."""

from __future__ import annotations


def of(channel: str, number: str) -> str:
    """The same for the same sale for ever, also when our own copy of it was removed in between."""
    return f"{channel}-{number}"


def read(reference: str) -> tuple[str, str]:
    """Channel and number."""
    channel, _dash, number = reference.partition("-")
    return channel, number
