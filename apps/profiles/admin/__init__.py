"""The admin's pages of people."""

from apps.profiles.admin import merging, profile, rules

__all__ = ["merging", "profile", "rules"]
