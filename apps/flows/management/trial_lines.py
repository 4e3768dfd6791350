"""`flow try` and `flow test`: what would be done for somebody, and whether the cases of a flow come out as expected."""

import json
from argparse import FileType
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from apps.core import reading
from apps.flows.models import Flow
from apps.flows.trying import cases, step_lines, trial_walk, trials


def arguments(actions: Any) -> None:
    """Take what they ask for."""
    trying = actions.add_parser("try", help="say what a draft would do for somebody, step by step; nothing is done")
    trying.add_argument("key")
    trying.add_argument("--person", default="", metavar="ID")
    trying.add_argument("--event", default="", metavar="ID", help="a stored event; without --person of whom it is")
    trying.add_argument("--run", default="", metavar="ID", help="begin as this run of the flow did")
    trying.add_argument("--event-type", default="", metavar="TYPE", help="an event that is made up")
    trying.add_argument("--properties", type=FileType("rb"), help="JSON: those of the made event; - is standard input")
    trying.add_argument("--stop", action="store_true", help="at the first wait; else time passes, and mails arrive")
    trying.add_argument("--json", action="store_true", help="print all of it, as the API answers")
    actions.add_parser("test", help="try the cases of a flow with its draft; 1: some fail").add_argument("key")


def tried(
    *,
    key: str,
    person: str,
    event: str,
    run: str,
    event_type: str,
    properties: Any,
    stop: bool,
    **options: Any,
) -> Iterable[str]:
    """Say each step, and how it ends. Raises CommandError, and what `try_out` raises."""
    row = _named(key)
    document: dict[str, Any] = {"profile_id": person, "event_id": event, "run_id": run}
    if event_type:
        document["event"] = {"type": event_type, "properties": _read(properties) if properties else {}}
    document["waits"] = trials.STOP if stop else trials.PASS
    found = trial_walk.try_out(row, trials.read(document), now=timezone.now(), sees_people=True)
    if options["json"]:
        shown = asdict(found)
        del shown["scope"]
        yield json.dumps(shown, indent=2, default=str)
        return
    for step in found.steps:
        ways = [f"by {step.port}"] if step.port else []
        yield ", ".join([f"{step.at.isoformat()} {step.node} ({step.kind})", *ways, *step_lines.said(step)])
    yield f"{found.end} at {found.place}, {found.ended_at.isoformat()}. {found.reason}".rstrip()


def tested(*, key: str, **_options: Any) -> Iterable[str]:
    """Say of each case whether it comes out as expected. Raises CommandError where one does not."""
    verdicts = cases.run(_named(key), now=timezone.now(), sees_people=True)
    for each in verdicts:
        yield f"{each.case.name}: {' '.join(each.failures) or 'as expected'}"
    n_failed = sum(bool(each.failures) for each in verdicts)
    if n_failed:
        raise CommandError(f"{n_failed} of {len(verdicts)} cases fail.")
    yield f"{len(verdicts)} cases, all as expected." if verdicts else "There are no cases."


def _named(key: str) -> Flow:
    row = Flow.objects.filter(key=key).first()
    if row is None:
        raise CommandError(f"There is no flow {key}: flow list has all.")
    return row


def _read(file: Any) -> Any:
    try:
        return reading.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{file.name}: This is no JSON. {reading.told(error)}") from None
