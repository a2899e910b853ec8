"""Histories, interleavings and crashes: the invariant of data.md under all of them."""
