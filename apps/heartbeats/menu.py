"""The pages of heartbeats in the admin's menu."""

from apps.core.menu import OPERATIONS, PEOPLE, entry
from apps.heartbeats.models import Heartbeat, HeartbeatRun

entry(Heartbeat, PEOPLE, 125, icon="monitor_heart")
entry(HeartbeatRun, OPERATIONS, 525, icon="history")
