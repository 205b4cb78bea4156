"""Where mails lie. Sources yield raw mails, and `Unreadable` for what they could not read; none changes anything."""
