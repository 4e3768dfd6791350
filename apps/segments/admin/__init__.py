"""The admin's pages of segments: the runs that decide them."""

from apps.segments.admin import run

__all__ = ["run"]
