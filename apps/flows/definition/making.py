"""From a definition to what the engine walks: nodes are made, rules and entry compiled; what is wrong is collected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings as installation

from apps.conditions.nearest import nearest
from apps.flows.definition.parts import DateTrigger, Definition, Edge, Entry, Exit, FieldTrigger, NodePart, Trigger
from apps.flows.definition.placing import Place
from apps.flows.definition.problems import Problem
from apps.flows.engine.graph import Compiled, Goal, Lead, Rule, Spot, Test, Value
from apps.flows.engine.moves import Go
from apps.flows.engine.step import Step
from apps.flows.node import ERROR, Effects, Node
from apps.segments.definitions import SEGMENTS

START: Final = "start"  # the kind of the node where all begin
DISABLED: Final = "disabled"  # among what a step tells: nothing happened there
Kinds = Mapping[str, type[Node]]
OF_TRIGGERS: Final = ("profile", "event", "session", "item")
OF_RULES: Final = (*OF_TRIGGERS, "memory", "flow")


class Identity(NamedTuple):
    """Whose definition it is."""

    flow: str  # its key
    name: str = ""
    flow_id: UUID | None = None
    version_id: UUID | None = None
    number: int = 0


class Made(NamedTuple):
    """A node, made of its part of a definition; without a kind, or settings, that are right it is none."""

    part: NodePart
    kind: type[Node] | None
    settings: Any
    node: Node | None

    @property
    def ports(self) -> tuple[str, ...]:
        """Name its ports, as far as they are known."""
        if self.kind is None:
            return ()
        return self.kind.ports if self.settings is None else self.kind.ports_of(self.settings)

    def passed_by(self, edges: Iterable[Edge]) -> str:
        """Return the port by which people pass it while it is disabled: its first.

        Where its settings do not say what ports it has, the first from which an edge leads on.
        """
        used = [edge.port for edge in edges if edge.from_ == self.part.id and edge.port != ERROR]
        first = self.ports[0]
        return first if self.settings is not None or first in used or not used else used[0]


@dataclass(frozen=True, slots=True)
class CompiledTrigger:
    """What lets people enter; the part says what kind it is."""

    part: Trigger
    condition: Test | None = None
    field: Value | None = None  # of the person: which has changed, or holds the date


@dataclass(frozen=True, slots=True)
class CompiledEntry:
    """How often somebody may enter."""

    rule: Entry
    key: Value | None = None  # of the scope in which they enter


def place_of(definition: Definition, identity: Identity, problems: list[Problem], *, is_stored: bool) -> Place:
    """Return the place that is the whole definition."""
    zone = definition.options.zone or installation.TIME_ZONE
    return Place(identity.flow, zone, problems, is_stored, path="")


def make_nodes(definition: Definition, place: Place, kinds: Kinds) -> dict[str, Made]:
    """Make all nodes, by their ids."""
    return {part.id: _made(part, replace(place, node=part.id, path="settings"), kinds) for part in definition.nodes}


def _made(part: NodePart, place: Place, kinds: Kinds) -> Made:
    kind = kinds.get(part.kind)
    if kind is None:
        if part.kind:  # else it was refused when it was read
            meant = nearest(part.kind, kinds)
            hint = f" Did you mean {meant}?" if meant else f" There are: {', '.join(sorted(kinds))}."
            replace(place, path="").refuse("kind", f"There is no kind of node {part.kind}.{hint}")
        return Made(part, None, None, None)
    if part.is_disabled:
        return _disabled(part, kind, place)
    if kind.reads_segments or kind.effects is Effects.SEGMENTS:
        place.read.add(SEGMENTS)
    settings = place.settings(kind.Settings, part.settings)
    return Made(part, kind, settings, None if settings is None else kind(settings, place))


def _disabled(part: NodePart, kind: type[Node], place: Place) -> Made:
    """Make what people pass without anything: what is wrong with its settings is told, and keeps nobody from it."""
    if refusal := _must_work(kind):
        replace(place, path="").refuse("is_disabled", refusal)
    apart = replace(place, problems=[], read=set())
    settings = apart.settings(kind.Settings, part.settings)
    if not place.is_stored:
        if settings is not None:
            kind(settings, apart)
        place.problems.extend(replace(problem, is_warning=True) for problem in apart.problems)
    return Made(part, kind, settings, None)


def _must_work(kind: type[Node]) -> str:
    if kind.key == START:
        return "Everybody begins at the start: it cannot be disabled."
    if kind.is_join:
        return "A join cannot be disabled: its branches would go on each by itself."
    return "" if kind.ports else "Nothing leads on from an end: remove it instead."


def triggers(definition: Definition, place: Place) -> tuple[CompiledTrigger, ...]:
    """Compile the triggers."""
    return tuple(_trigger(each, replace(place, trigger=each.id)) for each in definition.triggers)


def _trigger(part: Trigger, place: Place) -> CompiledTrigger:
    condition = place.test("condition", getattr(part, "condition", ""), roots=OF_TRIGGERS)
    field = place.person_field("field", part.field) if isinstance(part, FieldTrigger | DateTrigger) else None
    return CompiledTrigger(part, condition, field)


def entry(definition: Definition, place: Place) -> CompiledEntry:
    """Compile the rule of entry."""
    rule = definition.entry
    return CompiledEntry(rule, replace(place, path="entry").value("key", rule.key) if rule.key.strip() else None)


def exits(definition: Definition, place: Place) -> tuple[Rule, ...]:
    """Compile the exits."""
    return tuple(_rule(each, replace(place, path=f"exits.{at}")) for at, each in enumerate(definition.options.exits))


def goals(definition: Definition, place: Place) -> tuple[Goal, ...]:
    """Compile the goals."""
    return tuple(
        Goal(
            each.id,
            each.name,
            _rule(each, replace(place, path=f"goals.{at}")),
            timedelta(seconds=each.within_secs) if each.within_secs else None,
            each.ends_run,
        )
        for at, each in enumerate(definition.options.goals)
    )


def _rule(part: Exit, place: Place) -> Rule:
    match = {path: place.value(f"match.{path}", value) for path, value in part.match.items()}
    return Rule(part.event_type, match, place.test("condition", part.condition, roots=OF_RULES))


def graph(definition: Definition, made: Mapping[str, Made]) -> dict[str, Spot]:
    """Join the nodes by their edges; what is wrong with these was refused."""
    spots = {id: spot for id, each in made.items() if (spot := _spot(each, definition.edges))}
    for edge in definition.edges:
        if edge.from_ in spots and edge.to in spots:
            _lead(spots[edge.from_], spots[edge.to], edge)
    joins = frozenset(id for id, spot in spots.items() if spot.joining)
    if joins:
        for spot in spots.values():
            spot.reaches = frozenset(reachable(spot)) & joins
    return spots


def _lead(source: Spot, target: Spot, edge: Edge) -> None:
    """Lead on from a node, unless it is disabled, and passed by another port."""
    if not source.is_disabled or edge.port in source.ports:
        source.leads[edge.port] = (*source.leads.get(edge.port, ()), Lead(target, edge.name or edge.from_))


def reachable(spot: Spot) -> set[str]:
    """Name the nodes to which one leads; itself, if in a circle."""
    found: set[str] = set()
    waiting = [spot]
    while waiting:
        for lead in (lead for leads in waiting.pop().leads.values() for lead in leads):
            if lead.spot.id not in found:
                found.add(lead.spot.id)
                waiting.append(lead.spot)
    return found


def _spot(made: Made, edges: Iterable[Edge]) -> Spot | None:
    part, node = made.part, made.node
    if part.is_disabled and made.kind and made.kind.ports:
        port = made.passed_by(edges)
        return Spot(part.id, part.kind, partial(_passed, port), (port,), is_disabled=True)
    if node is None:
        return None
    return Spot(
        id=part.id,
        kind=part.kind,
        run=node.run,
        ports=made.ports,
        goes_on=part.on_error == "continue",
        retries=part.retry.times,
        rest=timedelta(seconds=part.retry.rest_secs),
        joining=node.joining,
    )


def _passed(port: str, step: Step) -> Go:
    """Let somebody pass a node that is disabled."""
    if step.told is not None:
        step.told[DISABLED] = True
    return Go(port)


def whole(definition: Definition, identity: Identity, spots: Mapping[str, Spot], place: Place, start: str) -> Compiled:
    """Put a version together."""
    options = definition.options
    return Compiled(
        version_id=identity.version_id,
        flow_id=identity.flow_id,
        flow=identity.flow,
        name=identity.name,
        number=identity.number,
        zone=place.zone,
        start=spots[start],
        spots=spots,
        exits=exits(definition, place),
        goals=goals(definition, place),
        consents=options.consents,
        max_steps=options.max_steps,
        max_duration=timedelta(days=options.max_days),
        trace_percent=options.trace_percent,
        answers_inline=options.answers_inline,
        inline_budget=timedelta(milliseconds=options.inline_ms),
        pass_every=timedelta(seconds=options.every_secs),
        triggers=triggers(definition, place),
        entry=entry(definition, place),
        quiet_hours=definition.quiet_hours,
        reads_segments=place.reads_segments,  # the last: all else is compiled by now
    )
