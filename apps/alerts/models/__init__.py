"""What is watched, who is told, what was found, and what of it was sent."""

from apps.alerts.models.alert import Alert, Channel
from apps.alerts.models.incident import Incident, Notification

__all__ = ["Alert", "Channel", "Incident", "Notification"]
