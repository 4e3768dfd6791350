"""What all admin pages share: read-only browsers, keyset paging, estimated counts, readable JSON; and long jobs."""

from apps.core.admin import task

__all__ = ["task"]
