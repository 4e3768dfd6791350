"""A trigger of a flow that is on, with what is looked at for each event."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.conditions import ConditionError, parse, truth
from apps.conditions.evaluate.base import Test
from apps.conditions.reads import reads
from apps.conditions.tree import And, Compare, Condition, Consent, Field, In, Literal, Scalar, walk
from apps.flows.definition.making import CompiledTrigger
from apps.flows.definition.parts import EventTrigger, SegmentTrigger, Trigger, WebhookTrigger
from apps.flows.engine.graph import Compiled
from apps.segments.definitions import SEGMENTS

PROFILE, SESSION, OF_SEGMENTS = "profile", "session", "segments"
Needs = Collection[str]
_SEGMENT: Final = Field("event", ("properties", "segment"))  # of an event that tells of a change of one


class Wants(NamedTuple):
    """A property of the event, and the values of which it has to be one."""

    field: Field
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Starter:
    """A trigger of a flow that is on."""

    compiled: Compiled
    trigger: CompiledTrigger
    wants: Wants | None = None  # what holds of whatever meets it
    of_properties: Test | None = None  # its condition, if that reads nothing but properties of the event
    max_age: timedelta | None = None  # how old an event may be that starts something
    needs: Needs = ()  # what its condition and key read, besides the event

    @property
    def flow_id(self) -> UUID:
        """The flow's."""
        assert self.compiled.flow_id is not None
        return self.compiled.flow_id

    @property
    def part(self) -> Trigger:
        """What people wrote."""
        return self.trigger.part

    @property
    def is_of_nobody(self) -> bool:
        """Tell whether its runs are about nobody."""
        return isinstance(self.part, WebhookTrigger)

    def holds(self, scope: Mapping[str, Any], now: datetime) -> bool:
        """Tell whether its condition is true; without one it is."""
        return self.trigger.condition is None or self.trigger.condition(scope, now)


def starter_of(compiled: Compiled, trigger: CompiledTrigger) -> Starter:
    """Make a trigger known by what it looks at."""
    part = trigger.part
    tree = _parsed(getattr(part, "condition", ""))
    return Starter(
        compiled,
        trigger,
        wants=Wants(_SEGMENT, (part.segment,)) if isinstance(part, SegmentTrigger) else _wants(tree),
        of_properties=truth(tree) if tree and _reads_properties(tree) else None,
        max_age=timedelta(seconds=part.max_age_secs) if isinstance(part, EventTrigger | WebhookTrigger) else None,
        needs=_needs(tree, compiled.entry.rule.key),
    )


def _parsed(condition: str) -> Condition | None:
    try:
        return parse(condition, is_stored=True) if condition.strip() else None
    except ConditionError:  # then it never holds
        return None


def _wants(tree: Condition | None) -> Wants | None:
    """Find what a property has to be if a condition is to hold."""
    for each in tree.items if isinstance(tree, And) else (tree,):
        match each:
            case Compare("=", Field("event", ("properties", _, *_)) as field, Literal(value)) if value is not None:
                return Wants(field, (value,))
            case In(Field("event", ("properties", _, *_)) as field, listed) if None not in listed.value:
                return Wants(field, tuple(listed.value))
    return None


def _reads_properties(tree: Condition) -> bool:
    """Tell whether a condition reads nothing but properties of the event."""
    if any(isinstance(node, Consent) for node in walk(tree)):
        return False
    return all(field.root == "event" and field.keys[:1] == ("properties",) for field in reads(tree).fields)


def _needs(tree: Condition | None, key: str) -> Needs:
    """Say what has to be at hand: to make a tree of a person that nobody looks at takes longer than most conditions."""
    found = {root for root in (PROFILE, SESSION) if f"{root}@" in key}
    if tree is not None:
        read = reads(tree).fields
        found |= {field.root for field in read if field.root in (PROFILE, SESSION)}
        found |= {PROFILE for node in walk(tree) if isinstance(node, Consent)}
        found |= {OF_SEGMENTS} if SEGMENTS in read else set()
    return found
