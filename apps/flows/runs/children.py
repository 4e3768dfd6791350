"""Runs that others started: sub-flows, whose ends are waited for, and flows that go their own way."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.fetch import new
from apps.core.ids import new_id
from apps.flows.engine import chains, state
from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Child, Outcome
from apps.flows.models import Flow, Run, Wait
from apps.flows.runs import leaving, versions
from apps.flows.runs.entering import Entry, enter


def start(outcomes: Iterable[tuple[Run, Outcome]], *, now: datetime) -> list[Wait]:
    """Let people enter the flows into which their runs send them, and return what waits for the ends of these.

    One that nobody can enter has ended at once, as it failed; where nobody waits for its end nothing comes of it.
    """
    wanted = [(run, outcome, child) for run, outcome in outcomes for child in outcome.children]
    if not wanted:
        return []
    found = _flows({child.started.flow for _, _, child in wanted})
    entries: list[Entry] = []
    waits: list[Wait] = []
    for run, outcome, child in wanted:
        id, key = new_id(), child.started.flow
        if key in found:
            entries.append(_entry(run, child, *found[key], id, now=now, chain=_chain(outcome)))
        if child.token is not None:
            waits.append(_until_ended(run, id, child.token, key, is_on=key in found, now=now))
    enter(entries)
    return waits


def _until_ended(run: Run, id: UUID, token: int, flow: str, *, is_on: bool, now: datetime) -> Wait:
    if not is_on:
        run.due_at = now
    failed = {"status": Run.Status.FAILED, "reason": f"Nobody enters the flow {flow}: it is off."}
    wait = {"run_id": run.id, "profile_id": run.profile_id, "token": token}
    return new(Wait, kind=Wait.Kind.CHILD, type=str(id), met=[] if is_on else [failed], **wait)


def _flows(keys: Collection[str]) -> dict[str, tuple[Flow, Compiled]]:
    """Return those flows that people enter now, each with the version that they do."""
    flows = Flow.objects.filter(key__in=keys, state=Flow.State.ON, version__isnull=False)
    rows = {flow.key: flow for flow in flows}
    compiled = versions.compiled([flow.version_id for flow in rows.values() if flow.version_id])
    found = {key: (flow, compiled.get(flow.version_id)) for key, flow in rows.items() if flow.version_id}
    return {key: (flow, version) for key, (flow, version) in found.items() if version}


def _chain(outcome: Outcome) -> int:
    """Say how many flows in a row have led to a run: what its sub-flows do is as deep as if it did that itself."""
    return max(chains.of(outcome.state.event), outcome.state.chain)


def _entry(run: Run, child: Child, flow: Flow, version: Compiled, id: UUID, *, now: datetime, chain: int) -> Entry:
    assert flow.version_id
    begun = state.fresh(version.start.id, began=now, payload=child.started.payload, chain=chain)
    return Entry(
        id=id,
        flow_id=flow.pk,
        version_id=flow.version_id,
        profile_id=run.profile_id,
        original_profile_id=run.original_profile_id,
        session_id=run.session_id,
        parent_id=None if child.token is None else run.id,
        state=begun,
        started_at=now,
        is_traced=run.is_traced,
    )


def tell_parents(ended: Collection[Run], *, now: datetime) -> None:
    """Let those go on who wait for these to end."""
    said = {
        str(run.id): {"status": run.status, "payload": _payload(run), "reason": run.reason}
        for run in ended
        if run.parent_id
    }
    leaving.tell(Wait.Kind.CHILD, said, now=now)


def _payload(run: Run) -> Any:
    """Return what a run came out with."""
    return run.state.get("result")
