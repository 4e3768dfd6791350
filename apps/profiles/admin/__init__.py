"""The admin's pages of people."""

from apps.profiles.admin import blocked, consent, merging, privacy, profile

__all__ = ["blocked", "consent", "merging", "privacy", "profile"]
