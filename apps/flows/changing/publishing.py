"""How a flow changes: a draft that everybody works on, and versions that were published, of which people enter one."""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max

from apps.core import audit
from apps.core.audit import Actor
from apps.core.jobs import start_task
from apps.core.mistakes import DefinitionError
from apps.core.models import Task
from apps.flows import definition
from apps.flows.changing.needs import SEGMENT, flows_that_need
from apps.flows.definition import Problems
from apps.flows.models import Flow, FlowVersion, Run
from apps.flows.node import kinds
from apps.flows.runs import awaited
from apps.flows.trying import cases
from apps.flows.trying.cases import CasesFail
from apps.segments.models import Segment

LEAVE: Final = "flow_leave"  # kinds of tasks, see jobs.py
DELETE: Final = "flow_delete"
MAX_NOTE: Final = 2_000
# What people may change; all else is of publishing, switching and workers.
EDITED: Final = ("key", "name", "description", "kind", "priority", "catch_up_per_minute", "max_failure_percent")
OF_DRAFT: Final = ("draft", "draft_revision", "draft_changed_at", "draft_changed_by")
# What a new flow begins with: whole, and it does nothing yet.
FIRST_DRAFT: Final[dict[str, Any]] = {
    "triggers": [{"id": "t1", "kind": "manual"}],
    "nodes": [
        {"id": "start", "kind": "start", "settings": {}},
        {"id": "end", "kind": "end", "settings": {}},
    ],
    "edges": [{"from": "start", "port": "out", "to": "end"}],
}
# The same over everybody: whoever it is true of enters a segment, everybody else leaves it.
FIRST_OVER_EVERYBODY: Final[dict[str, Any]] = {
    "nodes": [
        {"id": "start", "kind": "start", "settings": {}},
        {"id": "asks", "kind": "condition", "settings": {"condition": "profile@visits.count >= 3"}},
        {"id": "enter", "kind": "enter-segment", "settings": {"segment": ""}},
        {"id": "leave", "kind": "leave-segment", "settings": {"segment": ""}},
        {"id": "end", "kind": "end", "settings": {}},
    ],
    "edges": [
        {"from": "start", "port": "out", "to": "asks"},
        {"from": "asks", "port": "true", "to": "enter"},
        {"from": "asks", "port": "false", "to": "leave"},
        {"from": "enter", "port": "out", "to": "end"},
        {"from": "leave", "port": "out", "to": "end"},
    ],
}


class People(StrEnum):
    """What becomes of those who are inside while another version is published."""

    FINISH = "finish"  # they end on the version that they entered
    MOVE = "move"  # they go on in the new one, at their next node
    LEAVE = "leave"  # their runs end here


class Tries(Enum):
    """Whether the cases of a flow are tried before it is published, and for whom is told how they fail."""

    NONE = auto()
    FOR_ALL = auto()  # of those of people it is told only that they fail
    FOR_WHO_SEES_PEOPLE = auto()

    @classmethod
    def of(cls, *, ignores_cases: bool, sees_people: bool) -> "Tries":
        """Return which, by what somebody asks, and may see."""
        if ignores_cases:
            return cls.NONE
        return cls.FOR_WHO_SEES_PEOPLE if sees_people else cls.FOR_ALL


class Changed(Exception):
    """Somebody else has changed the draft meanwhile."""

    def __init__(self, revision: int) -> None:
        super().__init__(
            f"Somebody has changed the draft meanwhile: it is at revision {revision} now. Look at it first."
        )
        self.revision = revision


class NotNow(Exception):
    """That cannot be done with the flow as it is; the message says why."""


class Waiting(NamedTuple):
    """How many people are at a node of a version just now."""

    version: int
    node: str
    name: str  # of the node, as people call it
    n: int
    is_kept: bool  # whether the other version has that node


def first_draft(kind: str) -> dict[str, Any]:
    """Return what a new flow of a kind begins with.

    One over everybody decides about a segment by flows of which no other flow knows; where there is none, one has to be
    made, and named.
    """
    if kind != Flow.Kind.SEGMENTATION:
        return FIRST_DRAFT
    keys = Segment.objects.filter(kind=Segment.Kind.FLOW, is_enabled=True).order_by("-created_at")
    free = next((key for key in keys.values_list("key", flat=True) if not flows_that_need(SEGMENT, key)), "")
    draft = deepcopy(FIRST_OVER_EVERYBODY)
    for node in draft["nodes"]:
        if "segment" in node["settings"]:
            node["settings"]["segment"] = free
    return draft


def save(row: Flow, *, revision: int, is_unfinished: bool, actor: Actor, now: datetime) -> list[str]:
    """Store a flow and its draft, which was at this revision when somebody began to change it; return what changed.

    Who calls puts it on record. Raises DefinitionError, which names the field; Problems for a draft that has some,
    unless it is not finished; Changed when somebody else was quicker.
    """
    with transaction.atomic():
        before = None if row._state.adding else locked(row.pk)
        if before:
            _refuse_another(row, before, revision)
        _check_columns(row)
        changed = [name for name in (*EDITED, "draft") if not before or getattr(before, name) != getattr(row, name)]
        if "draft" in changed and not is_unfinished:
            refuse_mistakes(row.draft, row)
        if "draft" in changed:
            row.draft_revision, row.draft_changed_at, row.draft_changed_by = revision + 1, now, actor.name
        row.save(update_fields=[*EDITED, *OF_DRAFT, "updated_at"] if before else None)
    return changed


def discard_draft(flow_id: UUID, *, revision: int, actor: Actor, now: datetime) -> Flow:
    """Let the draft say again what is published. Raises Changed, and NotNow where nothing is."""
    with transaction.atomic():
        row = locked(flow_id)
        if row.version is None:
            raise NotNow("It was never published: there is nothing to go back to.")
        row.draft = row.version.definition
        save(row, revision=revision, is_unfinished=True, actor=actor, now=now)
        audit.record("discarded the draft", actor=actor, at=now, object=row, name=row.key)
    return row


def _refuse_another(row: Flow, before: Flow, revision: int) -> None:
    """Raise Changed where it is not what somebody began to change; DefinitionError for another kind."""
    _refuse_revision(before, revision)
    if before.version_id and before.kind != row.kind:
        raise DefinitionError("kind", "It was published as what it is: make another flow.")


def _refuse_revision(row: Flow, revision: int) -> None:
    if row.draft_revision != revision:
        raise Changed(row.draft_revision)


def refuse_mistakes(document: Any, row: Flow) -> None:
    """Raise Problems for a definition that has some; what is only doubtful is none."""
    mistakes = [problem for problem in definition.check(document, row) if not problem.is_warning]
    if mistakes:
        raise Problems(mistakes)


def publish(
    flow_id: UUID,
    *,
    revision: int,
    people: People,
    note: str,
    actor: Actor,
    now: datetime,
    tries: Tries = Tries.FOR_ALL,
) -> FlowVersion:
    """Make the draft of this revision the version that people enter from now on.

    Raises Changed when the draft is not the one any more that somebody looked at; Problems; NotNow when it says what is
    published already; CasesFail when it does not come to what its cases expect, unless somebody has said that it may.
    """
    row = Flow.objects.get(pk=flow_id)
    _refuse_revision(row, revision)
    _try_cases(row, row.draft, tries, now=now)
    with transaction.atomic():
        row = locked(flow_id)
        _refuse_revision(row, revision)
        return _publish(row, row.draft, people=people, note=note, actor=actor, now=now)


def roll_back(
    version_id: UUID,
    *,
    people: People,
    note: str,
    actor: Actor,
    now: datetime,
    tries: Tries = Tries.FOR_ALL,
) -> FlowVersion:
    """Publish an old version anew, under a number of its own; the draft stays. Raises as `publish` does."""
    old = FlowVersion.objects.select_related("flow").get(pk=version_id)
    _try_cases(old.flow, old.definition, tries, now=now)
    with transaction.atomic():
        row, note = locked(old.flow_id), note or f"As version {old.number} was."
        return _publish(row, old.definition, people=people, note=note, actor=actor, now=now)


def inside(row: Flow, document: Any) -> list[Waiting]:
    """Count who is inside of a flow, by version and node, and say which of the nodes a definition still has."""
    kept = set(names_of(document))
    live = Run.objects.filter(flow=row, status=Run.Status.LIVE).values_list("version_id", "place")
    counted = Counter({(version, place): n for version, place, n in live.annotate(n=Count("*"))})
    versions = FlowVersion.objects.in_bulk({version for version, _ in counted})
    found = []
    for (version_id, node), n in counted.items():
        version = versions[version_id]
        name = names_of(version.definition).get(node) or node
        found.append(Waiting(version.number, node, name, n, node in kept))
    return sorted(found, key=lambda each: (-each.version, -each.n, each.node))


def counts_inside(row: Flow) -> dict[int, int]:
    """Count who is inside of each version of a flow, by its number; none of those without anybody."""
    live = Run.objects.filter(flow=row, status=Run.Status.LIVE)
    return dict(live.values_list("version__number").annotate(n=Count("*")))


def names_of(document: Any) -> dict[str, str]:
    """Return {id of a node: what people call it} of a definition, which may have mistakes."""
    nodes = document.get("nodes") if isinstance(document, dict) else None
    found = [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return {str(node.get("id")): name_of(node) for node in found}


def name_of(node: Mapping[str, Any]) -> str:
    """Return what people call a node of a definition: its own name, that of its kind, or its id."""
    kind = kinds.get(str(node.get("kind")))
    return str(node.get("name") or (kind.title if kind else node.get("kind")) or node.get("id"))


def locked(flow_id: UUID) -> Flow:
    """Return a flow that nobody else changes until the transaction ends. Raises Flow.DoesNotExist."""
    # Its version is read afterwards: whoever has waited for a lock gets what was joined before they waited.
    return Flow.objects.select_for_update(no_key=True).get(pk=flow_id)


def refuse_while_deleted(row: Flow) -> None:
    """Raise NotNow while a flow is being deleted."""
    if Task.objects.unfinished().filter(kind=DELETE, params__flow_id=str(row.pk)).exists():
        raise NotNow("It is being deleted.")


def _try_cases(row: Flow, document: Any, tries: Tries, *, now: datetime) -> None:
    """Raise CasesFail where a case fails; what has mistakes cannot be published anyway.

    They take seconds: nobody holds the flow meanwhile.
    """
    if tries is Tries.NONE:
        return
    refuse_mistakes(document, row)
    failing = cases.failing(row, document, now=now, sees_people=tries is Tries.FOR_WHO_SEES_PEOPLE)
    if failing:
        raise CasesFail(failing)


def _publish(row: Flow, document: Any, *, people: People, note: str, actor: Actor, now: datetime) -> FlowVersion:
    if len(note) > MAX_NOTE:
        raise DefinitionError("note", f"A note has at most {MAX_NOTE:,} characters.")
    refuse_while_deleted(row)
    if row.version and row.version.definition == document:
        raise NotNow(f"That is what version {row.version.number} says, which is published.")
    refuse_mistakes(document, row)
    latest = row.versions.aggregate(latest=Max("number"))["latest"] or 0
    version = FlowVersion.objects.create(
        flow=row, number=latest + 1, definition=document, note=note, published_at=now, published_by=actor.name
    )
    # Before anybody waits for them: who notes a type first holds up all others who note it, until they are done.
    awaited.note(definition.awaited(document))
    row.version, row.next_pass_at = version, None
    row.save(update_fields=["version", "next_pass_at", "updated_at"])
    if people is People.MOVE:
        row.versions.exclude(pk=version.pk).update(successor=version)
    elif people is People.LEAVE and latest:
        params = {"flow": row.name, "flow_id": str(row.pk), "but": str(version.pk)}
        start_task(LEAVE, params=params, requested_by=actor.name)
    audit.record(
        "published", actor=actor, at=now, object=row, name=row.key, version=version.number, people=people.value
    )
    return version


def _check_columns(row: Flow) -> None:
    """Refuse what a column cannot hold. Raises DefinitionError for the first field that is wrong."""
    try:
        row.full_clean(exclude={field.name for field in Flow._meta.fields}.difference((*EDITED, "draft")))
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise DefinitionError(name, messages[0]) from None
