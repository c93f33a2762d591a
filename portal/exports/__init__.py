"""The catalog as files: Shopify's, Amazon's, Rakuten's and Yahoo!'s own."""
