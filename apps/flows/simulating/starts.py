"""What lets people enter, as far as what is stored shows it: events, consents, fields that events set, dates, times."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from apps.core import schedules
from apps.events.event_types import copying, planned
from apps.events.event_types.copying import Said
from apps.events.event_types.rules import EventRules
from apps.flows.definition.parts import DateTrigger, ScheduleTrigger
from apps.flows.engine.graph import Compiled, Value
from apps.flows.moments import named_zone, reading_at
from apps.flows.moments.readings import moment_of
from apps.flows.simulating.known_people import Known
from apps.flows.simulating.stored_people import Stored
from apps.flows.triggers import happened, occasions, turns
from apps.flows.triggers.observed import Change, Kind, Observed
from apps.flows.triggers.occasions import Day, Time
from apps.flows.triggers.starters import Starter
from apps.flows.triggers.trigger_index import Index
from apps.flows.triggers.turns import Rule, Turn
from apps.profiles import consents
from apps.profiles.models import Profile

MAX_TIMES: Final = 1_000  # of a schedule
_UNKNOWN: Final = object()
_DAY: Final = timedelta(days=1)


class Start(NamedTuple):
    """A trigger that is met, as far as type and time say."""

    starter: Starter | None  # of events, and what they change: its condition is still to be judged
    trigger: str
    payload: Any = None


@dataclass(slots=True, eq=False)
class Moment:
    """Something that happens in somebody's story."""

    at: datetime
    order: str  # of several at one time
    event: Mapping[str, Any]
    stored: Stored | None = None  # null: no event, but what takes the place of one
    starts: list[Start] = field(default_factory=list)


@dataclass(frozen=True)
class Triggers:
    """The triggers of a flow, by what is looked at."""

    compiled: Compiled
    index: Index
    fields: tuple[Observed, ...]
    consents: tuple[Observed, ...]
    rules: Mapping[str, EventRules]  # of the types that may set fields which are observed
    dates: tuple[tuple[DateTrigger, Value], ...]  # each with what gives its field
    schedules: tuple[ScheduleTrigger, ...]
    since: datetime
    until: datetime

    @property
    def types(self) -> set[str]:
        """The types of events that are to be read."""
        found = {*self.index.by_type, *self.rules}
        return found | consents.EVENT_TYPES if self.consents else found

    @property
    def reads_everybody(self) -> bool:
        """Tell whether clocks look at people, whatever events there are of them."""
        return bool(self.dates) or any(each.segment for each in self.schedules)


def triggers_of(compiled: Compiled, *, since: datetime, until: datetime) -> Triggers:
    """Sort the triggers of a flow."""
    index = Index([compiled])
    fields = tuple(each for each in index.observed if each.kind is Kind.FIELD)
    return Triggers(
        compiled,
        index,
        fields,
        tuple(each for each in index.observed if each.kind is Kind.CONSENT),
        _setting([each.path for each in fields]),
        tuple(
            (each.part, each.field) for each in compiled.triggers if isinstance(each.part, DateTrigger) and each.field
        ),
        tuple(each.part for each in compiled.triggers if isinstance(each.part, ScheduleTrigger)),
        since,
        until,
    )


def _setting(paths: Collection[str]) -> dict[str, EventRules]:
    """Return the types of events that may set one of these fields."""
    return {type: rules for type, rules in planned.rules().items() if _sets(rules, paths)} if paths else {}


def _sets(rules: EventRules, paths: Iterable[str]) -> bool:
    own = [*(rule.path for rule in (*rules.fields, *rules.percentages)), *(rule.root for rule in rules.named)]
    return any(_meet(path, rule) for path in paths for rule in own)


def _meet(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def moments_of(triggers: Triggers, known: Known, events: list[Stored]) -> list[Moment]:
    """List all that happens to somebody in the period, in the order of time."""
    found = [Moment(each.time, str(each.id), each.snapshot, each) for each in events]
    by_type = triggers.index.by_type
    for moment, event in zip(found, events, strict=True):
        if event.type in by_type:
            moment.starts = [Start(each, each.part.id) for each in by_type[event.type].all if _tells(event, each)]
    if triggers.fields:
        _add_changes(triggers, known, found)
    others = [*_of_consents(triggers, known, found), *_of_clocks(triggers, known)]
    if others:
        found += others
        found.sort(key=lambda each: (each.at, each.order))
    return found


def _tells(event: Stored, starter: Starter) -> bool:
    """Tell whether an event is of the segment of a trigger; what else conditions ask is judged, and counted, later."""
    segment = getattr(starter.part, "segment", None)
    return segment is None or event.properties.get("segment") == segment


def of_nobody(triggers: Triggers) -> list[Moment]:
    """List the times of schedules that begin runs without a person."""
    found = [
        _timed(each, moment)
        for each in triggers.schedules
        if not each.segment
        for moment in times(each.cron, triggers.compiled.zone, triggers.since, triggers.until)
    ]
    return sorted(found, key=lambda each: each.at)


# --- fields


def _add_changes(triggers: Triggers, known: Known, moments: Iterable[Moment]) -> None:
    """Add what events change of what is observed: as the mappings of today copy them, one after the other.

    What the first of them says of somebody whom we knew before is taken for what it was.
    """
    profile = Profile(id=known.profile.id)
    is_new = known.profile.first_seen_at >= triggers.since
    before = [None if is_new else _UNKNOWN for _ in triggers.fields]
    for moment in moments:
        event = moment.stored
        rules = triggers.rules.get(event.type) if event else None
        if event is None or rules is None:
            continue
        said = Said(event.properties, event.traits, event.time, event.id)
        copying.copy(rules, said, document=profile.document, provenance=profile.provenance)
        for place, observed in enumerate(triggers.fields):
            after = observed.read(profile, event.time)
            if before[place] is _UNKNOWN:
                before[place] = _UNKNOWN if after is None else after
            elif after != before[place]:
                change = Change(observed, _plain(before[place]), _plain(after))
                moment.starts += [Start(each, each.part.id, change.document) for each in change.starters()]
                before[place] = after


def _plain(seen: Any) -> Any:
    return seen.decode() if isinstance(seen, bytes) else seen


# --- consents


def _of_consents(triggers: Triggers, known: Known, moments: Iterable[Moment]) -> Iterator[Moment]:
    """Yield what changes the state of a consent, as the ledger has it."""
    by_event = {each.stored.id: each for each in moments if each.stored} if triggers.consents else {}
    for observed in triggers.consents:
        for decision in known.decisions.get(observed.name, ()):
            if not triggers.since <= decision.at <= triggers.until:
                continue
            before = known.consent(observed.name, decision.at - timedelta(microseconds=1))
            after = decision.state(decision.at)
            change = Change(observed, str(before), str(after))
            starts = [Start(each, each.part.id, change.document) for each in change.starters()]
            if before == after or not starts:
                continue
            told = by_event.get(decision.event_id)
            if told is not None and told.at == decision.at:
                told.starts += starts
                continue
            event = happened.made(consents.EVENT_TYPE, at=decision.at, properties={})
            yield Moment(decision.at, str(decision.event_id), event, starts=starts)


# --- clocks


def _of_clocks(triggers: Triggers, known: Known) -> Iterator[Moment]:
    for part, value in triggers.dates:
        yield from _days(triggers, part, value, known)
    for each in triggers.schedules:
        if each.segment:
            for moment in times(each.cron, triggers.compiled.zone, triggers.since, triggers.until):
                known.now = moment
                if each.segment in known.segments():
                    yield _timed(each, moment)


def _timed(part: ScheduleTrigger, moment: datetime) -> Moment:
    return Moment(moment, "", Time(part, moment).event, starts=[Start(None, part.id)])


@lru_cache(maxsize=32)
def times(cron: str, zone: str, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return the times of a schedule in a period, the first so many of them."""
    found: list[datetime] = []
    moment = since
    while len(found) < MAX_TIMES:
        moment = schedules.next_after(cron, moment, zone=ZoneInfo(zone))
        if moment > until:
            break
        found.append(moment)
    return tuple(found)


def _days(triggers: Triggers, part: DateTrigger, value: Value, known: Known) -> Iterator[Moment]:
    """Yield when a date of somebody, as it is today, comes round in the period where they are."""
    zone = named_zone(known.zone) or ZoneInfo(triggers.compiled.zone)
    said = value({"profile": known.tree})
    day = turns.day_of(said.isoformat() if isinstance(said, date) else said, zone)
    if day is None:
        return
    rule = occasions.rule_of(part)
    first, last = reading_at(triggers.since, zone).date() - _DAY, reading_at(triggers.until, zone).date()
    for meant in sorted(_meant(rule, day, first, last)):
        turn = meant + timedelta(days=rule.offset_days)
        moment = moment_of(datetime.combine(turn, rule.at), zone)
        if triggers.since < moment <= triggers.until:
            event = Day(part, zone.key, Turn(turn, frozenset({zone.key})), moment).event
            yield Moment(moment, "", event, starts=[Start(None, part.id)])


def _meant(rule: Rule, day: date, first: date, last: date) -> set[date]:
    """Return the days that are the date, or an anniversary of it, in the years of a period."""
    if not rule.yearly:
        return {day}
    found: set[date] = set()
    for year in range(first.year - 2, last.year + 3):
        for month, number in {(day.month, day.day), (2, 28), (3, 1)}:
            with suppress(ValueError):  # 29 February is not each year
                meant = date(year, month, number)
                if rule.is_met(day, meant):
                    found.add(meant)
    return found
