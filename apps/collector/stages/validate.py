"""After this stage each event is what its type says; what is not is flagged, set aside, or refused."""

from functools import partial

from apps.collector import consent_problems
from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.core import paths
from apps.core.refusal import Refusal
from apps.events import consent_policy
from apps.events.event_types import planned
from apps.events.event_types.validation import Policy, Problem
from apps.profiles import consents


def validate(batch: Batch) -> None:
    """Check events against the schemas and conditions of their types; no query, and nothing for types without one."""
    all_rules = planned.rules()
    for payload in batch.going:
        has_gone = False
        for event in payload.going:
            rules = all_rules.get(event.type)
            if event.type == consents.EVENT_TYPE and not (rules and rules.reshape):  # a template may yet fix it
                _note_consents(event)
            if rules is None:
                event.meant = planned.meant_by(event.type)
                continue
            for path in rules.odd_numbers(event.properties):
                event.problems.append({"field": paths.join(("properties", *path)), "message": "Expected a number."})
            check = rules.check
            problems = (
                check.problems(event.properties, partial(payload.scope_of, event), now=batch.now) if check else []
            )
            if check and problems:
                has_gone |= _judge(payload, event, problems, check.policy)
        if has_gone:
            payload.settle()


def _note_consents(event: PayloadEvent) -> None:
    """Note what of an event about consents is no decision, whoever sends it."""
    terms = consent_policy.current.get().terms
    said = consents.read(event.properties.get(consents.PROPERTY), terms, at=event.happened_at)
    for path, message in said.problems:
        event.note(consent_problems.problem(path, message))


def _judge(payload: Payload, event: PayloadEvent, problems: list[Problem], policy: Policy) -> bool:
    """Do with an event what the policy says, and tell whether later stages are spared it."""
    event.is_valid = False
    event.problems += [problem.as_dict() for problem in problems]
    if policy is Policy.FLAG:
        return False
    takes_consent = payload.source.required_consents or consent_policy.current.get().rules_for(event.type)
    # What its sender wants forgotten, or a consent might forbid to keep, is not kept for being wrong, either.
    if policy is Policy.QUARANTINE and payload.saves_events and not takes_consent:
        event.is_set_aside = True
        return True
    field = payload.place(event, problems[0].field)
    event.refusal = Refusal("invalid", f"{field}: {problems[0].message}", field, event.index)
    return True
