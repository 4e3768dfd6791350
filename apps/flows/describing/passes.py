"""How everybody went through a flow over everybody the last time: as the task of that pass has counted."""

from collections import Counter
from dataclasses import dataclass

from apps.core.models import Task
from apps.flows import segmenting
from apps.flows.changing.publishing import names_of
from apps.flows.describing.figures import NodeFigures
from apps.flows.models import Flow, FlowVersion


@dataclass(frozen=True, slots=True)
class Pass:
    """What came of a pass, so far or in the end."""

    task: Task
    version: FlowVersion | None  # by which they went; null: it is no more
    n_people: int
    n_entered: int
    n_left: int
    is_under_way: bool  # or rests: no other one begins meanwhile
    nodes: list[NodeFigures]  # in the order of the definition


def latest(row: Flow) -> Pass | None:
    """Return the pass that began last; none began: null."""
    task = segmenting.latest(row)
    if task is None:
        return None
    version = FlowVersion.objects.filter(pk=task.params["version"]).first()
    n_entered, n_left = (task.position.get(name, 0) for name in ("entered", "left"))
    is_under_way = segmenting.under_way(row) == task
    nodes = _nodes(version, task) if version else []
    return Pass(task, version, task.progress, n_entered, n_left, is_under_way, nodes)


def _nodes(version: FlowVersion, task: Task) -> list[NodeFigures]:
    """Say of each node who left it by which port; and who came, which is who took an edge that leads to it."""
    left: dict[str, dict[str, int]] = {}
    for way, n in task.position.get("ways", {}).items():
        node, _, port = way.rpartition(".")
        left.setdefault(node, {})[port] = n
    came: Counter[str] = Counter()
    for edge in version.definition["edges"]:
        came[edge["to"]] += left.get(edge["from"], {}).get(edge.get("port", "out"), 0)
    return [
        NodeFigures(node, name, came[node] or sum(left.get(node, {}).values()), left=left.get(node, {}))
        for node, name in names_of(version.definition).items()
    ]
