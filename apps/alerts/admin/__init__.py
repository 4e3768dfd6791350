"""The admin's pages of alerts: what is watched, what was found, and who is told."""

from apps.alerts.admin import alert, channel

__all__ = ["alert", "channel"]
