"""Flows over everybody: who comes to which end decides the segments that they are in; nothing else comes of it.

Everybody is gone through page by page, by a task on the queue `segmentation:live`. A page is read, walked in memory and
written together, and how far the task got is stored with it, so that whoever goes on after a crash repeats nothing.
First it is found, without a lock, whose segments would change; then only they are locked, and walked again. No run is
stored, and nothing of what nodes ask: who wants to know why somebody is in a segment asks by which way they go now.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from apps.core import audit
from apps.core.audit import Actor
from apps.core.fetch import new
from apps.core.ids import NIL, digest
from apps.core.jobs import start_task
from apps.core.models import Task, TaskQuerySet
from apps.core.task_journal import Failure
from apps.core.tasks import Step
from apps.flows.changing import needs, publishing
from apps.flows.changing.publishing import NotNow
from apps.flows.definition import everybody
from apps.flows.engine import state
from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Ending, Outcome
from apps.flows.models import Flow, FlowVersion, Run
from apps.flows.node import kinds
from apps.flows.runs import answers, subjects, versions, walking
from apps.flows.runs.loading import Batch
from apps.flows.runs.subjects import Person
from apps.flows.runs.walking import Pace, Traveller
from apps.profiles.models import Profile
from apps.segments import sizes
from apps.segments.stream.index import current

TASK: Final = "flow_segmentation"
PAGE: Final = 500
KEPT: Final = timedelta(days=14)  # as long as re-evaluation runs
TOO_LONG: Final = "It did not come to an end in time."
OFF: Final = "The flow is not on any more."
OTHER_VERSION: Final = "Another version was published meanwhile: the next pass goes by that."
KEEPS: Final = "It keeps something, which is not done where everybody goes through."
UNUSABLE: Final = "What is published cannot be used: the page of the flow says why."


@dataclass(slots=True)
class Page:
    """What a page of people came to; those who failed stay in the segments that they are in."""

    ids: list[UUID]  # who were walked, in the order of their ids
    ways: Counter[str] = field(default_factory=Counter)  # how often a node was left by a port, as node.port
    failures: list[Failure] = field(default_factory=list)
    n_entered: int = 0
    n_left: int = 0


class Way(NamedTuple):
    """By which way somebody goes just now, and what would come of it."""

    path: list[tuple[str, str]]  # nodes, each with the port by which it is left; none where it ends
    entered: list[str]  # keys of segments
    left: list[str]
    problem: str  # why nothing would come of it; else empty


class Looking(Pace):
    """People are looked at: nothing stays of what nodes ask."""

    def settled(self, outcome: Outcome) -> Outcome:
        """Let people draw anew at a split, which comes out the same; whoever else wants something kept fails."""
        question = outcome.question
        if question is None or question.ask.kind not in answers.KEEPING:
            return outcome
        if question.ask.kind == "assignment":
            return self.settled(outcome.answered(question.ask.about["branch"]))
        after = outcome.put_off()
        after.ending, after.place = Ending(Run.Status.FAILED, f"Node {question.node}: {KEEPS}"), question.node
        return after


class Segmenting:
    """Begins with the flows over everybody that are due: see segments/live.py."""

    def begin(self, *, is_full: bool, requested_by: str, now: datetime) -> Sequence[Task]:
        """Begin a pass of each flow that is on, and due or asked for, unless one is under way."""
        begun = []
        for id in list(on().values_list("pk", flat=True)):
            with transaction.atomic():
                row = _locked(id)
                if row and _is_on(row) and (is_full or _is_due(row, now)) and under_way(row) is None:
                    begun.append(_begin(row, requested_by=requested_by, now=now))
        return [task for task in begun if task]

    def under_way(self) -> Sequence[Task]:
        """Return the tasks that workers carry on."""
        return list(Task.objects.runnable().filter(kind=TASK).order_by("created_at"))


def begin_now(flow_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """Go through everybody now, whether it is time or not. Raises NotNow, which says why that cannot be."""
    with transaction.atomic():
        row = publishing.locked(flow_id)
        publishing.refuse_while_deleted(row)
        if row.kind != Flow.Kind.SEGMENTATION:
            raise NotNow("It is not over everybody: people enter it one by one.")
        if not _is_on(row):
            raise NotNow("It is off: switch it on, and everybody is gone through.")
        if under_way(row):
            raise NotNow("Everybody is being gone through: its task says how far it is.")
        task = _begin(row, requested_by=actor.name, now=now)
        if task is None:
            raise NotNow(UNUSABLE)
        audit.record("let go through everybody", actor=actor, at=now, object=row, name=row.key)
        return task


def on() -> QuerySet[Flow]:
    """Return the flows over everybody that are on."""
    return Flow.objects.filter(kind=Flow.Kind.SEGMENTATION, state=Flow.State.ON).exclude(version=None)


def passes_of(row: Flow) -> TaskQuerySet:
    """Return the tasks of all passes through a flow."""
    return Task.objects.filter(kind=TASK, params__flow_id=str(row.pk))


def under_way(row: Flow) -> Task | None:
    """Return the task of a pass by the version that is published, which has not ended; one of an older one ends."""
    version = str(row.version_id)
    return passes_of(row).unfinished().filter(params__version=version).order_by("-created_at").first()


def latest(row: Flow) -> Task | None:
    """Return the task of the pass that began last."""
    return passes_of(row).order_by("-created_at").first()


def told(task: Task) -> list[tuple[str, str]]:
    """Say the parameters of a task in words."""
    return [("Flow", task.params["flow"]), ("Version", str(task.params.get("number", "")))]


def forget_old(*, now: datetime) -> None:
    """Delete passes of long ago, also of flows that are off, or are no more."""
    Task.objects.filter(kind=TASK, finished_at__lt=now - KEPT).delete()


def step(task: Task) -> Step:
    """Decide about a page of people; where the flow is off, or says something else meanwhile, about nobody more."""
    row = _locked(UUID(task.params["flow_id"]))  # nobody publishes while a page goes by what was published before
    if row is None or not _is_on(row):
        return Step(0, is_last=True, message=OFF)
    if str(row.version_id) != task.params["version"]:
        return Step(0, is_last=True, message=OTHER_VERSION)
    now, before = datetime.now(UTC), task.position
    compiled = _compiled(row)
    if compiled is None:
        raise NotNow(UNUSABLE)
    ids = _next(UUID(before.get("after", str(NIL))))
    page = decide(ids, compiled, now=now, is_silent=row.passed_at is None)
    is_last = len(ids) < PAGE and len(page.ids) == len(ids)
    if is_last:
        Flow.objects.filter(pk=row.pk).update(passed_at=now)
        version = FlowVersion.objects.get(pk=task.params["version"])
        sizes.count(needs.segments_decided(version.definition), now=now)
    n_entered, n_left = before.get("entered", 0) + page.n_entered, before.get("left", 0) + page.n_left
    position = {
        "after": str(page.ids[-1]) if page.ids else before.get("after", str(NIL)),
        "entered": n_entered,
        "left": n_left,
        "ways": Counter(before.get("ways", {})) + page.ways,
    }
    return Step(
        len(page.ids),
        is_last=is_last,
        position=position,
        total=None if before else Profile.objects.count(),
        message=f"{n_entered:,} entered, {n_left:,} left",
        failures=page.failures,
    )


def decide(ids: Sequence[UUID], compiled: Compiled, *, now: datetime, is_silent: bool) -> Page:
    """Let people enter segments and leave them as a flow says, in the caller's transaction.

    Those who were merged or erased a moment ago are passed over; of a page that takes too long the rest is left.
    """
    people = subjects.look(ids, now=now)
    outcomes = _walk(people, compiled, now=now)
    open_ids = [id for id, outcome in outcomes.items() if _must_be_held(people[id], outcome)]
    held = subjects.hold(open_ids, now=now)
    for id in open_ids:  # by what they are now that nobody else changes them
        del people[id], outcomes[id]
    people |= held
    outcomes |= _walk(held, compiled, now=now)
    page = Page(list(takewhile(lambda id: id in outcomes or id not in people, ids)))
    for id in page.ids:
        if id in outcomes:
            _note(page, people[id], outcomes[id])
    subjects.write(held.values(), now=now, chains={}, is_silent=is_silent)
    return page


def way(profile: Profile, segments: Collection[str], compiled: Compiled, *, now: datetime) -> Way:
    """Say by which way somebody goes just now; nothing is written."""
    person = Person(profile, segments, current.get(), now=now)
    [outcome] = _walk({profile.pk: person}, compiled, now=now).values()
    problem = _problem(outcome)
    if problem:
        person.stay()
    path = [(str(node), str(port)) for node, port, _ in outcome.state.path]
    return Way(path, sorted(person.entered), sorted(person.left), problem)


def ways_of(profile: Profile, segments: Collection[str], *, most: int, now: datetime) -> Iterator[tuple[Flow, Way]]:
    """Yield the flows over everybody that are on, so many at most, each with the way that somebody goes just now."""
    for row in on().select_related("version").order_by("name")[:most]:
        if compiled := _compiled(row):
            yield row, way(profile, segments, compiled, now=now)


def _locked(flow_id: UUID) -> Flow | None:
    return Flow.objects.select_for_update(no_key=True).filter(pk=flow_id).first()


def _is_on(row: Flow) -> bool:
    return row.state == Flow.State.ON and row.version_id is not None


def _is_due(row: Flow, now: datetime) -> bool:
    return row.next_pass_at is None or row.next_pass_at <= now


def _compiled(row: Flow) -> Compiled | None:
    """Return what is published, as the engine walks it; None where that cannot be, or it has more than decisions."""
    assert row.version_id
    found = versions.compiled([row.version_id]).get(row.version_id)
    return found if found and not why_unfit(found) else None


def why_unfit(compiled: Compiled) -> str:
    """Name a node that does more than to decide: its kind does so since it was published; empty where there is none."""
    unfit = (spot.id for spot in compiled.spots.values() if not everybody.fits(kinds[spot.kind]))
    return next((f"the node {id} does more than to decide." for id in unfit), "")


def _begin(row: Flow, *, requested_by: str, now: datetime) -> Task | None:
    """Begin a pass of a flow whose row is held; None for what cannot be used."""
    compiled = _compiled(row)
    if compiled is None:
        return None
    row.next_pass_at = now + compiled.pass_every
    row.save(update_fields=["next_pass_at"])
    params = {"flow": row.name, "flow_id": str(row.pk), "version": str(row.version_id), "number": compiled.number}
    return start_task(TASK, params=params, requested_by=requested_by)


def _next(after: UUID) -> list[UUID]:
    found = Profile.objects.filter(id__gt=after).order_by("id")
    return list(found.values_list("id", flat=True)[:PAGE])


def _walk(people: Mapping[UUID, Person], compiled: Compiled, *, now: datetime) -> dict[UUID, Outcome]:
    """Let each go through the flow, in memory; those whom the time did not suffice for are left out.

    What they draw comes out the same each time: they go by a run that is nobody's but theirs, and always the same.
    """
    batch = Batch(now, {}, people=dict(people))
    assert compiled.flow_id
    assert compiled.version_id
    common = {"flow_id": compiled.flow_id, "version_id": compiled.version_id, "started_at": now}

    def begun(id: UUID, person: Person) -> Traveller:
        run = new(Run, id=digest(TASK, str(compiled.flow_id), str(id)), profile_id=id, **common)
        return Traveller(run, compiled, person, state.fresh(compiled.start.id, began=now))

    walked = walking.walk(batch, (begun(id, person) for id, person in people.items()), Looking())
    return {run.profile_id: outcome for run, outcome in walked if run.profile_id}


def _must_be_held(person: Person, outcome: Outcome) -> bool:
    """Tell whether something would come of it, or whether to look did not say that."""
    return outcome.ending is None or (person.has_moved and not _problem(outcome))


def _problem(outcome: Outcome) -> str:
    """Say why nothing comes of the way that somebody went; empty where they came to an end."""
    if outcome.ending is None:
        return TOO_LONG
    is_finished = outcome.ending.status is Run.Status.FINISHED
    return "" if is_finished else outcome.ending.reason or outcome.ending.status.label


def _told(outcome: Outcome, problem: str) -> str:
    """Say why nothing came of it without what a node says of the person: of one that is an end only where it is."""
    spot = outcome.compiled.spots.get(outcome.place)
    is_said = spot is not None and spot.kind in kinds and kinds[spot.kind].is_end
    return f"Node {outcome.place}: their way ends there as a failure." if is_said else problem


def _note(page: Page, person: Person, outcome: Outcome) -> None:
    problem = _problem(outcome)
    if problem:
        person.stay()
        page.failures.append(Failure(str(person.profile_id), _told(outcome, problem)))
    page.ways.update(f"{node}.{port}" for node, port in outcome.counts if port)
    page.n_entered += len(person.entered)
    page.n_left += len(person.left)
