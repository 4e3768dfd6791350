"""With whom a trial begins, and what has started it: people, events and runs are read, and no row of theirs is held."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.core import paths
from apps.core.fetch import fetch
from apps.core.ids import digest
from apps.core.mistakes import DefinitionError
from apps.core.paths import PathError
from apps.events.models import Event
from apps.flows.engine.moves import JSON
from apps.flows.models import Flow, Run, Step
from apps.flows.runs import subjects
from apps.flows.runs.loading import NOBODY, session_scope
from apps.flows.runs.subjects import Nobody, Person
from apps.flows.trying.trials import Trial
from apps.profiles import ledger
from apps.profiles.models import Profile
from apps.segments.stream.index import current
from apps.sessions.models import Session

# What may be said of a person who is made up: what conditions and templates read, but for what the platform counts.
_COLUMNS: Final = ("country", "traits", "interests", "stats", "computed")
_FACTS: Final = {"email": "contact.email.main", "name": "pii.display_name"}  # where a profile has them
MADE: Final = (*_FACTS, "data", *_COLUMNS)
SOMEBODY: Final = digest("trial", "somebody")  # who is made up: nothing is stored of them


@dataclass(frozen=True, slots=True)
class Beginning:
    """What there is before the first step."""

    person: Person | Nobody
    now: datetime
    run_id: UUID  # by which chance is drawn
    event: Mapping[str, JSON] | None
    session: Mapping[str, JSON] | None
    payload: JSON
    raw_id: UUID | None  # of the person
    owners: frozenset[UUID]  # the raw ids of all of whom there is something in it


class _Stored(NamedTuple):
    """A run, and an event, by which a trial is to begin."""

    run: Run | None
    event: Event | None

    @property
    def rows(self) -> list[Run | Event]:
        """List those that there are."""
        return [each for each in self if each is not None]

    @property
    def time(self) -> datetime | None:
        """Say when the run began, or else the event happened."""
        if self.run is not None:
            return self.run.started_at
        return self.event.time if self.event is not None else None

    def first(self, column: str) -> UUID | None:
        """Return what the first of them has that has it."""
        return next(filter(None, (getattr(each, column) for each in self.rows)), None)


def begin(row: Flow, trial: Trial, *, now: datetime) -> Beginning:
    """Read it all. Raises DefinitionError for what is not there.

    Unless it is said when it begins, it begins when the run did, or the event happened. The person is as they are now.
    """
    stored = _Stored(
        _run(row, trial.run_id) if trial.run_id else None, _event(trial.event_id) if trial.event_id else None
    )
    now = trial.now or stored.time or now
    raw_id = _whose(trial, stored)
    person = _known(raw_id, now) if raw_id else _made(trial.profile, now)
    run_id = trial.run_id or digest("trial", str(row.pk), str(person.profile_id))
    owners = [trial.profile_id, *(each.original_profile_id for each in stored.rows)]
    return Beginning(
        person=person,
        now=now,
        run_id=run_id,
        event=_event_of(trial, stored, now),
        session=_session(stored.first("session_id")) if trial.session is None else trial.session,
        payload=_payload_of(stored.run) if trial.payload is None and stored.run else trial.payload,
        raw_id=raw_id or person.profile_id,
        owners=frozenset(filter(None, owners)),
    )


def _whose(trial: Trial, stored: _Stored) -> UUID | None:
    """Say on whom it is tried; None: on somebody who is made up, or nobody."""
    if trial.profile_id or trial.profile is not None:
        return trial.profile_id
    return stored.first("profile_id")


def _event_of(trial: Trial, stored: _Stored, now: datetime) -> Mapping[str, JSON] | None:
    if stored.event is not None:
        return scope_of(stored.event)
    if trial.event is not None:
        return made_event(trial.event, now, name="first")
    return stored.run.state.get("event") if stored.run else None


def _session(id: UUID | None) -> Mapping[str, JSON] | None:
    row = fetch(Session, [id]).get(id) if id else None
    return session_scope(row) if row else None


def made_event(said: Mapping[str, JSON], now: datetime, *, name: str) -> dict[str, JSON]:
    """Return an event that is made up, as `scope['event']` has it; its name is another one for each of a trial."""
    trees: dict[str, JSON] = {"properties": {}, "traits": {}, "context": {}, "tags": []}
    return {"id": str(digest("trial", "event", name)), "time": now.isoformat(), **trees, **said}


def scope_of(row: Event) -> dict[str, JSON]:
    """Return a stored event as `scope['event']` has it."""
    return {
        "id": str(row.pk),
        "type": row.type,
        "time": row.time.isoformat(),
        "properties": row.properties,
        "traits": row.traits,
        "context": row.context,
        "tags": row.tags,
    }


def _run(row: Flow, id: UUID) -> Run:
    found = Run.objects.filter(pk=id, flow=row).first()
    if found is None or not found.state:  # of what ended long ago only that it was is kept
        raise DefinitionError("run_id", "There is no such run of the flow, or nothing of it is kept.")
    return found


def _payload_of(run: Run) -> JSON:
    """Return what it came with to its first node, where its steps were kept."""
    first = Step.objects.filter(run_id=run.pk).order_by("id").first()
    return first.told.get("input") if first else None


def _event(id: UUID) -> Event:
    found = Event.objects.filter(pk=id).first()
    if found is None:
        raise DefinitionError("event_id", "There is no such event.")
    return found


def _known(raw_id: UUID, now: datetime) -> Person:
    id = ledger.living_id(raw_id)
    found = subjects.look([id], now=now).get(id)
    if found is None:
        raise DefinitionError("profile_id", "There is no such profile.")
    return found


def _made(said: Mapping[str, Any] | None, now: datetime) -> Person | Nobody:
    if said is None:
        return NOBODY
    times = dict.fromkeys(("created_at", "updated_at", "first_seen_at", "last_seen_at", "last_active_at"), now)
    columns = {name: said[name] for name in _COLUMNS if said.get(name) is not None}
    given: dict[str, Any] = {consent: {"revoke": None} for consent in said.get("consents") or ()}
    profile = Profile(id=SOMEBODY, consents=given, data=_facts(said), **times, **columns)
    profile.summarise()
    return Person(profile, said.get("segments") or (), current.get(), now=now)


def _facts(said: Mapping[str, Any]) -> dict[str, JSON]:
    """Return what is known of somebody who is made up. Raises DefinitionError where it has no such form."""
    facts: dict[str, Any] = deepcopy(said.get("data") or {})
    for name, path in _FACTS.items():
        if said.get(name):
            try:
                paths.put(facts, path, said[name])
            except PathError as error:
                raise DefinitionError("profile.data", f"There is no room for {path}: {error}") from error
    if said.get("name"):
        facts["pii"] = {**_names(said["name"]), **facts["pii"]}
    return facts


def _names(name: str) -> dict[str, JSON]:
    """Return what each part of a name of two words is; of others nobody can tell."""
    words = name.split()
    return dict(zip(("firstname", "lastname"), words, strict=True)) if len(words) == 2 else {}
