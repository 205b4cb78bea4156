"""What the desk tells others: webhooks, security event tokens, notices to owners."""
