"""Let the person leave a segment."""

from apps.flows.node import register
from apps.flows.nodes.profile.of_segment import OfSegment


@register
class LeaveSegment(OfSegment):
    """The person leaves a segment that goes by flows, if they are in it. That is announced, as with any segment."""

    key, title, icon, order = "leave-segment", "Leave segment", "group_remove", 60
    is_in = False
