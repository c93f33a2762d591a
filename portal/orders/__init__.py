"""Sales of every channel: taken in, shown, brought to the store, and told of back to where they came from."""
