"""The admin's pages of people."""

from apps.profiles.admin import consent, profile

__all__ = ["consent", "profile"]
