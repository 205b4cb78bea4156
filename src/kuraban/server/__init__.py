"""The desk's server: decisions over HTTP that survive a stop at any moment."""
