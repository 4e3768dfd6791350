"""After this stage nothing is left of the payload that the consents of its person do not allow to keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.collector import consent_problems, proofs
from apps.collector.consent_problems import CONSENT_REQUIRED
from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.core.refusal import Refusal
from apps.events.compliance import broken, enforce
from apps.events.consent_policy import Policy
from apps.profiles import consents, standing
from apps.profiles.consents import Consents
from apps.profiles.models import Profile
from apps.profiles.provenance import Provenance, entry


def comply(payload: Payload, batch: Batch) -> None:
    """Refuse events of a payload, and drop or hash fields, for which its person lacks consents; default deny, no query.

    Before it is identified: what is not to be kept must not identify anybody. Payload after payload: what one decides
    counts for all that comes after it in the batch. Where consents do not hold that the source requires, nothing is
    kept but what somebody decided.
    """
    have_consents_a_say = batch.policy.rules or payload.source.required_consents or _decides(payload)
    if not have_consents_a_say:
        return
    held = _held_by(payload, batch)
    for event in payload.events:
        if event.is_duplicate:
            batch.take_again(event)
        if event.goes_on:
            _judge(event, payload, held)
    if payload.source.required_consents and not held.allows_more:
        payload.context, payload.properties, payload.keeps_decisions_only = {}, {}, True
    payload.settle()
    if any(event.decisions for event in payload.going):
        batch.deciding.append(payload)
    proofs.claim(payload, buried=batch.buried)  # by what is left of it


def _decides(payload: Payload) -> bool:
    return any(event.type in consents.EVENT_TYPES for event in payload.going)


@dataclass(slots=True)
class _Held:
    """What a person has decided as far as the batch has got; copies, since the profile learns of it later."""

    policy: Policy
    now: datetime
    consents: Consents
    provenance: Provenance
    foreign: set[str]  # decided where the sender is not
    allows_more: bool = False  # to keep more of the payload than what it decides

    def hold(self, wanted: Iterable[str]) -> bool:
        """Tell whether each of the wanted consents holds."""
        return consents.all_hold(self.consents, self.provenance, wanted, at=self.now)


def _held_by(payload: Payload, batch: Batch) -> _Held:
    """Gather what the payload's person has decided, and what is not theirs to decide here.

    What others have decided, who may become one with them by this payload, is not decided here either.
    """
    held = _Held(batch.policy, batch.now, {}, {}, set())
    directory, owner_id = batch.directory, batch.owner_of(payload)
    profile = None if payload.is_profileless else directory.find(payload.claim, session_profile_id=owner_id)
    if profile is None:
        return held
    held.consents, held.provenance = dict(profile.consents), consents.provenance_of(profile.provenance)
    people: dict[object, Profile] = {profile.id: profile}
    if _decides(payload):
        people |= {each.id: each for each in directory.people(payload.claim, session_profile_id=owner_id)}
        held.foreign.update(*(directory.objections.foreign(directory, each, payload.hand) for each in people.values()))
    for other in batch.deciding:
        living_id = directory.living_id(other.profile.id) if other.profile and other.saves_profile else None
        if living_id in people:
            _learn(held, other, is_own=living_id == profile.id, is_foreign=not payload.hand.may_go_on_from(other.hand))
    return held


def _learn(held: _Held, payload: Payload, *, is_own: bool, is_foreign: bool) -> None:
    """Let what an earlier payload of the batch decided count."""
    for event in payload.going:
        if not event.decisions:
            continue
        decided = consents.stored(event.decisions)
        if is_own:
            said_by = entry(time=event.happened_at, setter="")
            consents.settle(decided, said_by, consents=held.consents, provenance=held.provenance)
        if is_foreign:
            held.foreign.update(decided)


def _judge(event: PayloadEvent, payload: Payload, held: _Held) -> None:
    """Keep of an event what the consents allow that were given before it, or with it."""
    if event.type in consents.EVENT_TYPES:
        _read(event, held, is_whole=payload.is_whole)
    if event.refusal:
        return
    if held.hold(payload.source.required_consents):
        held.allows_more = True
        _enforce(event, payload, held)
    elif event.decisions:  # nothing else that it says is kept
        event.properties = {consents.PROPERTY: event.properties[consents.PROPERTY]}
        event.context, event.tags = {}, []
    else:
        event.refusal = _refusal(payload, event)


def _read(event: PayloadEvent, held: _Held, *, is_whole: bool) -> None:
    """Keep of a consent event what can count, in the form in which it is stored."""
    terms = held.policy.terms
    said = consents.read(event.properties.get(consents.PROPERTY), terms, at=event.happened_at)
    for decision in said.decisions:
        if decision.consent_id in held.foreign:
            said.problems.append((consents.path_of(decision.consent_id), standing.DECIDED_ELSEWHERE))
            continue
        stays = not decision.is_granted and not terms[decision.consent_id].is_revokable
        if stays and held.hold([decision.consent_id]):
            said.problems.append((consents.path_of(decision.consent_id), "This consent cannot be withdrawn."))
        else:
            event.decisions.append(decision)
    for path, message in said.problems:
        event.note(consent_problems.problem(path, message))
    if is_whole and said.problems:
        event.decisions.clear()
        path, message = said.problems[0]
        event.refusal = Refusal("invalid_consent", message, path, event.index, is_private=True)
        return
    decided = consents.stored(event.decisions)
    event.properties = {**event.properties, consents.PROPERTY: decided}
    said_by = entry(time=event.happened_at, setter="")
    consents.settle(decided, said_by, consents=held.consents, provenance=held.provenance)


def _enforce(event: PayloadEvent, payload: Payload, held: _Held) -> None:
    """Drop or hash the fields that are kept with consents alone which are not there."""
    rules = broken(held.policy.rules_for(event.type), held.consents, held.provenance, at=held.now)
    if not rules:
        return
    event.properties = enforce(rules, "properties", event.properties)
    event.context = enforce(rules, "context", event.context)
    if isinstance(event.context.get("traits"), dict):  # SDKs repeat there what `identify` has as properties
        event.context = {**event.context, "traits": enforce(rules, "properties", event.context["traits"])}
    payload.context = enforce(rules, "context", payload.context)  # the payload's, which becomes the session's


def _refusal(payload: Payload, event: PayloadEvent) -> Refusal:
    message, field = "The source requires consents that the profile has not given.", ""
    if event.type == consents.EVENT_TYPE:  # in our own words alone: what was sent is not kept, be it in a message
        message, field = f"{message} This event decides nothing.", f"properties.{consents.PROPERTY}"
    return Refusal(CONSENT_REQUIRED, message, payload.place(event, field), event.index, is_private=True)
