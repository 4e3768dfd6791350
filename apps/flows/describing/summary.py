"""A flow in lines of text: what it does, and how people go through it."""

from collections.abc import Iterator

from apps.flows.describing import figures, goal_rates, passes, words
from apps.flows.describing.figures import NodeFigures
from apps.flows.models import Flow, FlowVersion


def lines(row: Flow) -> Iterator[str]:
    """Say what is to be known of a flow, a line each."""
    document = row.version.definition if row.version else row.draft
    yield f"{row.name} ({row.key}): {row.state}, " + (f"version {row.version.number}" if row.version else "a draft")
    yield from words.begins(row.kind, document)
    if row.kind == Flow.Kind.SEGMENTATION:
        yield from _last_pass(row)
        return
    yield from (*words.entry(document), *words.ends(document))
    if row.version:
        yield from (_node(each) for each in figures.nodes(row.version))
        yield from _goal_rates(row.version)


def _node(each: NodeFigures) -> str:
    counts = f"{each.entered} came, {each.waiting} there, left: {_left(each)}, {each.failed} failed"
    return f"{each.name} ({each.node}): {counts}"


def _left(each: NodeFigures) -> str:
    return ", ".join(f"{n} by {port}" for port, n in each.left.items()) or "none"


def _last_pass(row: Flow) -> Iterator[str]:
    found = passes.latest(row)
    if found is None:
        yield "Nobody has gone through it yet."
        return
    counts = f"{found.n_people:,} people, {found.n_entered:,} entered, {found.n_left:,} left"
    yield f"The last time began {found.task.created_at.isoformat()}, and is {found.task.state}: {counts}"
    yield from (f"{each.name} ({each.node}): {each.entered} came, left: {_left(each)}" for each in found.nodes)


def _goal_rates(version: FlowVersion) -> Iterator[str]:
    if not goal_rates.has_goals(version):
        return
    for each in goal_rates.versions(version.flow_id):
        percent = f" ({each.reached_percent:.1f} %)" if each.reached_percent is not None else ""
        counts = f"{each.entered} entered, {each.reached} reached the goal{percent}"
        yield f"Version {each.number}: {counts}, {each.reached_during} inside and {each.reached_after} later"
    for split in goal_rates.splits(version):
        for branch in split.branches:
            counts = f"{branch.entered} took it, {branch.reached} reached the goal"
            yield f"{split.name} ({split.node}), branch {branch.port}: {counts}" + (branch.said and f": {branch.said}")
        yield f"{split.name} ({split.node}): {split.verdict}"
