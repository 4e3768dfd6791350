"""Why somebody did not enter a flow: found again from what is stored, so that nothing is written for it.

Each event of the last weeks that a trigger reads is judged once more: by the event and the runs as they were, by the
consents that the ledger knows of that time, and by the condition as it holds of the person now, which may be another
answer than it was then: it says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from apps.events.models import Event
from apps.flows.models import Flow, Run
from apps.flows.runs import versions
from apps.flows.triggers import entry, judging, met_triggers
from apps.flows.triggers.entry import Before, Why
from apps.flows.triggers.happened import Happened
from apps.flows.triggers.met_triggers import Met, Scopes
from apps.flows.triggers.starters import Starter
from apps.flows.triggers.trigger_index import Index
from apps.profiles import ledger
from apps.profiles.models import ConsentDecision, Profile

LOOK_BACK: Final = timedelta(days=30)
MOST: Final = 20  # events of a flow, the latest ones
SAID: Final[Mapping[Why, str]] = {
    Why.SILENT: "It was history, which starts nothing.",
    Why.LATE: "It came too late.",
    Why.CONDITION: "The condition of the trigger does not hold, as the person is now.",
    Why.CONSENT: "A consent was not given then.",
    Why.NO_KEY: "It says nothing of what makes a run one of its own.",
    Why.FAILS: "The condition, or the key of the run, cannot be worked out of what it says.",
    Why.ALREADY: "They were in it before, and enter once.",
    Why.TOO_SOON: "They had entered too short a time before.",
    Why.FULL: "They were in it as often as they may be at once.",
}


class Refusal(NamedTuple):
    """An event that let nobody enter, and why."""

    flow: Flow
    event_id: UUID
    event_type: str
    at: datetime  # when it was stored
    why: Why

    @property
    def told(self) -> str:
        """Say why in a sentence."""
        return SAID[self.why]


def of(profile: Profile, *, now: datetime, flows: Iterable[Flow] | None = None) -> list[Refusal]:
    """List why a person did not enter flows that are on, the latest first; a few statements for all of them."""
    on = Flow.objects.filter(state=Flow.State.ON).exclude(version=None) if flows is None else flows
    by_version = {flow.version_id: flow for flow in on if flow.version_id}
    compiled = versions.compiled(by_version)
    index = Index(compiled.values())
    events = _events(profile, index, now=now)
    if not events:
        return []
    own = ledger.raw_ids([profile.id])
    runs = list(Run.objects.filter(profile_id=profile.id, parent_id=None, flow__in=by_version.values()).order_by("id"))
    decisions = list(ConsentDecision.objects.filter(profile_id__in=own).order_by("decided_at"))
    return list(_refusals(events, index, _Known(profile, runs, decisions), by_version, now=now))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of somebody."""

    profile: Profile
    runs: Sequence[Run]
    decisions: Sequence[ConsentDecision]

    def before(self, starter: Starter, at: datetime) -> Before:
        """Return the runs in a flow that there were then."""
        earlier = [run for run in self.runs if run.flow_id == starter.flow_id and run.started_at < at]
        found = Before(sum(run.ended_at is None or run.ended_at > at for run in earlier))
        for run in earlier:
            scope = {"profile": {}, "event": run.state.get("event") or {}, "session": {}, "payload": None, "memory": {}}
            key = judging.key(starter.compiled, scope)
            found.last_at = found.last_of_key["" if isinstance(key, Why) else key] = run.started_at
        return found

    def has_given(self, consent: str, at: datetime) -> bool:
        """Tell what the ledger says of a consent at that time."""
        said = [each for each in self.decisions if each.consent_type_id == consent and each.decided_at <= at]
        return bool(said) and said[-1].is_granted and (said[-1].valid_until is None or said[-1].valid_until > at)


def _events(profile: Profile, index: Index, *, now: datetime) -> list[Event]:
    """Read the latest events that triggers look at, each with when it was stored."""
    types = list(index.by_type)
    if not types:
        return []
    stored = Event.objects.filter(ledger.belonging_to(profile.id), type__in=types, time__gt=now - LOOK_BACK)
    return list(stored.filter(is_valid=True).order_by("-time", "-id")[: MOST * len(index.flows)])


def _refusals(
    events: Iterable[Event], index: Index, known: _Known, flows: Mapping[UUID, Flow], *, now: datetime
) -> Iterator[Refusal]:
    entered = {(run.flow_id, (run.state.get("event") or {}).get("id")) for run in known.runs}
    told: dict[UUID, int] = {}
    for event in events:
        happened = Happened(event, known.profile, raw_id=event.original_profile_id, is_silent=event.is_silent)
        whys: dict[UUID, Why] = {}
        for starter in met_triggers.reading(happened, index):
            why = _why(Met(starter, happened), event, known, now=now)
            if why and starter.flow_id not in whys and (starter.flow_id, str(event.id)) not in entered:
                whys[starter.flow_id] = why
        for flow_id, why in whys.items():
            told[flow_id] = told.get(flow_id, 0) + 1
            if told[flow_id] <= MOST:
                version_id = next(flow.version_id for flow in flows.values() if flow.pk == flow_id)
                assert version_id
                yield Refusal(flows[version_id], event.id, event.type, event.processed_at, why)


def _why(met: Met, event: Event, known: _Known, *, now: datetime) -> Why | None:
    """Judge an event once more, in the order in which it was judged; None: nothing is known that spoke against it."""
    starter, at = met.starter, event.processed_at
    why = met_triggers.untimely(met, now=at)
    if why:
        return why
    scope = Scopes([met]).of(met)
    why = judging.condition(starter, scope, now=now)
    if why:
        return why
    if not all(known.has_given(consent, at) for consent in starter.compiled.consents):
        return Why.CONSENT
    key = judging.key(starter.compiled, scope)
    if isinstance(key, Why):
        return key
    return entry.judge(starter.compiled.entry.rule, known.before(starter, at), key, now=at)
