"""What all admin pages share: read-only browsers, keyset paging, readable JSON; and pages of tasks, audit and keys."""

from apps.core.admin import audit, key, task

__all__ = ["audit", "key", "task"]
