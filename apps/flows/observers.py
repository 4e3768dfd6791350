"""Flows watch what people are like (profiles/observing.py), and decide who is in segments (segments/live.py)."""

from apps.flows import jobs
from apps.flows.segmenting import Segmenting
from apps.flows.triggers.outside_changes import Noticing
from apps.profiles import observing
from apps.segments import live

live.deciders.register("flows", Segmenting())
observing.observers.register("flows", Noticing(jobs.wake))
