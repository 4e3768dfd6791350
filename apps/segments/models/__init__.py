"""Segments, who belongs to them, and the runs that decide it."""

from apps.segments.models.membership import Cause, Membership
from apps.segments.models.run import LivePage, LiveRun
from apps.segments.models.segment import Segment, SegmentSize, SegmentVersion

__all__ = ["Cause", "LivePage", "LiveRun", "Membership", "Segment", "SegmentSize", "SegmentVersion"]
