"""The analysts' pages, under /console of the server."""
