"""Promises: what kinds there are, how they are written down, and the bell that wakes a worker."""
