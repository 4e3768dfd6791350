"""Streams, lists and channels of Redis."""
