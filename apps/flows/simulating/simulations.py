"""Simulations are begun, carried on page by page, told, and forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from apps.bridges.models import Connection
from apps.conditions.type_names import event_types
from apps.core.ids import NIL
from apps.core.jobs import start_task
from apps.core.mistakes import DefinitionError
from apps.core.models import Task
from apps.core.tasks import Step
from apps.flows.changing import publishing
from apps.flows.changing.publishing import NotNow, refuse_while_deleted
from apps.flows.definition.awaiting import awaited
from apps.flows.engine.graph import Compiled
from apps.flows.models import Flow, Simulation, SimulationSample, Wait
from apps.flows.simulating import starts, stored_people
from apps.flows.simulating.counts import Counts
from apps.flows.simulating.past_answers import Answers
from apps.flows.simulating.person_story import Setting, Story
from apps.flows.simulating.starts import Triggers
from apps.flows.simulating.stored_people import Page, Place, Wanted
from apps.flows.trying import pinning, trials
from apps.profiles.models import Profile

TASK: Final = "flow_simulation"
MAX_DAYS: Final = 1_100
MAX_PEOPLE: Final = 100_000  # unless somebody says otherwise
MOST_PEOPLE: Final = 1_000_000
MAX_RUNS: Final = 100_000
MOST_UNDER_WAY: Final = 3  # of a flow
KEPT: Final = timedelta(days=30)
STEP_SECS: Final = 2.0  # whoever cancels waits for so long
# Parts into which people are drawn by chance: where there are too many runs, it ends behind one.
STRATA: Final = (16, 256)
PEOPLE_OF_STRATUM: Final = 1_000
_READ_ONLY: Final = "SET TRANSACTION READ ONLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is to be simulated, and over what."""

    days: int
    document: Mapping[str, Any] | None = None  # null: the draft
    pins: Sequence[Mapping[str, Any]] = ()
    seed: int = 0
    max_people: int = MAX_PEOPLE


def begin(flow: Flow, terms: Terms, *, by: str, now: datetime) -> Simulation:
    """Let a definition of a flow be run over the last days; by a task.

    Raises Problems for a definition that cannot be compiled, DefinitionError for a flow over everybody, and for pins
    of nodes that there are not, and NotNow where enough are under way, or it is being deleted.
    """
    if flow.kind == Flow.Kind.SEGMENTATION:
        raise DefinitionError("flow", "A flow over everybody lets nobody enter: there is nothing to simulate.")
    document, pins = flow.draft if terms.document is None else terms.document, list(terms.pins)
    with transaction.atomic():  # what is compiled may be made, such as the connection of an address
        _compiled(flow, document, pins)
        transaction.set_rollback(True)
    params = {"flow": flow.name, "flow_id": str(flow.pk), "days": terms.days}
    with transaction.atomic():
        refuse_while_deleted(publishing.locked(flow.pk))  # who asks at the same time is counted, too
        _refuse_too_many(flow)
        return Simulation.objects.create(
            flow=flow,
            task=start_task(TASK, params=params, requested_by=by),
            definition=document,
            draft_revision=flow.draft_revision if terms.document is None else None,
            pins=pins,
            since=now - timedelta(days=terms.days),
            until=now,
            days=terms.days,
            seed=terms.seed,
            max_people=terms.max_people,
            created_at=now,
        )


def _refuse_too_many(flow: Flow) -> None:
    if flow.simulations.filter(task__state__in=Task.UNFINISHED).count() >= MOST_UNDER_WAY:
        raise NotNow(f"{MOST_UNDER_WAY} simulations of {flow.name} are under way: wait for one of them, or stop it.")


def forget_old(*, now: datetime) -> int:
    """Delete simulations that are too old, with their samples."""
    found = Simulation.objects.filter(created_at__lt=now - KEPT)
    number = found.count()
    found.delete()
    return number


def told(task: Task) -> list[tuple[str, str]]:
    """Say the parameters of a task in words."""
    return [("Flow", task.params["flow"]), ("Days", str(task.params["days"]))]


def step(task: Task) -> Step:
    """Go through some pages of people; of what is done meanwhile the counts and the samples are all that stays."""
    row = Simulation.objects.select_related("flow").filter(task=task).first()
    if row is None:
        return Step(0, is_last=True, message="The simulation is no more.")
    counts, place = Counts.read(row.counts), _place(task.position)
    n_before = counts.n_looked_at
    with transaction.atomic():
        setting, triggers = _prepared(row, counts)
        with connection.cursor() as cursor:
            cursor.execute(_READ_ONLY)  # whatever nodes do
        next_place = _go_through(row, setting, triggers, place)
        transaction.set_rollback(True)
    _keep(row, setting)
    n_done = counts.n_looked_at - n_before
    position = {"stratum": next_place.stratum, "after": str(next_place.after)} if next_place else {}
    message = f"{counts.n_entered:,} entered"
    return Step(n_done, is_last=next_place is None, position=position, total=_total(row, counts), message=message)


def _place(position: Mapping[str, Any]) -> Place | None:
    return Place(position["stratum"], UUID(position["after"])) if position else None


def _prepared(row: Simulation, counts: Counts) -> tuple[Setting, Triggers]:
    compiled = _compiled(row.flow, row.definition, row.pins)
    connections = {id: (kind, name) for id, kind, name in Connection.objects.values_list("pk", "kind", "name")}
    setting = Setting(compiled, row.until, row.seed, counts, connections)
    return setting, starts.triggers_of(compiled, since=row.since, until=row.until)


def _compiled(flow: Flow, document: Mapping[str, Any], pins: list[Any]) -> Compiled:
    return pinning.compiled(flow, document, None, trials.read({"pins": pins}))


def _go_through(row: Simulation, setting: Setting, triggers: Triggers, place: Place | None) -> Place | None:
    """Go through people for a while, and return where the next step begins; None once it is over."""
    counts, until = setting.counts, perf_counter() + STEP_SECS
    if place is None:
        counts.n_people_all = stored_people.count_people()
        _tell_nobody(row, setting, triggers)
        place = Place(0, NIL)
    n_strata, n_read = _strata(row, counts)
    wanted, drawn = _wanted(row, triggers), {"n_strata": n_strata, "n_read": n_read, "offset": row.seed}
    while True:
        page = stored_people.page(place, wanted, **drawn, most=stored_people.PEOPLE)
        n_told = _tell(page, row, setting, triggers, until=until)
        counts.n_looked_at += n_told
        if n_told < len(page.looked_at):
            return Place(place.stratum, page.looked_at[n_told - 1])
        is_full = counts.n_entered >= MAX_RUNS
        if page.place is None or (is_full and page.place.after == NIL):
            counts.is_stopped = page.place is not None or n_read < n_strata
            return None
        place = page.place
        if perf_counter() >= until:
            return place


def _strata(row: Simulation, counts: Counts) -> tuple[int, int]:
    """Say into how many parts people are drawn, and how many of these are gone through."""
    least, most = STRATA
    n_read = min(max(counts.n_people_all // PEOPLE_OF_STRATUM, least), most)
    return n_read * max(1, -(-counts.n_people_all // row.max_people)), n_read


def _wanted(row: Simulation, triggers: Triggers) -> Wanted:
    types = awaited(row.definition)
    return Wanted(
        since=row.since,
        until=row.until,
        types=None if Wait.ANYTHING in types else {*event_types(types), *triggers.types},
        begins=set(triggers.index.by_type),
        reads_everybody=triggers.reads_everybody,
    )


def _tell(page: Page, row: Simulation, setting: Setting, triggers: Triggers, *, until: float) -> int:
    """Go through the people of a page, or the first of them, as the time goes, and return how many."""
    counts = setting.counts
    answers = Answers(setting.compiled, counts, list(page.known), since=row.since, until=row.until)
    counts.noted["session"] += len(page.sessions)
    for place, id in enumerate(page.looked_at):
        if place and perf_counter() >= until:
            return place
        known, events = page.known.get(id), page.events.get(id, [])
        if known is None:
            continue
        counts.n_events += len(events)
        counts.noted["history"] += sum(event.is_silent for event in events)
        counts.noted["many_events"] += id in page.cut
        moments = starts.moments_of(triggers, known, events)
        if moments:
            counts.n_people += 1
            Story(setting, answers, known, page.sessions).tell(moments)
    return len(page.looked_at)


def _tell_nobody(row: Simulation, setting: Setting, triggers: Triggers) -> None:
    """Go through the runs without a person that schedules begin."""
    moments = starts.of_nobody(triggers)
    if moments:
        answers = Answers(setting.compiled, setting.counts, [], since=row.since, until=row.until)
        Story(setting, answers, None, {}).tell(moments)


def _keep(row: Simulation, setting: Setting) -> None:
    """Write what was counted, and the samples: of nobody who was erased meanwhile."""
    row.counts = setting.counts.write()
    row.save(update_fields=["counts"])
    ids = list({each.profile_id for each in setting.samples})
    if not ids:
        return
    living = {profile.pk for profile in Profile.objects.only("id").locked(ids)}
    for sample in setting.samples:
        sample.simulation = row
    SimulationSample.objects.bulk_create([each for each in setting.samples if each.profile_id in living])


def _total(row: Simulation, counts: Counts) -> int:
    n_strata, n_read = _strata(row, counts)
    return -(-counts.n_people_all * n_read // n_strata)
