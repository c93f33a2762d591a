"""Co-selling: offers on items that a channel's own catalog has already. An offer is a product with one variant."""
