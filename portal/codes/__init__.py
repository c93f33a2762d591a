"""Product codes: what is wrong with one at a channel, and codes made from the merchant's own GS1 prefix."""
