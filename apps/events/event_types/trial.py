"""A dry run: what rules would make of recent real events, before anything is changed."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core import paths
from apps.core.paths import MISSING
from apps.core.templating import TemplateError
from apps.events.event_types import copying
from apps.events.event_types.copying import Said
from apps.events.event_types.operations import same
from apps.events.event_types.redaction import redact
from apps.events.event_types.rules import EventRules
from apps.events.event_types.traits import extract
from apps.events.store.recent import Sample


@dataclass(frozen=True, slots=True)
class Change:
    """A value before and after; MISSING where there was, or will be, none."""

    path: str
    before: Any
    after: Any


@dataclass(slots=True)
class Outcome:
    """What becomes of one event."""

    event_id: UUID
    time: datetime
    is_quarantined: bool
    verdict: str = "passes"
    problems: list[dict[str, str]] = field(default_factory=list)
    properties: list[Change] = field(default_factory=list)
    context: list[Change] = field(default_factory=list)
    traits: list[Change] = field(default_factory=list)
    profile: list[Change] = field(default_factory=list)
    profile_name: str = ""


VERDICTS = {"flag": "is flagged", "quarantine": "is quarantined", "drop": "is refused"}


def try_out(rules: EventRules, samples: Iterable[Sample], *, now: datetime) -> list[Outcome]:
    """Tell what becomes of each event; nothing is written.

    Its profile is shown as if the same event happened once more, now: that is what the next such event will do.
    """
    return [_try(rules, sample, now=now) for sample in samples]


def _try(rules: EventRules, sample: Sample, *, now: datetime) -> Outcome:
    outcome = Outcome(sample.id, sample.time, sample.is_quarantined)
    if rules.check:
        outcome.problems = [
            problem.as_dict() for problem in rules.check.problems(sample.properties, lambda: sample.scope, now=now)
        ]
        if outcome.problems:
            outcome.verdict = VERDICTS[rules.check.policy]
    is_valid = not outcome.problems
    properties = redact(sample.properties, rules)
    context = sample.context
    if rules.reshape and is_valid:
        properties, context = _reshape(rules, sample, properties, outcome)
    traits, _, _ = extract(rules, properties, visit_count=None)
    outcome.properties = [*diff(sample.properties, properties)]
    outcome.context = [*diff(sample.context, context)]
    outcome.traits = [*diff(sample.traits, traits)]
    if sample.profile and is_valid:
        outcome.profile_name = str(sample.profile)
        document, provenance = copy.deepcopy(sample.profile.document), dict(sample.profile.provenance)
        said = Said(properties, traits, now, sample.id)
        copied = copying.copy(rules, said, document=document, provenance=provenance)
        outcome.profile = [*diff(sample.profile.document, document)]
        outcome.problems += [{"field": path, "message": message} for path, message in copied.problems]
    return outcome


def _reshape(
    rules: EventRules, sample: Sample, properties: dict[str, Any], outcome: Outcome
) -> tuple[dict[str, Any], dict[str, Any]]:
    assert rules.reshape
    event = {**sample.scope["event"], "properties": properties}
    try:
        filled = rules.reshape.fill({**sample.scope, "event": event})
    except TemplateError as error:
        outcome.problems.append({"field": error.path, "message": error.message})
        return properties, sample.context
    return filled.get("properties", properties), filled.get("context", sample.context)


def diff(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Change]:
    """Yield what differs between two trees, field by field; a list is one value."""
    # Of an object that came or went, each field is told.
    if before is MISSING and isinstance(after, dict) and after:
        before = {}
    elif after is MISSING and isinstance(before, dict) and before:
        after = {}
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            yield from diff(before.get(name, MISSING), after.get(name, MISSING), (*path, name))
    elif not same(before, after):
        yield Change(paths.join(path), before, after)
