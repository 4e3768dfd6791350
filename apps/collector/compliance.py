"""What the consents of people allow to keep: the gate that each track passes before anybody is identified by it."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from apps.collector.track import Track, TrackedEvent
from apps.core.refusal import Refusal
from apps.core.snapshot import Snapshot
from apps.events import compliance
from apps.events.compliance import Rule, broken, enforce
from apps.events.models import ComplianceRule
from apps.events.models.compliance import ComplianceError
from apps.profiles import consents, standing
from apps.profiles.consents import Consents, Terms
from apps.profiles.identity import Directory
from apps.profiles.models import ConsentType, Profile
from apps.profiles.provenance import Entry, Provenance, entry

logger = logging.getLogger(__name__)
CONSENT_REQUIRED: Final = "consent_required"  # nothing is wrong with what was sent: it came too early


@dataclass(frozen=True, slots=True)
class Policy:
    """The consent types by id, and the rules in force, those for all event types among them."""

    terms: Mapping[str, Terms]
    offered: tuple[dict[str, Any], ...]  # as consent forms read them
    rules: tuple[Rule, ...]

    def rules_for(self, event_type: str) -> list[Rule]:
        """Return the rules that are about events of a type."""
        return [rule for rule in self.rules if rule.event_type in ("", event_type)]


def _read() -> Policy:
    types = list(ConsentType.objects.order_by("name"))
    terms = {row.id: Terms(**{name: getattr(row, name) for name in Terms.__dataclass_fields__}) for row in types}
    offered = tuple(_offer(row) for row in types if row.is_enabled)
    rows = ComplianceRule.objects.filter(is_enabled=True).order_by("id")
    return Policy(terms, offered, tuple(rule for row in rows for rule in _compiled(row)))


def _offer(row: ConsentType) -> dict[str, Any]:
    """Describe a type under the names that the consent form of the browser tracker knows, and a few more."""
    return {
        "id": row.id,
        "name": row.name,
        "description": row.text,
        "text_version": row.text_version,
        "default_value": row.default,
        "required": row.is_required,
        "revokable": row.is_revokable,
        "tags": [],
    }


def _compiled(row: ComplianceRule) -> list[Rule]:
    try:
        return compliance.compile(row)
    except ComplianceError:
        # One broken rule must not stop the collector.
        logger.exception("A compliance rule is broken", extra={"rule": row.pk})
        return []


current = Snapshot(_read, refresh_secs=2)


def note(event: TrackedEvent) -> None:
    """Note what of an event about consents is no decision, whoever sends it."""
    said = consents.read(event.properties.get(consents.PROPERTY), current.get().terms, at=event.happened_at)
    _tell(event, said.problems)


def decides(track: Track) -> bool:
    """Tell whether a track says anything about consents."""
    return any(event.type in consents.EVENT_TYPES for event in track.going)


@dataclass(slots=True)
class _Held:
    """What a person has decided as far as the batch has got; copies, since the profile learns of it later."""

    consents: Consents
    provenance: Provenance
    foreign: set[str]  # decided where the sender is not

    def hold(self, wanted: Iterable[str], *, at: datetime) -> bool:
        """Tell whether each of the wanted consents holds."""
        return consents.all_hold(self.consents, self.provenance, wanted, at=at)


class Gate:
    """Lets pass of a batch, track after track, what the consents of its people allow to keep; default deny, no query.

    A decision counts for all that comes after it in the batch. What is not to be kept is taken away before identities
    are resolved: it must not identify anybody.
    """

    def __init__(self, directory: Directory, *, now: datetime) -> None:
        self._directory = directory
        self._now = now
        self._policy = current.get()
        self._decided: dict[UUID, list[tuple[Track, dict[str, Any], Entry]]] = {}

    def concerns(self, track: Track) -> bool:
        """Tell whether consents have a say in what is kept of a track."""
        return bool(self._policy.rules or track.source.required_consents) or decides(track)

    def comply(self, track: Track, profile: Profile | None, others: Iterable[Profile] = ()) -> None:
        """Refuse events of a track, and drop or hash fields, for which the profile that it leads to lacks consents.

        What the `others` have decided, who may become one with the profile, is not decided here either. Where consents
        do not hold that the source requires, nothing is kept but what somebody decided.
        """
        held = self._held_by(profile, track, others)
        may_keep = False
        for event in track.going:
            if event.type in consents.EVENT_TYPES:
                self._read(event, held, is_whole=track.is_whole)
            if event.refusal:
                continue
            if held.hold(track.source.required_consents, at=self._now):
                may_keep = True
                self._enforce(event, track, held)
            elif event.decisions:
                _keep_decisions(event)
            else:
                event.refusal = _refusal(track, event)
        if track.source.required_consents and not may_keep:
            track.context, track.properties, track.keeps_decisions_only = {}, {}, True
        track.settle()

    def remember(self, track: Track) -> None:
        """Note what a track decided, now that its profile is known."""
        if track.profile is None or not track.saves_profile:
            return
        for event in track.going:
            if event.decisions:
                said = entry(time=event.happened_at, setter="")
                self._decided.setdefault(track.profile.id, []).append((track, consents.stored(event.decisions), said))

    def settle(self) -> None:
        """Take back what was decided before a later track of the batch said of whom: somebody who decided elsewhere."""
        if not self._directory.merges:
            return
        for profile_id, decided in self._decided.items():
            living = self._directory.profiles[self._directory.living_id(profile_id)]
            for track, _, _ in decided:
                foreign = self._directory.objections.foreign(living, track.hand)
                for event in track.going if foreign else ():
                    self._leave_out(event, foreign)

    def _held_by(self, profile: Profile | None, track: Track, others: Iterable[Profile]) -> _Held:
        if profile is None:
            return _Held({}, {}, set())
        held = _Held(dict(profile.consents), consents.provenance_of(profile.provenance), set())
        people = {each.id: each for each in (profile, *others)}
        if decides(track):
            held.foreign.update(*(self._directory.objections.foreign(each, track.hand) for each in people.values()))
        for profile_id, decided in self._decided.items():
            living_id = self._directory.living_id(profile_id)
            for by, each, said in decided if living_id in people else ():
                if living_id == profile.id:
                    consents.settle(each, said, consents=held.consents, provenance=held.provenance)
                if not track.hand.may_go_on_from(by.hand):
                    held.foreign.update(each)
        return held

    def _read(self, event: TrackedEvent, held: _Held, *, is_whole: bool) -> None:
        """Keep of a consent event what can count, in the form in which it is stored."""
        terms = self._policy.terms
        said = consents.read(event.properties.get(consents.PROPERTY), terms, at=event.happened_at)
        for decision in said.decisions:
            if decision.consent_id in held.foreign:
                said.problems.append((consents.path_of(decision.consent_id), standing.DECIDED_ELSEWHERE))
                continue
            stays = not decision.is_granted and not terms[decision.consent_id].is_revokable
            if stays and held.hold([decision.consent_id], at=self._now):
                said.problems.append((consents.path_of(decision.consent_id), "This consent cannot be withdrawn."))
            else:
                event.decisions.append(decision)
        _tell(event, said.problems)
        if is_whole and said.problems:
            event.decisions.clear()
            path, message = said.problems[0]
            event.refusal = Refusal("invalid_consent", message, path, event.index, is_private=True)
            return
        decided = consents.stored(event.decisions)
        event.properties = {**event.properties, consents.PROPERTY: decided}
        said_by = entry(time=event.happened_at, setter="")
        consents.settle(decided, said_by, consents=held.consents, provenance=held.provenance)

    def _leave_out(self, event: TrackedEvent, foreign: set[str]) -> None:
        left_out = [decision.consent_id for decision in event.decisions if decision.consent_id in foreign]
        if left_out:
            event.decisions = [decision for decision in event.decisions if decision.consent_id not in foreign]
            event.properties = {**event.properties, consents.PROPERTY: consents.stored(event.decisions)}
            event.problems += [_problem(consents.path_of(id), standing.DECIDED_ELSEWHERE) for id in left_out]

    def _enforce(self, event: TrackedEvent, track: Track, held: _Held) -> None:
        rules = broken(self._policy.rules_for(event.type), held.consents, held.provenance, at=self._now)
        if rules:
            event.properties = enforce(rules, "properties", event.properties)
            event.context = enforce(rules, "context", event.context)
            if isinstance(event.context.get("traits"), dict):  # SDKs repeat there what `identify` has as properties
                event.context = {**event.context, "traits": enforce(rules, "properties", event.context["traits"])}
            track.context = enforce(rules, "context", track.context)  # the payload's, which becomes the session's


def _keep_decisions(event: TrackedEvent) -> None:
    """Take away all that an event says besides what was decided."""
    event.properties = {consents.PROPERTY: event.properties[consents.PROPERTY]}
    event.context, event.tags = {}, []


def _tell(event: TrackedEvent, problems: Iterable[tuple[str, str]]) -> None:
    """Note problems with an event that are not noted yet: `note` comes before a template may change what is said."""
    event.problems += [
        problem for path, message in problems if (problem := _problem(path, message)) not in event.problems
    ]


def _problem(path: str, message: str) -> dict[str, str]:
    return {"field": path, "message": message, "property": f"properties.{path}"}


def _refusal(track: Track, event: TrackedEvent) -> Refusal:
    message, field = "The source requires consents that the profile has not given.", ""
    if event.type == consents.EVENT_TYPE:  # in our own words alone: what was sent is not kept, be it in a message
        message, field = f"{message} This event decides nothing.", f"properties.{consents.PROPERTY}"
    return Refusal(CONSENT_REQUIRED, message, track.place(event, field), event.index, is_private=True)
