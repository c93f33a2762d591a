"""The master catalog: products and their variants, searched, edited and brought in."""
