"""The owner's pages, on loopback of his own computer."""
