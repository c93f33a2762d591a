"""Yahoo! Shopping Japan, by the store owner's API (ShoppingWebService V1)."""
