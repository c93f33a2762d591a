"""Bringing product files in: reading, mapping and grouping here are pure; saving is the service's."""
