"""The admin's pages of people."""

from apps.profiles.admin import blocked, consent, ledger, privacy, profile

__all__ = ["blocked", "consent", "ledger", "privacy", "profile"]
