"""Pictures of products: whether channels can use what is at an address, and pictures we keep and serve ourselves."""
