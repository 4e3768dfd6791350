"""The pages of alerts in the admin's menu."""

from apps.alerts.models import Alert, Channel
from apps.core.menu import OPERATIONS, entry

entry(Alert, OPERATIONS, 502, icon="notifications_active")
entry(Channel, OPERATIONS, 504, icon="campaign")
