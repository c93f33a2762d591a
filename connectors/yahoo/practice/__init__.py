"""A practice Yahoo! Shopping: the same wire, its own file, no picture from outside."""
