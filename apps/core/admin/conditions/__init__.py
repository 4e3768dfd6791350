"""Conditions in the admin: a form field to write or click one, a bar that filters lists, and what both ask the server.

A language (`languages.py`) says what may be asked about, and by whom; the pages that it is for register it.
"""
