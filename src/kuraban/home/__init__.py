"""The owner's seat: his own mails and exports, read on his own computer."""
