"""The admin's pages of bridges: what comes in, how it goes, and what could not be taken."""

from apps.inbound.admin import bridge, dead_letter

__all__ = ["bridge", "dead_letter"]
