"""Benchmarks: what the project promises in figures, measured. Run by `make bench`; never part of the tests."""
