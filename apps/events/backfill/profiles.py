"""The task that copies stored events to profiles: it lists whom they are about, then goes through these people.

Each step is a transaction that holds its people's rows. Whatever it does twice changes nothing, so that it does not
matter who goes on after a crash, nor who is merged meanwhile. What arrives after its start is the pipeline's.
"""

from typing import Final
from uuid import UUID

from django.utils import timezone

from apps.core.ids import NIL
from apps.core.models import Task
from apps.core.task_journal import Failure
from apps.core.tasks import Step
from apps.core.upsert import update
from apps.events.backfill import holds, images, people
from apps.events.backfill.again import COLUMNS, Change, Problem, copy
from apps.events.backfill.selection import PROFILES, Mode, Selection
from apps.profiles import dirty, ledger
from apps.profiles.models import Profile

LISTED: Final = 50_000  # events of a page of the list, those of the type that are not asked for among them
EVENTS: Final = 1_000  # of a page of people


def step(task: Task) -> Step:
    """List the people of one page of events, or copy the events of one page of people."""
    selection = Selection.of(PROFILES, task.params)
    holds.hold(task, selection.holds)
    return _copy(task, selection) if task.position.get("is_listed") else _list(task, selection)


def _list(task: Task, selection: Selection) -> Step:
    before, at = task.position, task.created_at
    after = UUID(before.get("after", str(NIL)))
    end = selection.reach(LISTED, after=after, at=at)
    events = selection.events(at=at).filter(id__gt=after)
    listed = people.list_people(task.pk, events.filter(id__lte=end) if end else events)
    position = {
        "n_events": before.get("n_events", 0) + listed.n_events,
        "n_people": before.get("n_people", 0) + listed.n_people,
        "after": str(end or after),
        "is_listed": end is None,
    }
    found = f"{position['n_events']:,} events of {position['n_people']:,} people"
    if not position["is_listed"]:
        return Step(0, is_last=False, position=position, message=f"Looking for events: {found} so far")
    total = position["n_events"]
    return Step(0, is_last=False, position=position, total=total, message=found, log=[f"Found {found}."])


def _copy(task: Task, selection: Selection) -> Step:
    counts = {name: task.position.get(name, 0) for name in ("n_events", "n_people", "n_changed", "n_fields")}
    try:
        page = people.next_page(
            task.pk,
            selection.events(at=task.created_at),
            position=task.position.get("page", {}),
            n_events=task.page(EVENTS),
        )
    except ledger.Moved:  # they are being merged just now
        return Step(0, is_last=False, position=task.position)
    changes, problems = _apply(task, selection, page)
    people.take_off(task.pk, page.done)
    counts["n_changed"] += len(changes)
    counts["n_fields"] += sum(map(len, changes.values()))
    if page.is_last:
        holds.release(task.pk)
    told = f"{counts['n_fields']:,} fields changed, of {counts['n_changed']:,} people"
    return Step(
        len(page.events),
        is_last=page.is_last,
        position={**counts, "is_listed": True, "page": page.position},
        message=told,
        log=[f"{told}."] if page.is_last else [],
        failures=[Failure(f"event {each.event_id}", f"{each.path}: {each.reason}") for each in problems],
    )


def _apply(task: Task, selection: Selection, page: people.Page) -> tuple[dict[UUID, list[Change]], list[Problem]]:
    rules = selection.rules()
    touched = {} if selection.mode == Mode.NEWEST else images.touched(task.pk, page.own)
    open_to: dict[UUID, set[str]] = {}
    for raw_id, names in touched.items():
        open_to.setdefault(page.own[raw_id], set()).update(names)
    changes: dict[UUID, list[Change]] = {}
    problems: list[Problem] = []
    changed: list[Profile] = []
    for profile, events in page.by_person():
        own = frozenset(open_to.get(profile.id, ()))
        copied = copy(profile, events, rules, mode=selection.mode, touched=own)
        problems += copied.problems
        if copied.changes:
            changes[profile.id] = copied.changes
            profile.summarise()
            profile.updated_at = profile.later(timezone.now())
            changed.append(profile)
    update(Profile, changed, COLUMNS)
    images.keep(task.pk, changes)
    dirty.mark(changes)
    return changes, problems
