"""Amazon as a channel: the Selling Partner API."""
