"""Let the person enter a segment."""

from apps.flows.node import register
from apps.flows.nodes.profile.of_segment import OfSegment


@register
class EnterSegment(OfSegment):
    """The person enters a segment that goes by flows, unless they are in it. That is announced, as with any segment."""

    key, title, icon, order = "enter-segment", "Enter segment", "group_add", 50
    is_in = True
