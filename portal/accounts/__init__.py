"""Merchants' people: how they register, sign in, are kept apart and work together."""
