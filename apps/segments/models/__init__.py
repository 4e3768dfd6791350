"""Segments, and who belongs to them."""

from apps.segments.models.membership import Cause, Membership
from apps.segments.models.segment import Segment, SegmentEdition, SegmentSize

__all__ = ["Cause", "Membership", "Segment", "SegmentEdition", "SegmentSize"]
