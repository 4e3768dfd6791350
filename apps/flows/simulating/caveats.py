"""What is approximate of a simulation, in words."""

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from apps.flows.models import Simulation
from apps.flows.simulating import person_story, starts, stored_people
from apps.flows.simulating.counts import Counts

_PROFILE: Final = re.compile(r"profile@([a-z_][\w.]*)")
_AS_IT_WAS: Final = ("segments", "consents")
_SAID: Final = {
    "history": "What was imported as history starts nothing in reality. Here it counts as if it had come at its time.",
    "answers": "What is sent arrives at once, and nothing is known of what the other side answers: "
    "pin the node to say what it does.",
    "children": "Flows that it starts are not gone through: who waits for one goes on at once.",
    "caps": "Caps count the messages of this simulation alone, and none of other flows.",
    "shared_limit": "A limit that people share is counted by windows of the calendar, as one person is gone through "
    "after the other.",
    "shared_slot": "Nobody waits for a turn that people share.",
    "changed": "What a node saw last of somebody before the period is not known: the first look is a new one.",
    "shared": "Values that flows share are as they are today, and what a run sets is seen by that run alone.",
    "records": "Records of people are as they are today, and what a run saves is seen by that run alone.",
    "people": "Other people whom it looks for are as they are today.",
    "past_session": "Sessions that it looks back for are told as they ended.",
    "session": "Sessions are told as they ended, and not as they were at the event.",
    "many_runs": f"Who would enter more than {person_story.MAX_RUNS:,} times does so as often, and no more.",
    "many_events": f"Of who has more than {stored_people.MAX_EVENTS:,} events in the period the first ones count.",
}
_RULE: Final = "Nobody was in the flow before the period, and what real runs did meanwhile does not count."
_RAISED: Final = "Events that it raises wake nobody, and start nothing."
_OF_TRIGGERS: Final = {
    "field": "Changes of a field are those that stored events make by the mappings of today. Of whom we knew before "
    "the period, the first value in it is taken for what it was.",
    "date": "Dates of people are as they are today.",
    "segment": "Who entered a segment, or left it, is told by what the platform has stored of it.",
    "schedule": f"Of a schedule the first {starts.MAX_TIMES:,} times in the period count.",
}
_STOPPED: Final = (
    "These are not all people: counts are of {n_looked_at:,} of {n_people_all:,}, drawn by chance. "
    "Multiply them by {factor:.4g} for an estimate of all."
)


def told(simulation: Simulation, counts: Counts) -> Iterator[str]:
    """Say each in a sentence or two."""
    if counts.is_stopped:
        yield _STOPPED.format(n_looked_at=counts.n_looked_at, n_people_all=counts.n_people_all, factor=counts.factor)
    fields = _fields_of(simulation.definition)
    if fields:
        yield f"These fields of people are as they are today, and not as they were: {', '.join(fields)}."
    yield from _of_entering(simulation.definition)
    if counts.raised:
        yield _RAISED
    yield from (text for name, text in _SAID.items() if counts.noted[name])


def _of_entering(definition: Any) -> Iterator[str]:
    """Say it of the triggers of a definition, and of its rule."""
    found = {str(each["id"]): each["kind"] for each in definition.get("triggers") or ()}
    silent = [id for id, kind in found.items() if kind in ("manual", "webhook")]
    if silent:
        yield f"Nobody enters by {', '.join(silent)}: nobody knows whom a hand, or an event of nobody, would let in."
    yield from (text for kind, text in _OF_TRIGGERS.items() if kind in found.values())
    rule = definition.get("entry") or {}
    if rule.get("frequency", "every") != "every" or rule.get("max_live") or rule.get("key"):
        yield _RULE


def _fields_of(definition: Any) -> list[str]:
    """Name the fields of people that are read anywhere, but for what is known as it was."""
    found = set(_PROFILE.findall(orjson.dumps(definition).decode()))
    return sorted(f"profile@{each.rstrip('.')}" for each in found if each.partition(".")[0] not in _AS_IT_WAS)
