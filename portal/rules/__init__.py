"""What the merchant rules for orders: tags, what stays out of the store, where news of an order goes."""
