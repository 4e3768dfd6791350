"""The admin's pages of people."""

from apps.profiles.admin import consent, privacy, profile

__all__ = ["consent", "privacy", "profile"]
