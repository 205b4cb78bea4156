"""Kuraban (蔵番): stops account takeover at online brokers."""

__version__ = "0.1.0"
