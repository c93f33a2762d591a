"""A practice Amazon: speaks the Selling Partner API back, and keeps a record of what it accepted."""
