"""Computed traits in the background: what changed is counted anew from stored events, windows slide, scores are given.

One kind of task does all of it in pages, each a transaction that holds the rows of its profiles. What is left to do can
be seen from the profiles themselves, so it does not matter who goes on after a crash, or what happened in between.

A profile with very many events is counted before its row is held, up to the time of its last change, and only what was
stored since while it is: whoever stores an event changes the row, and times of storing are later than all before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate, takewhile
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.core import keyset
from apps.core.ids import NIL
from apps.core.models import Task
from apps.core.tasks import Step
from apps.core.upsert import update
from apps.events.computed_traits.counter import Counter
from apps.events.computed_traits.definitions import Definitions
from apps.events.computed_traits.definitions import read as read_definitions
from apps.events.models import ComputedTrait, Event
from apps.profiles import computed, dirty, ledger, observing, scores
from apps.profiles.aggregates import States
from apps.profiles.models import Profile, ProfileQuerySet, ScoreScale

KIND: Final = "computed-traits"
MAX_PROFILES: Final = 500  # of a page
# Nobody can write to a page's profiles while so many events are counted; of one that has more, most are counted before.
MAX_EVENTS: Final = 5_000
_PAGE: Final = 10_000  # events in memory at a time
COLUMNS: Final = ("computed_states", "computed", "computed_version", "computed_until")


def step(task: Task) -> Step:
    """Work on one page: of profiles that wait to be counted, then of those whose values are old, then of scores."""
    now = timezone.now()
    definitions = read_definitions()
    total = task.total if task.total is not None else stale(definitions).count() + due(now=now).count()
    n_done = recount_page(definitions, now=now) or refresh_page(now=now)
    if n_done:
        return Step(n_done, is_last=False, position=task.position, total=total, message="Counting events")
    return _score_page(task, now=now)


def is_needed(*, now: datetime) -> bool:
    """Tell whether there is anything for the task to do; scores are given once a day."""
    traits = ComputedTrait.objects.filter(is_enabled=True, function=scores.FUNCTION)
    scaled = ScoreScale.objects.filter(made_at__gte=datetime.combine(_day(now), datetime.min.time(), UTC))
    return (
        stale(read_definitions()).exists()
        or due(now=now).exists()
        or traits.exclude(key__in=scaled.values("trait")).exists()
    )


def stale(definitions: Definitions) -> ProfileQuerySet:
    """Return the profiles that have yet to be counted for a definition that changed."""
    return Profile.objects.filter(computed_version__lt=definitions.version)


def due(*, now: datetime) -> ProfileQuerySet:
    """Return the profiles of which events have left a window since their values were made."""
    return Profile.objects.filter(computed_until__lte=_day(now))


def recount_page(definitions: Definitions, *, now: datetime) -> int:
    """Count the stored events of some profiles that wait for it, and return their number: 0 when none is left.

    The profiles stay locked until the caller's transaction ends.
    """
    waiting = stale(definitions)
    picked = list(waiting.order_by("computed_version").values_list("id", "event_count")[:MAX_PROFILES])
    n_events = accumulate(count for _, count in picked)
    n_taken = max(1, sum(1 for _ in takewhile(lambda total: total <= MAX_EVENTS, n_events)))
    ids = [profile_id for profile_id, _ in picked[:n_taken]]
    ahead = _count_ahead(ids[0], definitions, now=now) if picked and picked[0][1] > MAX_EVENTS else None
    rows = list(waiting.locked(ids).only("id", *COLUMNS))
    before = _said(rows)
    recount(rows, definitions, now=now, ahead=ahead)
    _store(rows, before)
    return len(ids)


@dataclass(slots=True)
class Ahead:
    """What was counted of a profile's events before its row was held, and what has to be so still when it is."""

    profile_id: UUID
    version: int
    raw_ids: set[UUID]
    until: datetime  # events that were stored later are not in it
    n_events: int
    states: States


def _count_ahead(profile_id: UUID, definitions: Definitions, *, now: datetime) -> Ahead | None:
    """Count what is stored of a profile, and hold nothing; None when it is no more."""
    found = Profile.objects.filter(pk=profile_id).values_list("computed_version", "updated_at").first()
    if found is None:
        return None
    ahead = Ahead(profile_id, found[0], set(ledger.raw_ids([profile_id])), found[1], 0, {})
    changed = definitions.after(ahead.version)
    events = _countable(changed, today=_day(now)).filter(ledger.belonging_to(profile_id))
    ahead.n_events = _count(
        events.filter(processed_at__lte=ahead.until), changed, _always(ahead.states), today=_day(now)
    )
    return ahead


def _catches_up(ahead: Ahead, profile: Profile, changed: Definitions, *, now: datetime) -> bool:
    """Count what was stored since, and tell whether that is all: not when events came or went in another way.

    They do so when profiles merge or part, and when somebody becomes anonymous.
    """
    if profile.computed_version != ahead.version or set(ledger.raw_ids([profile.id])) != ahead.raw_ids:
        return False
    events = _countable(changed, today=_day(now)).filter(ledger.belonging_to(profile.id))
    is_later = Q(processed_at__gt=ahead.until)
    numbers = events.aggregate(before=Count("id", filter=~is_later), later=Count("id", filter=is_later))
    if numbers["before"] != ahead.n_events:
        return False
    if numbers["later"]:
        _count(events.filter(is_later), changed, _always(ahead.states), today=_day(now))
    return True


def recount(
    profiles: Iterable[Profile], definitions: Definitions, *, now: datetime, ahead: Ahead | None = None
) -> None:
    """Complete the states of profiles, whose rows the caller holds, and let their values be those of today.

    What changed after a profile's version is counted from its stored events; the rest is complete already, and may
    hold more than is still stored.
    """
    by_version: dict[int, list[Profile]] = {}
    for profile in profiles:
        by_version.setdefault(profile.computed_version, []).append(profile)
    for version, group in by_version.items():
        changed = definitions.after(version)
        if ahead and ahead.profile_id == group[0].id and _catches_up(ahead, group[0], changed, now=now):
            counted = {ahead.profile_id: ahead.states}
        else:
            counted = count_stored([profile.id for profile in group], changed, now=now)
        kept = {trait.key for trait in definitions.traits} - {trait.key for trait in changed.traits}
        for profile in group:
            complete = {key: state for key, state in profile.computed_states.items() if key in kept}
            profile.computed_states = complete | counted[profile.id]
            profile.computed_version = definitions.version
            computed.refresh(profile, today=_day(now))


def count_stored(profile_ids: Sequence[UUID], definitions: Definitions, *, now: datetime) -> dict[UUID, States]:
    """Count the stored events of profiles: in one query, and one more for each of them whose events are being moved."""
    today = _day(now)
    found: dict[UUID, States] = {profile_id: {} for profile_id in profile_ids}
    moving = ledger.unmoved(profile_ids)
    events = _countable(definitions, today=today)
    _count(events.filter(profile_id__in=found.keys() - moving), definitions, found.__getitem__, today=today)
    for one in moving:
        _count(events.filter(ledger.belonging_to(one)), definitions, _always(found[one]), today=today)
    return found


def _count(
    events: QuerySet[Event], definitions: Definitions, states_of: Callable[[UUID], States], *, today: date
) -> int:
    """Count events for those under whose ids they lie, and return their number."""
    counter, n_events = Counter(definitions, today=today), 0
    rows = events.values_list("profile_id", "id", "time", "type", *definitions.roots)
    for profile_id, event_id, time, *rest in keyset.rows(rows, "profile_id", "time", "id", size=_PAGE):
        event = dict(zip(("type", *definitions.roots), rest, strict=True))
        counter.count(states_of(profile_id), event, time=time, event_id=event_id, version=definitions.version)
        n_events += 1
    return n_events


def _always(states: States) -> Callable[[UUID], States]:
    """Let events count for one profile, under whose id they may not lie yet."""
    return lambda _: states


def _countable(definitions: Definitions, *, today: date) -> QuerySet[Event]:
    events = Event.objects.filter(is_valid=True)
    if definitions.event_types is not None:
        events = events.filter(type__in=definitions.event_types)
    since = definitions.first_day(today=today)
    if since:
        events = events.filter(time__gte=datetime.fromisoformat(since).replace(tzinfo=UTC))
    return events


def refresh_page(*, now: datetime) -> int:
    """Let the windows of some profiles slide on, and return their number, as `recount_page` does."""
    waiting = due(now=now)
    ids = list(waiting.order_by("computed_until").values_list("id", flat=True)[:MAX_PROFILES])
    rows = list(waiting.locked(ids).only("id", *COLUMNS))
    before, seen = _said(rows), observing.see(rows, now=now, roots=["computed"])
    for profile in rows:
        computed.refresh(profile, today=_day(now))
    _store(rows, before)
    observing.tell(seen, now=now)
    return len(ids)


def _score_page(task: Task, *, now: datetime) -> Step:
    """Give scores: first look at everybody, then note what that means for each, page after page."""
    keys = list(ComputedTrait.objects.filter(is_enabled=True, function=scores.FUNCTION).values_list("key", flat=True))
    if not keys:
        return Step(0, is_last=True, message="All is up to date")
    if not task.position:
        n_profiles = sum(scores.rescale(key, at=now) for key in keys)
        return Step(0, is_last=False, position={"after": str(NIL)}, total=task.progress + n_profiles)
    scored = Profile.objects.filter(computed__has_any_keys=keys, id__gt=task.position["after"])
    ids = list(scored.order_by("id").values_list("id", flat=True)[:MAX_PROFILES])
    rows = list(Profile.objects.all().locked(ids).only("id", *COLUMNS))
    before = _said(rows)
    _store([profile for profile in rows if computed.refresh(profile, today=_day(now))], before)
    if not ids:
        return Step(0, is_last=True, message="All is up to date")
    return Step(len(ids), is_last=False, position={"after": str(ids[-1])}, message="Giving scores")


def _said(rows: Iterable[Profile]) -> dict[UUID, dict[str, Any]]:
    return {row.id: row.computed for row in rows}


def _store(rows: Sequence[Profile], before: dict[UUID, dict[str, Any]]) -> None:
    """Write profiles; those of whom something else is said now are to be looked at by what follows them."""
    update(Profile, rows, COLUMNS)
    dirty.mark(row.id for row in rows if row.computed != before[row.id])


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
