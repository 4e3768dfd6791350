"""After this stage each payload belongs to the profile that is left when all merges of the batch are done."""

from apps.collector import consent_problems
from apps.collector.payload import Batch, PayloadEvent
from apps.profiles import consents, standing


def follow(batch: Batch) -> None:
    """Lead payloads on whose profile a later one merged away; no query, and nothing where nobody was merged.

    What was decided about consents before a later payload said by whom is taken back if they have decided elsewhere.
    """
    if not batch.directory.merges:
        return
    for payload in batch.payloads:
        if payload.profile and payload.saves_profile:
            payload.profile = batch.directory.profiles[batch.directory.living_id(payload.profile.id)]
    for payload in batch.deciding:
        if payload.profile is None or not payload.saves_profile:
            continue
        foreign = batch.directory.objections.foreign(batch.directory, payload.profile, payload.hand)
        for event in payload.going:
            _leave_out(event, foreign)


def _leave_out(event: PayloadEvent, foreign: set[str]) -> None:
    left_out = [decision.consent_id for decision in event.decisions if decision.consent_id in foreign]
    if left_out:
        event.decisions = [decision for decision in event.decisions if decision.consent_id not in foreign]
        event.properties = {**event.properties, consents.PROPERTY: consents.stored(event.decisions)}
        event.problems += [
            consent_problems.problem(consents.path_of(consent_id), standing.DECIDED_ELSEWHERE)
            for consent_id in left_out
        ]
