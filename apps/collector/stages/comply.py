"""After this stage the batch holds only what the consents of its people allow to keep."""

from typing import Any
from uuid import UUID

from apps.collector import compliance
from apps.collector.compliance import Policy
from apps.collector.track import Batch, Refusal, Track, TrackedEvent
from apps.events.compliance import broken, enforce
from apps.profiles import consents
from apps.profiles.models import Profile


class _Held:
    """What a person has decided, as far as the batch has got: a decision counts for the events after it."""

    def __init__(self, profile: Profile | None) -> None:
        self.consents: dict[str, Any] = profile.consents if profile else {}
        self._provenance: dict[str, Any] = profile.provenance if profile else {}
        self._is_copy = False

    def settle(self, event: TrackedEvent, decided: dict[str, Any]) -> None:
        """Let an event's decisions count here; stage `profile` lets them count for the profile itself."""
        if not self._is_copy:
            self.consents, self._is_copy = dict(self.consents), True
            self._provenance = {path: set_ for path, set_ in self._provenance.items() if path.startswith("consents.")}
        consents.settle(decided, at=event.happened_at, setter="", consents=self.consents, provenance=self._provenance)


def comply(batch: Batch) -> None:
    """Refuse events, and drop or hash fields, for which the person's consents are missing; default deny; no query.

    Decisions are read here: one that comes in a batch counts for what comes after it in the same batch.
    """
    policy = compliance.current.get()
    held_by: dict[UUID, _Held] = {}
    for track in batch.going:
        held = held_by.setdefault(track.profile.id, _Held(track.profile)) if track.profile else _Held(None)
        _comply_track(track, held, policy, batch)
        track.settle()


def _comply_track(track: Track, held: _Held, policy: Policy, batch: Batch) -> None:
    for event in track.going:
        if event.type == consents.EVENT_TYPE:
            _read_decisions(event, held, policy, batch)
        elif not consents.all_hold(held.consents, track.source.required_consents, at=batch.now):
            message = "The source requires consents that the profile has not given."
            event.refusal = Refusal("consent_required", message, f"events.{event.index}", event.index, is_private=True)
            continue
        _enforce(event, track, held, policy, batch)


def _read_decisions(event: TrackedEvent, held: _Held, policy: Policy, batch: Batch) -> None:
    """Keep of a consent event what can count, in the form in which it is stored."""
    said = consents.read(event.properties.get(consents.PROPERTY), policy.terms, at=event.happened_at)
    event.decisions = [
        decision
        for decision in said.decisions
        if decision.is_granted
        or policy.terms[decision.consent_id].is_revokable
        or not consents.holds(held.consents, decision.consent_id, at=batch.now)
    ]
    for decision in said.decisions:
        if decision not in event.decisions:
            said.problems.append((f"{consents.PROPERTY}.{decision.consent_id}", "This consent cannot be withdrawn."))
    event.problems += [{"field": path, "message": message} for path, message in said.problems]
    decided = consents.stored(event.decisions)
    event.properties = {**event.properties, consents.PROPERTY: decided}
    held.settle(event, decided)


def _enforce(event: TrackedEvent, track: Track, held: _Held, policy: Policy, batch: Batch) -> None:
    rules = broken(policy.rules_for(event.type), held.consents, at=batch.now)
    if rules:
        event.properties = enforce(rules, "properties", event.properties)
        event.profile_traits = enforce(rules, "properties", event.profile_traits)
        event.context = enforce(rules, "context", event.context)
        track.context = enforce(rules, "context", track.context)  # the payload's, which becomes the session's
