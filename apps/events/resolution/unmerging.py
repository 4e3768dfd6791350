"""A merge is undone: both profiles are again what they would be without it, later events included.

What each profile was is in the ledger; what came since is in the events, and goes to the profile whose raw id it came
with. `ledger.plan` says from which parts to begin. Two things are not in events: what a person set by hand goes to the
profile that was kept, and what the pipeline itself found out (place, time zone, languages) to whom it was found out by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from apps.core import audit, keyset, paths
from apps.core.audit import Actor
from apps.core.upsert import upsert
from apps.events import internal, platform_events
from apps.events.computed_traits import definitions
from apps.events.computed_traits.counter import Counter
from apps.events.event_types import applying
from apps.events.event_types.copying import Said
from apps.events.event_types.rules import EventRules
from apps.events.models import Event
from apps.profiles import computed, dirty, ledger, merging
from apps.profiles.identifiers import identifier_id
from apps.profiles.identity import Directory
from apps.profiles.leads import Found
from apps.profiles.ledger import Part, Plan
from apps.profiles.models import Alias, Identifier, Merge, Profile, Reason

MAX_TRIES = 5
_PAGE = 20_000  # events in memory at a time: no index has this order, so that each page reads all of them


class CannotUndo(Exception):
    """A merge cannot be undone; the text says why."""


class _Changed(Exception):
    """Somebody merged, or undid, while we were at it."""


@dataclass(slots=True)
class _Side:
    """A part on its way to be a profile again."""

    part: Part
    profile: Profile
    setters: set[str] = field(default_factory=set)  # of it, events and flows, that set a field of the whole


def undo(merge_id: UUID, *, actor: Actor, rules: Mapping[str, EventRules], now: datetime) -> tuple[UUID, UUID]:
    """Undo a merge, and return the ids under which the profile that was kept, and the other, live now.

    Most of what came since is gone through before anything is locked; those who track these people wait only for what
    came during that. Raises CannotUndo, with the reason.
    """
    for _ in range(MAX_TRIES):
        try:
            return _undo(merge_id, actor=actor, rules=rules, now=now)
        except (_Changed, ledger.Moved):
            continue
    raise CannotUndo("Others keep merging these profiles; try again in a moment.")


def _undo(merge_id: UUID, *, actor: Actor, rules: Mapping[str, EventRules], now: datetime) -> tuple[UUID, UUID]:
    cut, whole = _look(merge_id)
    plan = ledger.plan(cut, ledger.merges_of(whole.id))
    sides = [_Side(part, merging.profile_of(part.image)) for part in plan.parts]
    counter = Counter(definitions.read(), today=now.astimezone(UTC).date())
    for side in sides:
        computed.begin(side.profile, version=counter.definitions.version, today=counter.today)
    seen_until = whole.updated_at
    _replay(sides, whole, rules, counter, after=None, until=seen_until)
    with transaction.atomic():
        locked = ledger.locked([cut.kept_via]).get(cut.kept_via)
        again = ledger.plan(cut, ledger.merges_of(whole.id))
        is_standing = Merge.objects.filter(pk=merge_id, undone_at=None).exists()
        if locked is None or locked != whole or not is_standing or again.again != plan.again:
            raise _Changed
        _replay(sides, locked, rules, counter, after=seen_until, until=locked.updated_at)
        for side in sides:
            computed.refresh(side.profile, today=counter.today)
        _share(sides, locked)
        at = locked.later(now)
        directory = _separate(sides, locked, at=at)
        _merge_again(directory, plan, at=at)
        _store(directory, cut, plan, actor=actor.key, at=at)
        parts = {raw_id: directory.living_id(raw_id) for side in sides for raw_id in side.part.raw_ids}
        for returner in ledger.returners.values():
            returner(locked.id, parts)
        audit.record("undone", actor=actor, at=now, object=cut)
    return directory.living_id(cut.kept_via), directory.living_id(cut.merged_via)


def _look(merge_id: UUID) -> tuple[Merge, Profile]:
    cut = Merge.objects.filter(pk=merge_id).first()
    if cut is None or cut.undone_at is not None:
        raise CannotUndo("This merge has been undone already.")
    whole = Profile.objects.filter(pk=ledger.living_id(cut.kept_via)).first()
    if whole is None:
        raise CannotUndo("The profile is no more.")
    return cut, whole


def _replay(
    sides: list[_Side],
    whole: Profile,
    rules: Mapping[str, EventRules],
    counter: Counter,
    *,
    after: datetime | None,
    until: datetime,
) -> None:
    """Let the events that were stored in a period happen to the side that they belong to, in their order.

    `processed_at` tells their order: of one profile's, that of storing them (see identity.later_than_all).
    """
    owner = {raw_id: side for side in sides for raw_id in side.part.raw_ids}
    wanted = {setter for _, setter, *_ in whole.provenance.values()}
    for event in _events(
        owner, after=after or min(side.part.since for side in sides), is_new=after is None, until=until
    ):
        assert event.original_profile_id is not None
        side = owner[event.original_profile_id]
        if event.processed_at < side.part.since:
            continue
        _note(side.profile, event)
        said = Said(event.properties, event.traits, event.time, event.id, source=str(event.source_id))
        applying.apply(side.profile, event.type, said, rules.get(event.type), is_valid=event.is_valid)
        if event.is_valid:
            _count(side.profile, event, counter)
        if str(event.id) in wanted:
            side.setters.add(str(event.id))


def _note(profile: Profile, event: Event) -> None:
    """Note when a visit began, and when somebody was active: as the pipeline does, by our own clock."""
    if platform_events.starts_visit(event.type, event.properties):
        profile.start_visit(at=platform_events.caused_at(event.type, event.time))
    if event.source_id != internal.SOURCE_ID and event.type not in platform_events.types():
        profile.be_active(at=event.time if event.is_silent else event.received_at)


def _count(profile: Profile, event: Event, counter: Counter) -> None:
    """Let computed traits count; those that changed since the profile was merged are left to the background."""
    parts = {root: getattr(event, root) for root in counter.definitions.roots}
    counter.count(
        profile.computed_states,
        {"type": event.type, **parts},
        time=event.time,
        event_id=event.id,
        version=profile.computed_version,
    )


def _events(owner: Mapping[UUID, _Side], *, after: datetime, is_new: bool, until: datetime) -> Iterator[Event]:
    places = owner.keys() | ledger.unmoved_places(owner.keys())
    stored = Event.objects.filter(profile_id__in=places, original_profile_id__in=owner.keys())
    stored = stored.filter(processed_at__gte=after) if is_new else stored.filter(processed_at__gt=after)
    stored = stored.filter(processed_at__lte=until).defer("tags", "problems")
    return keyset.rows(stored, "processed_at", "id", size=_PAGE)


def _share(sides: list[_Side], whole: Profile) -> None:
    """Give each side what is in no event: what was found out by its events, what people set, its names elsewhere."""
    counts = dict(
        Identifier.objects.filter(profile_id__in=[raw_id for side in sides for raw_id in side.part.raw_ids])
        .values_list("profile_id")
        .annotate(n=Count("id"))
    )
    user = Identifier.objects.filter(id=identifier_id(Identifier.Kind.USER, whole.primary_id or "")).first()
    by_hand = _not_said_of_one(sides, whole)
    for side in sides:
        row = side.profile
        row.identifier_count = sum(counts.get(raw_id, 0) for raw_id in side.part.raw_ids)
        if user and user.profile_id in side.part.raw_ids and not row.primary_id:
            row.primary_id = whole.primary_id
        _copy_what_is_due(side, whole, by_hand if side is sides[0] else set())
        row.summarise()


def _not_said_of_one(sides: list[_Side], whole: Profile) -> set[str]:
    """Note who set fields of one side, as flows do, and return who set them of nobody else than the whole."""
    owners = {raw_id: side for side in sides for raw_id in side.part.raw_ids}
    setters = {said[1] for said in whole.provenance.values()}
    for sayer in ledger.sayers.values():
        for setter, raw_id in sayer(setters).items():
            if raw_id in owners:
                owners[raw_id].setters.add(setter)
    return setters.difference(*(side.setters for side in sides))


def _copy_what_is_due(side: _Side, whole: Profile, by_hand: set[str]) -> None:
    """Copy what was said of a side; whoever is among `by_hand`, and no event, said it of this one, too."""
    row = side.profile
    for name, said in whole.provenance.items():
        if name == "primary_id" and row.primary_id != whole.primary_id:
            continue
        if _is_due(side, said, row.provenance.get(name), by_hand):
            _copy_field(paths.parse(name), whole, row)
            row.provenance[name] = said


def _is_due(side: _Side, said: list[str], known: list[str] | None, by_hand: set[str]) -> bool:
    is_by_hand = ":" in said[1] and datetime.fromisoformat(said[0]) >= side.part.since
    is_its_own = said[1] in side.setters or (is_by_hand and said[1] in by_hand)
    return is_its_own and (known is None or known[0] < said[0])


def _copy_field(path: paths.Path, whole: Profile, row: Profile) -> None:
    trees = merging.image_of(row)
    value = paths.get(merging.image_of(whole), path)
    if value is not paths.MISSING and len(path) > 1:
        paths.put(trees, path, value)
    elif path == merging.COUNTRY:
        row.country = value


def _separate(sides: list[_Side], whole: Profile, *, at: datetime) -> Directory:
    """Let all ids lead to the sides that they belong to."""
    directory = Directory(profiles={side.profile.id: side.profile for side in sides})
    owner = {raw_id: side.profile.id for side in sides for raw_id in side.part.raw_ids}
    for alias in Alias.objects.filter(profile_id=whole.id):
        alias.profile_id = owner[alias.origin_id]
        directory.aliases[alias.id] = alias
    for side in sides:
        side.profile.updated_at = at
        directory.aliases.pop(side.profile.id, None)
    for raw_id, living_id in owner.items():
        if raw_id != living_id and raw_id not in directory.aliases:  # the whole itself, where it went by another id
            directory.aliases[raw_id] = Alias(id=raw_id, profile_id=living_id, origin_id=raw_id, created_at=at)
    return directory


def _merge_again(directory: Directory, plan: Plan, *, at: datetime) -> None:
    for merge in plan.again:
        one, other = (
            Found(directory.profiles[directory.living_id(raw_id)], raw_id)
            for raw_id in (merge.kept_via, merge.merged_via)
        )
        standing = {name: UUID(raw_id) for name, raw_id in merge.standing.items()}
        directory.merge(one, other, reason=Reason.AGAIN, now=at, standing=standing)
        row = directory.merges[-1]
        row.identifier_id, row.identifier_kind, row.event_id = (
            merge.identifier_id,
            merge.identifier_kind,
            merge.event_id,
        )
        row.actor = merge.actor


def _store(directory: Directory, cut: Merge, plan: Plan, *, actor: str, at: datetime) -> None:
    upsert(Profile, list(directory.profiles.values()))
    dirty.mark(directory.profiles)
    Alias.objects.filter(id__in=directory.profiles.keys()).delete()
    upsert(Alias, list(directory.aliases.values()))
    ledger.store(directory.merges)
    Merge.objects.filter(pk=cut.pk).update(undone_at=at, undone_by=actor, moved_at=None)
    replaced = [merge.pk for merge in plan.again]
    Merge.objects.filter(pk__in=replaced).update(undone_at=at, moved_at=at)
