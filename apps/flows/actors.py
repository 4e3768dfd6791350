"""Which flows set fields, for people."""

from collections.abc import Iterable
from typing import Any

from apps.core import actors
from apps.flows import node as nodes
from apps.flows.engine.step import FLOW, Setter
from apps.flows.models import FlowVersion


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Return {key: name} of flows that set fields: which flow, which version of it, which step."""
    found = {key: setter for key in keys if (setter := Setter.read(key))}
    flows, numbers = {each.flow for each in found.values()}, {each.version for each in found.values()}
    rows = FlowVersion.objects.filter(flow__key__in=flows, number__in=numbers).select_related("flow")
    versions = {(row.flow.key, row.number): row for row in rows}
    return {
        key: _told(setter, versions[setter.flow, setter.version])
        for key, setter in found.items()
        if (setter.flow, setter.version) in versions
    }


def _told(setter: Setter, version: FlowVersion) -> str:
    steps: list[dict[str, Any]] = version.definition.get("nodes", [])
    step = next((each for each in steps if each.get("id") == setter.node), {})
    kind = nodes.kinds.get(step.get("kind", ""))
    name = step.get("name") or (kind.title if kind else setter.node)
    return f"{version.flow.name}, version {setter.version}: {name}"


actors.namers.register(FLOW, names_of)
