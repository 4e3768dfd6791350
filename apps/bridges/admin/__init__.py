"""The admin's pages of what leaves the house."""

from apps.bridges.admin import connection, delivery

__all__ = ["connection", "delivery"]
