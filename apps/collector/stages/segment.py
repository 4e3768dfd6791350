"""After this stage the people of the batch are in the segments that they belong to, or wait for a run to tell."""

from collections import defaultdict

from apps.collector.payload import Batch, Payload
from apps.events import platform_events
from apps.flows.runs import awaited
from apps.profiles.models import Profile
from apps.segments.stream import evaluation
from apps.segments.stream.evaluation import Subject


def segment(batch: Batch) -> None:
    """Evaluate people by the segments that read what has changed; one query, and more only where somebody changes.

    That somebody entered or left evaluates nothing at once, or segments that ask about that could chase each other
    without end: a re-evaluation run looks at such people, in its time.
    """
    index = batch.baseline.index
    payloads_of: dict[int, list[Payload]] = defaultdict(list)  # by the object, as `people` does
    for payload in batch.going:
        if payload.profile and payload.saves_profile:
            payloads_of[id(payload.profile)].append(payload)
    subjects = []
    unevaluated = platform_events.unevaluated()
    for profile in batch.people:
        payloads = payloads_of[id(profile)]
        subject = _subject(profile, payloads, batch)
        if any(event.type not in unevaluated for payload in payloads for event in payload.going):
            subjects.append(subject)
        elif subject.bits:
            batch.outcome.dirty.append(profile.id)
    if subjects:
        batch.n_awaited = evaluation.evaluate(subjects, index, now=batch.now, beside=awaited.LENGTH)


def _subject(profile: Profile, payloads: list[Payload], batch: Batch) -> Subject:
    before = batch.baseline
    bits = before.bits[profile.id] | before.index.changed(before.seen[profile.id], profile)
    happened = {event.type for payload in payloads if payload.saves_events for event in payload.going if event.is_valid}
    bits |= before.index.happened(happened)
    if any(payload.claim.user_id for payload in payloads):
        bits |= before.index.reading_primary_id  # which may have been learned before anybody looked
    chain = max((payload.chain for payload in payloads), default=0)
    return Subject(profile, bits, is_silent=all(payload.is_silent for payload in payloads), chain=chain)
