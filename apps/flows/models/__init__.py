"""Flows and their versions; runs, what they wait for, and what became of their steps; and contacts."""

from apps.flows.models.allowance import Allowance
from apps.flows.models.contact import Contact, FrequencyCap, QuietHours
from apps.flows.models.ending_count import EndingCount
from apps.flows.models.flow import Flow, FlowVersion
from apps.flows.models.flow_case import FlowCase
from apps.flows.models.kept_value import PersonRecord, SharedValue
from apps.flows.models.run import Assignment, AwaitedType, LastValue, NodeCount, Run, Step, Wait
from apps.flows.models.simulation import Simulation, SimulationSample
from apps.flows.models.trigger_clock import Clock

__all__ = [
    "Allowance", "Assignment", "AwaitedType", "Clock", "Contact", "EndingCount", "Flow", "FlowCase", "FlowVersion",
    "FrequencyCap", "LastValue", "NodeCount", "PersonRecord", "QuietHours", "Run", "SharedValue", "Simulation",
    "SimulationSample", "Step", "Wait",
]  # fmt: skip
