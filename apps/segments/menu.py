"""The pages of segments in the admin's menu."""

from apps.core.menu import OPERATIONS, PEOPLE, entry
from apps.segments.models import Reevaluation, Segment

entry(Segment, PEOPLE, 120, icon="workspaces")
entry(Reevaluation, OPERATIONS, 520, icon="autorenew")
