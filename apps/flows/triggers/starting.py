"""People are let into a flow by hand, by a program, or as they are in the segment of its trigger: estimated first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.conditions.nearest import nearest
from apps.core import audit, storable
from apps.core.audit import Actor
from apps.core.ids import NIL
from apps.core.jobs import start_task
from apps.core.mistakes import DefinitionError
from apps.core.models import Task
from apps.core.tasks import Step
from apps.flows.definition.parts import ManualTrigger, SegmentTrigger, Trigger
from apps.flows.engine.graph import Compiled
from apps.flows.models import Flow, Run
from apps.flows.runs import versions
from apps.flows.triggers import happened, letting_in, occasions
from apps.flows.triggers.letting_in import Cause, Entered
from apps.profiles import consents, ledger
from apps.segments.models import Segment

TASK: Final = "flow_start"
PAGE: Final = 500
# Whoever is in the segment, and of those who: lack a consent; were in the flow before; are in it now.
_ESTIMATE: Final = """
SELECT count(*), count(*) FILTER (WHERE NOT ({consented})), count(run.n), count(run.n) FILTER (WHERE run.n_live > 0)
FROM segments_membership AS m JOIN profiles_profile AS p ON p.id = m.profile_id
LEFT JOIN (
    SELECT profile_id, count(*) AS n, count(*) FILTER (WHERE status = %s) AS n_live FROM flows_run
    WHERE flow_id = %s AND parent_id IS NULL GROUP BY profile_id
) AS run ON run.profile_id = p.id
WHERE m.segment_id = %s AND m.left_at IS NULL
"""


class CannotStart(DefinitionError):
    """Nobody can be let in; the message says why, and the field whose value it is about."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Whom a start would reach, as it is now."""

    n_people: int
    n_without_consent: int  # who lack a consent that the flow needs, and stay out
    n_before: int  # who were in it before, and stay out where people enter once
    n_in: int  # who are in it now


def estimate(flow: Flow, segment: str) -> Estimate:
    """Say whom a start for a segment would reach. Raises CannotStart."""
    compiled, row, now = startable(flow), _segment(segment), timezone.now()
    parts = [consents.in_state(consents.State.GIVEN, each, now) for each in compiled.consents]
    consented = " AND ".join(f"COALESCE(({part.text}), false)" for part in parts) or "true"
    params = [param for part in parts for param in part.params]
    with connection.cursor() as cursor:
        cursor.execute(_ESTIMATE.format(consented=consented), [*params, Run.Status.LIVE, flow.pk, row.pk])
        return Estimate(*cursor.fetchone())


def startable(flow: Flow) -> Compiled:
    """Return the version that people would enter. Raises CannotStart for a flow that nobody can enter now."""
    if flow.state != Flow.State.ON:
        raise CannotStart("flow", f"{flow} is {flow.get_state_display().lower()}: nobody enters it.")
    found = versions.compiled([flow.version_id]).get(flow.version_id) if flow.version_id else None
    if found is None:
        raise CannotStart("flow", f"{flow} was never published, or cannot be run: nobody can enter it.")
    return found


def start_one(flow: Flow, profile_id: UUID, *, by: str, payload: Any = None) -> Entered:
    """Let somebody enter at once, if the rules of the flow let them; the caller wakes a worker.

    Raises CannotStart, also where nobody is of that id.
    """
    compiled, trigger = startable(flow), manual_of(flow)
    check_payload(payload)
    now = timezone.now()
    with transaction.atomic():
        try:
            known = ledger.locked([profile_id], columns=["id"])
            if not known:
                raise CannotStart("profile", f"There is no profile {profile_id}.")
            return letting_in.people([profile_id], _by_hand(compiled, trigger.id, by, payload, at=now), now=now)
        except ledger.Moved:
            message = "Others are merging this profile. Please try again in a minute."
            raise CannotStart("profile", message) from None


def start_nobody(flow: Flow, *, by: str, payload: Any = None) -> Entered:
    """Begin a run without a person; the caller wakes a worker. Raises CannotStart."""
    compiled, trigger, now = startable(flow), manual_of(flow), timezone.now()
    check_payload(payload)
    with transaction.atomic():
        return letting_in.nobody(_by_hand(compiled, trigger.id, by, payload, at=now), now=now)


def start_segment(flow: Flow, segment: str, *, by: str, payload: Any = None) -> Task:
    """Let all who are in a segment enter, page after page, by a task. Raises CannotStart."""
    startable(flow)
    manual_of(flow)
    check_payload(payload)
    row = _segment(segment)
    return _begin(flow, row.key, manual_of(flow), by=by, payload=payload)


def start_members(flow: Flow, *, by: str) -> list[Task]:
    """Let those enter who are in the segments of the flow's triggers, where these say so; for who switches it on."""
    compiled = startable(flow)
    parts = [trigger.part for trigger in compiled.triggers]
    wanted = [each for each in parts if isinstance(each, SegmentTrigger) and each.includes_members]
    return [_begin(flow, each.segment, each, by=by) for each in wanted if each.change == "entered"]


def manual_of(flow: Flow) -> Trigger:
    """Return the trigger that lets people enter by hand. Raises CannotStart for a flow without one."""
    for trigger in startable(flow).triggers:
        if isinstance(trigger.part, ManualTrigger):
            part: Trigger = trigger.part
            return part
    raise CannotStart("flow", f"{flow} has no trigger by hand: nobody can be let in.")


def check_payload(payload: Any) -> None:
    """Refuse what cannot be stored. Raises CannotStart."""
    refusal = storable.refusal_in(payload, "payload")
    if refusal:
        raise CannotStart(refusal.field or "payload", refusal.message)


def note(
    flow: Flow, *, actor: Actor, person: UUID | None = None, segment: str = "", n_entered: int | None = None
) -> None:
    """Put on record, in the transaction that does it, whom somebody let enter; and that nobody did where that is so."""
    about = {"segment": segment, "person": str(person) if person else "", "n_entered": n_entered}
    told = {name: value for name, value in about.items() if value not in (None, "")}
    verb = "let nobody enter" if n_entered == 0 else "let people enter"
    audit.record(verb, actor=actor, at=timezone.now(), object=flow, name=flow.name, **told)


def step(task: Task) -> Step:
    """Let a page of people enter, for a task; of a flow that is off meanwhile nobody more."""
    params, now = task.params, timezone.now()
    flow = Flow.objects.filter(pk=params["flow_id"]).first()
    if flow is None:
        return Step(0, is_last=True, message="The flow is no more.")
    try:
        compiled = startable(flow)
    except CannotStart as error:
        return Step(0, is_last=True, message=error.message)
    page = occasions.members(params["segment"], after=UUID(task.position.get("after", str(NIL))), size=PAGE)
    cause = _by_hand(compiled, params["trigger"], params["by"], params["payload"], at=now)
    entered = letting_in.people(page.ids, _once_of(task, cause), now=now) if page.ids else Entered()
    n_entered = task.position.get("entered", 0) + len(entered.runs)
    refused = Counter(task.position.get("refused", {})) + entered.refused
    position = {"after": str(page.last), "entered": n_entered, "refused": dict(refused)}
    return Step(len(page.ids), is_last=page.last is None, position=position, message=_told(n_entered, refused))


def told(task: Task) -> list[tuple[str, str]]:
    """Say the parameters of a task in words."""
    return [("Flow", task.params["flow"]), ("Segment", task.params["segment"])]


def _begin(flow: Flow, segment: str, trigger: Trigger, *, by: str, payload: Any = None) -> Task:
    about = {"flow": flow.name, "flow_id": str(flow.pk), "segment": segment, "trigger": trigger.id, "by": by}
    return start_task(TASK, params={**about, "payload": payload}, requested_by=by)


def _once_of(task: Task, cause: Cause) -> Cause:
    """Let a page that is done twice let nobody in twice."""
    return replace(cause, occasion=str(task.pk))


def _by_hand(compiled: Compiled, trigger: str, by: str, payload: Any, *, at: datetime) -> Cause:
    event = happened.made("by-hand", at=at, properties={"by": by})
    return Cause(compiled, trigger, event, payload)


def _told(n_entered: int, refused: Mapping[str, int]) -> str:
    others = "".join(f", {number} not ({why})" for why, number in sorted(refused.items()))
    return f"{n_entered} entered{others}"


def _segment(key: str) -> Segment:
    row = Segment.objects.filter(key=key).first()
    if row is None:
        meant = nearest(key, Segment.objects.values_list("key", flat=True))
        raise CannotStart("segment", f"There is no segment {key}." + (f" Did you mean {meant}?" if meant else ""))
    return row
