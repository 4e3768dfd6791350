"""The admin's pages of people."""

from apps.profiles.admin import consent, merging, privacy, profile, rules

__all__ = ["consent", "merging", "privacy", "profile", "rules"]
