"""The admin's pages of people."""

from apps.profiles.admin import profile

__all__ = ["profile"]
