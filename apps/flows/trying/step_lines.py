"""What a step of a trial decided, and would have done, in a few words."""

from collections.abc import Iterator
from typing import Any

from apps.flows.trying.told import StepTold


def said(step: StepTold) -> Iterator[str]:
    """Say it, one thing after the other; nothing for a step that only leads on."""
    for field, holds in step.conditions.items():
        yield f"{field} is {holds}"
    for sent in step.sent:
        yield f"sends to {sent['connection']}: {_subject(sent['request'])}"
    for change in step.changes:
        yield f"sets {change['path']} ({change['operation']} {change['value']})"
    for name, value in step.memory.items():
        yield f"remembers {name}: {value}"
    for segment, is_in in step.segments.items():
        yield f"{'enters' if is_in else 'leaves'} {segment}"
    for raised in step.raised:
        yield f"raises {raised['type']}"
    for started in step.started:
        yield f"starts {started['flow']}"
    yield from _ended(step)


def _ended(step: StepTold) -> Iterator[str]:
    if step.is_disabled:
        yield "disabled, passed"
    if step.wait and step.wait.until:
        yield f"waits until {step.wait.until.isoformat()}"
    if step.error:
        yield step.error


def _subject(request: dict[str, Any]) -> str:
    return str(request.get("subject") or request.get("path") or "a message")
