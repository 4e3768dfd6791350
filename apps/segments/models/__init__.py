"""Segments, who belongs to them, and the runs that re-evaluate them."""

from apps.segments.models.membership import Cause, Membership
from apps.segments.models.reevaluation import Reevaluation, ReevaluationPage
from apps.segments.models.segment import Segment, SegmentSize, SegmentVersion

__all__ = ["Cause", "Membership", "Reevaluation", "ReevaluationPage", "Segment", "SegmentSize", "SegmentVersion"]
