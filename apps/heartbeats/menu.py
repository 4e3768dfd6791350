"""The page of heartbeats in the admin's menu."""

from apps.core.menu import PEOPLE, entry
from apps.heartbeats.models import Heartbeat

entry(Heartbeat, PEOPLE, 130, icon="monitor_heart")
