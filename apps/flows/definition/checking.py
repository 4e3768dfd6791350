"""A definition is checked before it is saved and published: all that is wrong with it is told at once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from apps.conditions import parsing_once
from apps.flows import node
from apps.flows.definition import everybody, graph_checks, making, named, shape
from apps.flows.definition.making import Identity, Kinds, Made
from apps.flows.definition.named import FLOW, Names
from apps.flows.definition.parts import Definition, EventTrigger, Trigger, WebhookTrigger
from apps.flows.definition.problems import Problem
from apps.flows.models import Flow


def check(document: object, flow: Flow | None = None, *, kinds: Kinds | None = None) -> list[Problem]:
    """Return all that is wrong with a definition, warnings included; nothing, if it can be published.

    `flow` is whose it is to be; none, where there is none yet.
    """
    with parsing_once():
        return _check(document, flow, node.kinds if kinds is None else kinds)


def _check(document: object, flow: Flow | None, kinds: Kinds) -> list[Problem]:
    definition, problems = shape.collect(document)
    identity = Identity(flow.key if flow else "", flow.name if flow else "")
    place = making.place_of(definition, identity, problems, is_stored=False)
    made = making.make_nodes(definition, place, kinds)
    making.exits(definition, place)
    making.goals(definition, place)
    making.triggers(definition, place)
    making.entry(definition, place)
    refused = {(each.node, each.trigger, each.field) for each in problems}
    known = named.read(kinds)
    working = {id: each for id, each in made.items() if not each.part.is_disabled}
    for problem in (*_names(definition, made, known), *_calls(working, known, identity.flow)):
        if (problem.node, problem.trigger, problem.field) not in refused:  # the node itself knows it better
            problems.append(problem)
    problems += graph_checks.check(definition, made)
    is_over_everybody = flow is not None and flow.kind == Flow.Kind.SEGMENTATION
    problems += everybody.check(definition, working) if is_over_everybody else everybody.check_others(definition)
    problems += _people(definition, working)
    problems += _echoes(definition, working, known)
    return list(dict.fromkeys(problems))


def _names(definition: Definition, made: Mapping[str, Made], known: Names) -> Iterator[Problem]:
    for each in made.values():
        if each.settings is not None:
            place = Problem("", node=each.part.id, field="settings", is_warning=each.part.is_disabled)
            yield from _unknown(each.settings, known, place)
    for trigger in definition.triggers:
        yield from _unknown(trigger, known, Problem("", trigger=trigger.id))
    yield from _unknown(definition.options, known, Problem(""))


def _unknown(settings: Any, known: Names, place: Problem) -> Iterator[Problem]:
    for reference in named.named_in(settings):
        found = known.problem_of(reference)
        if found:
            field = f"{place.field}.{reference.field}" if place.field else reference.field
            yield replace(place, message=found[0], field=field, is_warning=found[1] or place.is_warning)


def _calls(made: Mapping[str, Made], known: Names, flow: str) -> Iterator[Problem]:
    """Name sub-flows that lead back to the flow, and those that nobody can enter."""
    for each in made.values():
        for reference in named.named_in(each.settings) if each.settings is not None else ():
            if reference.to != FLOW:
                continue
            field, called = f"settings.{reference.field}", reference.name
            circle = known.circle(flow, called) if flow else None
            if circle:
                way = " > ".join(circle)
                yield Problem(f"Flows would call each other without end: {way}.", node=each.part.id, field=field)
            elif called in known.known[FLOW] and called not in known.calls:
                message = f"The flow {called} was never published: nobody can enter it."
                yield Problem(message, node=each.part.id, field=field, is_warning=True)


def _people(definition: Definition, made: Mapping[str, Made]) -> Iterator[Problem]:
    """Name nodes that need a person where something starts the flow for nobody, and rules that do."""
    nobody = [trigger.id for trigger in definition.triggers if not trigger.is_about_person]
    if not nobody:
        return
    for each in made.values():
        if each.kind is not None and each.kind.needs_person:
            message = f"It needs a person, and the trigger {nobody[0]} starts the flow for nobody."
            yield Problem(message, node=each.part.id)
    if definition.options.consents:
        message = f"Nobody can have given them where the trigger {nobody[0]} starts the flow for nobody."
        yield Problem(message, field="consents")


def _echoes(definition: Definition, made: Mapping[str, Made], known: Names) -> Iterator[Problem]:
    """Name nodes that raise the very event by which the flow starts, themselves or in the flows that they call."""
    starting = {_event_type(trigger): trigger.id for trigger in definition.triggers}
    for each in made.values():
        for type, field, by in _raised(each, known):
            if type in starting:
                starts = f"starts this flow (trigger {starting[type]}): it would go on without end."
                message = (
                    f"The flow {by} raises the event {type}, which {starts}" if by else f"The event {type} {starts}"
                )
                yield Problem(message, node=each.part.id, field=f"settings.{field}")


def _raised(each: Made, known: Names) -> Iterator[tuple[str, str, str]]:
    """Yield what a node raises, by which of its fields, and the flow that it calls for it, if it does not itself."""
    if each.kind is None or each.settings is None:
        return
    yield from ((type, "event_type", "") for type in each.kind.raised_by(each.settings))
    for reference in named.named_in(each.settings):
        if reference.to == FLOW:
            yield from ((type, reference.field, by) for type, by in known.raised_below(reference.name).items())


def _event_type(trigger: Trigger) -> str | None:
    return trigger.event_type if isinstance(trigger, EventTrigger | WebhookTrigger) else None
