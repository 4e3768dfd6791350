"""What a back-fill is asked for, in the words of people."""

from collections.abc import Iterable
from typing import Any

from apps.core import tasks
from apps.core.models import Task
from apps.events.backfill.selection import Mode, Selection
from apps.events.models import Source


def told(selection: Selection) -> list[tuple[str, str]]:
    """Say what narrows the events, as (what, to what)."""
    source = selection.source and Source.objects.filter(pk=selection.source).values_list("name", flat=True).first()
    lines: Iterable[tuple[str, Any]] = (
        ("Type", selection.type),
        ("Source", source),
        ("From", selection.since and f"{selection.since:%Y-%m-%d %H:%M} UTC"),
        ("Up to, exclusive", selection.until and f"{selection.until:%Y-%m-%d %H:%M} UTC"),
        ("Arrived since", selection.received_since and f"{selection.received_since:%Y-%m-%d %H:%M} UTC"),
        ("Event, profile or session", selection.about),
        ("State", "flagged" if selection.only_flagged else ""),
        ("Condition", selection.condition),
        ("Fields", ", ".join(selection.fields)),
        ("What they hold already", Mode(selection.mode).label if selection.fields else ""),
    )
    return [(name, str(value)) for name, value in lines if value]


def told_of_run(run: Task) -> list[tuple[str, str]]:
    """Say what narrows the events of a run, as (what, to what)."""
    return told(Selection.of(run.kind, run.params))


def told_of_undo(undo: Task) -> list[tuple[str, str]]:
    """Say which run is undone, as (what, which)."""
    run = Task.objects.filter(pk=undo.params["run"]).first()
    return [("Run", f"{tasks.title_of(run)}, {run.created_at:%Y-%m-%d %H:%M} UTC" if run else undo.params["run"])]
