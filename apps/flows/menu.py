"""The pages of flows in the admin's menu."""

from apps.core.menu import entry
from apps.flows.models import Flow, FrequencyCap, QuietHours, Run

FLOWS = "Flows"
entry(Flow, FLOWS, 150, icon="account_tree")
entry(Run, FLOWS, 152, icon="directions_walk", title="Runs")
entry(Flow, FLOWS, 154, icon="extension", title="Nodes", page="flows_nodes")
entry(FrequencyCap, FLOWS, 160, icon="speed")
entry(QuietHours, FLOWS, 162, icon="bedtime")
