"""The admin's pages of heartbeats and their runs."""

from apps.heartbeats.admin import heartbeat, heartbeat_run

__all__ = ["heartbeat", "heartbeat_run"]
