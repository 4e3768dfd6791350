"""Mappings that come later, applied to stored events: a dry run, the start, and what becomes of the task."""

from collections.abc import Callable
from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.scopes import Scope
from apps.core import audit, jobs, tasks
from apps.core.api.authentication import actor_of, may
from apps.core.api.base import KeyView, StrictSerializer, checked
from apps.core.api.errors import Refused, refused_by
from apps.core.api.shapes import ERROR_RESPONSE
from apps.core.limits import TooSlow, at_most
from apps.core.models import Task
from apps.core.paths import MISSING
from apps.core.refusal import Refusal
from apps.events.backfill.dry_run import Preview, preview
from apps.events.backfill.selection import PROFILES, TRAITS, UNDO, CannotBackfill, Held, Mode, Selection, plan
from apps.events.jobs import start_backfill, undo_backfill

WAIT_SECS: Final = 8.0  # for a step that is under way
KINDS: Final = {"profiles": PROFILES, "traits": TRAITS}
_NAMES: Final = {**{kind: name for name, kind in KINDS.items()}, UNDO: "undo"}


class SelectionSerializer(StrictSerializer):
    """Which stored events, and what is done with them."""

    kind = serializers.ChoiceField(
        list(KINDS), help_text="profiles: copy them to profiles; traits: extract theirs anew."
    )
    type = serializers.CharField(max_length=128, help_text="The event type, whose mapping is applied as it is now.")
    since = serializers.DateTimeField(required=False, help_text="Events of that time and later.")
    until = serializers.DateTimeField(required=False, help_text="Events before that time.")
    source_id = serializers.UUIDField(required=False, help_text="Events of this source alone.")
    condition = serializers.CharField(
        required=False, default="", help_text="Events of which it is true; asks for the scope `profiles:read`, too."
    )
    fields = serializers.ListField(  # type: ignore[assignment]  # the attribute of a serializer has this name
        child=serializers.CharField(), required=False, default=list, help_text="Fields of the profile; none: all."
    )
    mode = serializers.ChoiceField(Mode.choices, default=Mode.NEWEST)
    rate = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, allow_null=True, help_text="Events a second at most."
    )


class ConflictSerializer(serializers.Serializer[Any]):
    """Values that do not fit a field."""

    path = serializers.CharField()
    reason = serializers.CharField()
    count = serializers.IntegerField()
    event_ids = serializers.ListField(child=serializers.UUIDField(), help_text="Some of the events that hold them.")


class SampleSerializer(serializers.Serializer[Any]):
    """What would become of one person, or of one event's traits."""

    id = serializers.UUIDField()
    before = serializers.DictField(
        help_text="What fields hold now, by their paths; those without anything are missing."
    )
    after = serializers.DictField(help_text="What they would hold.")


class PreviewSerializer(serializers.Serializer[Any]):
    """What a back-fill would do."""

    n_events = serializers.IntegerField()
    is_estimate = serializers.BooleanField(help_text="Whether there are too many events to count them here.")
    n_people = serializers.IntegerField(allow_null=True, help_text="Null: too many to count them here, or nobody's.")
    n_looked_at = serializers.IntegerField(help_text="Events, the latest and the oldest, at which all below was found.")
    n_changed = serializers.IntegerField(help_text="People, or events, that would change.")
    conflicts = ConflictSerializer(many=True)
    samples = SampleSerializer(many=True, help_text="Some of these; none without the scope `profiles:read`.")


class BackfillSerializer(serializers.Serializer[Any]):
    """A back-fill, or the undoing of one."""

    id = serializers.UUIDField()
    kind = serializers.SerializerMethodField(help_text="profiles, traits or undo.")
    state = serializers.ChoiceField(Task.State.choices)
    progress = serializers.IntegerField(help_text="Events that it has gone through; values, of undo.")
    total = serializers.IntegerField(allow_null=True, help_text="Null: they are not counted yet.")
    message = serializers.CharField()
    n_failed = serializers.IntegerField(help_text="Values that did not fit their field.")
    params = serializers.DictField(help_text="What it was started with.")
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_kind(self, row: Task) -> str:
        """Name what it does."""
        return _NAMES[row.kind]


UNDER_WAY: Final[dict[Any, Any]] = {202: BackfillSerializer, 409: ERROR_RESPONSE}


class BackfillsView(KeyView):
    """Start one."""

    scopes: ClassVar = {"POST": Scope.BACKFILLS_WRITE}

    @described("backfills_start", request=SelectionSerializer, responses=UNDER_WAY, tags=["Back-fills"])
    def post(self, request: Request) -> Response:
        """Apply the mapping of a type to its stored events, in the background; 409 while others work on its fields."""
        found = checked(SelectionSerializer, request.data)
        task = start_backfill(
            _selection(request, found), actor=actor_of(request), now=timezone.now(), max_rate=found.get("rate")
        )
        return _answer(task)


class BackfillPreviewView(KeyView):
    """A dry run."""

    scopes: ClassVar = {"POST": Scope.BACKFILLS_READ}

    @described("backfills_preview", request=SelectionSerializer, responses=PreviewSerializer, tags=["Back-fills"])
    def post(self, request: Request) -> Response:
        """Tell what a back-fill would do; nothing is done."""
        now = timezone.now()
        selection = plan(_selection(request, checked(SelectionSerializer, request.data)), at=now)
        return Response(PreviewSerializer(_shaped(preview(selection, at=now), sees_all=_sees_people(request))).data)


class BackfillView(KeyView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.BACKFILLS_READ}

    @described("backfill", responses=BackfillSerializer, tags=["Back-fills"])
    def get(self, request: Request, task_id: UUID) -> Response:
        """Tell how far it is."""
        return Response(BackfillSerializer(_task(task_id)).data)


class BackfillPauseView(KeyView):
    """Let one rest."""

    scopes: ClassVar = {"POST": Scope.BACKFILLS_WRITE}

    @described("backfill_pause", request=None, responses=UNDER_WAY, tags=["Back-fills"])
    def post(self, request: Request, task_id: UUID) -> Response:
        """Let it rest until somebody lets it go on."""
        return _change(request, task_id, "paused", lambda ids, by: tasks.pause(ids, by=by, now=timezone.now()))


class BackfillResumeView(KeyView):
    """Let one go on."""

    scopes: ClassVar = {"POST": Scope.BACKFILLS_WRITE}

    @described("backfill_resume", request=None, responses=UNDER_WAY, tags=["Back-fills"])
    def post(self, request: Request, task_id: UUID) -> Response:
        """Let it go on where it was paused, or failed."""
        return _change(request, task_id, "resumed", lambda ids, by: jobs.resume_tasks(ids, by=by, now=timezone.now()))


class BackfillCancelView(KeyView):
    """End one."""

    scopes: ClassVar = {"POST": Scope.BACKFILLS_WRITE}

    @described("backfill_cancel", request=None, responses=UNDER_WAY, tags=["Back-fills"])
    def post(self, request: Request, task_id: UUID) -> Response:
        """End it for good; what it did stays, and may be undone."""
        return _change(request, task_id, "cancelled", lambda ids, by: tasks.cancel(ids, by=by, now=timezone.now()))


class BackfillUndoView(KeyView):
    """Undo one that has ended."""

    scopes: ClassVar = {"POST": Scope.BACKFILLS_WRITE}

    @described("backfill_undo", request=None, responses=UNDER_WAY, tags=["Back-fills"])
    def post(self, request: Request, task_id: UUID) -> Response:
        """Put back what it changed, and nobody changed since; the answer is a task of its own."""
        task = undo_backfill(_task(task_id).pk, actor=actor_of(request), now=timezone.now())
        return _answer(task)


def _answer(task: Task) -> Response:
    return Response(BackfillSerializer(task).data, status=status.HTTP_202_ACCEPTED)


def _task(task_id: UUID) -> Task:
    task = Task.objects.filter(pk=task_id, kind__in=_NAMES).first()
    if task is None:
        raise NotFound("There is no such back-fill.")
    return task


def _change(request: Request, task_id: UUID, word: str, change: Callable[[list[UUID], str], list[Task]]) -> Response:
    task, actor = _task(task_id), actor_of(request)
    try:
        with at_most(WAIT_SECS):
            if not change([task.pk], actor.name):
                message = f"It is {task.get_state_display().lower()}, and cannot be {word}."
                raise Refused(status.HTTP_409_CONFLICT, Refusal("not_now", message))
            audit.record(word, actor=actor, at=timezone.now(), object=task)
    except TooSlow:
        message = "The step that is under way takes long. Please try again in a minute."
        raise Refused(status.HTTP_409_CONFLICT, Refusal("not_yet", message)) from None
    return _answer(_task(task_id))


def _selection(request: Request, found: dict[str, Any]) -> Selection:
    """Read what is asked for. Raises PermissionDenied for a condition of who may not read people."""
    if found["condition"] and not _sees_people(request):
        raise PermissionDenied(f"A condition asks for the scope {Scope.PROFILES_READ.value}, too.")
    return Selection(
        KINDS[found["kind"]],
        found["type"],
        since=found.get("since"),
        until=found.get("until"),
        source=found.get("source_id"),
        condition=found["condition"],
        fields=tuple(found["fields"]),
        mode=found["mode"],
    )


def _sees_people(request: Request) -> bool:
    return may(request, Scope.PROFILES_READ)


def _shaped(found: Preview, *, sees_all: bool) -> dict[str, Any]:
    samples = [
        {
            "id": each.id,
            "before": {change.path: change.before for change in each.changes if change.before is not MISSING},
            "after": {change.path: change.after for change in each.changes if change.after is not MISSING},
        }
        for each in (found.samples if sees_all else ())
    ]
    conflicts = [
        {
            "path": each.path,
            "reason": each.reason,
            "count": each.count,
            "event_ids": [example.event_id for example in each.examples],
        }
        for each in found.conflicts
    ]
    counts = {
        name: getattr(found, name) for name in ("n_events", "is_estimate", "n_people", "n_looked_at", "n_changed")
    }
    return {**counts, "samples": samples, "conflicts": conflicts}


@refused_by.register
def _(error: CannotBackfill) -> Refused:
    if isinstance(error, Held):
        return Refused(status.HTTP_409_CONFLICT, Refusal("under_way", str(error)))
    return Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, Refusal("invalid", str(error), error.field))
