"""Notice mails: where they lie, how far they can be believed, what they state."""
