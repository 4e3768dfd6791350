"""The admin's pages of sessions."""

from apps.sessions.admin import session

__all__ = ["session"]
