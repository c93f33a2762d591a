"""A channel's own report of all that is listed there, held against what was uploaded."""
