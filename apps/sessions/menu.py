"""The page of sessions in the admin's menu."""

from apps.core.menu import PEOPLE, entry
from apps.sessions.models import Session

entry(Session, PEOPLE, 130, icon="devices")
