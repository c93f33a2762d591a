"""The first page after signing in: what needs the merchant, how the channels are, what is left to set up."""
