"""Nodes in which time passes."""
