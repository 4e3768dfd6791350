"""Segments are evaluated again in the background, page by page: everybody, or who is dirty."""
