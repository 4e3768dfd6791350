"""What all admin pages share: read-only browsers, keyset paging, readable JSON; and the pages of tasks and audit."""

from apps.core.admin import audit, task

__all__ = ["audit", "task"]
