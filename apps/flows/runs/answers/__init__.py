"""What nodes ask of the database is answered: all questions of one kind at once, whatever their number.

A kind is a file here that registers a function: it takes questions, and gives an answer to each. All is done in the
transaction that advances the runs: what was counted for one that is not written was not counted. A `past_event` may say
"stored_since", too: then silent events do not count. An empty type is any that the platform does not tell of itself.

| kind | about | answer |
|---|---|---|
| `limit` | {"key": text, "limit": number, "window_secs": number} | true: it was let through, and counts |
| `slot` | {"key": text, "every_secs": number} | when its turn is: a time as text, in the engine's time |
| `past_event` | {"type", "match": {path: text} or null, "since": time as text, "most"} | the latest such events |
| `past_session` | {"since": time as text, "most"} | the latest sessions |
| `holds` | {"condition": text, of what the node reads} | true, false, null |
| `counted` | {"value": text, of what the node reads} | what it comes to |
| `assignment` | {"branch": text} | the branch that the person has: this one, if there was none |
| `changed` | {"digest": UUID as text, "within_secs": number or null} | first, changed, same |
| `people` | {"named": text, "fields": paths} | [{"id", and these fields}, ...] of whom it names; two stand for more |
| `contact` | see contact.py | |
| `shared` | {"key": text} | {"value"}, empty where there is none |
| `share` | {"key", "do": set, add, forget, "value", "keep_secs"} | {"value"}, {"refused": why} |
| `records` | {"kind": text, "name": text or null} | [{"name", "data", "saved_at"}, ...], the latest first |
| `record` | {"do": replace, complete, delete, "kind", "name", "data"} | {}, {"refused": why} |
| `consents` | {"ids": consent types, none for all, "is_undecided": only those} | what pages show of each |
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.flows.engine.graph import Compiled
from apps.flows.engine.outcome import Question
from apps.flows.models import Run
from apps.flows.runs.subjects import Nobody, Person


class Asked(NamedTuple):
    """A question, and who asks."""

    run: Run
    subject: Person | Nobody
    question: Question
    compiled: Compiled  # the version on which the run stands
    now: datetime  # by our clock
    held: set[UUID]  # the shared allowances that its batch has locked

    @property
    def about(self) -> Any:
        """What is asked."""
        return self.question.ask.about


KEEPING: Final[set[str]] = set()  # kinds of questions of which something stays: who has passed, what was seen
LATER: Final = object()  # in place of an answer: it is asked again in the next batch
Answering = Callable[[Sequence[Asked]], Sequence[Any]]
_kinds: Final[dict[str, Answering]] = {}


def answering(kind: str, *, keeps: bool = False) -> Callable[[Answering], Answering]:
    """Declare what answers the questions of a kind, and whether it writes something down meanwhile."""

    def declared(function: Answering) -> Answering:
        _kinds[kind] = function
        if keeps:
            KEEPING.add(kind)
        return function

    return declared


def answer(questions: Sequence[Asked]) -> list[Any]:
    """Answer questions, in their order; LATER, where somebody else has what has to be locked."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for place, asked in enumerate(questions):
        by_kind[asked.question.ask.kind].append(place)
    found: list[Any] = [None] * len(questions)
    for kind in sorted(by_kind):
        places = by_kind[kind]
        for place, told in zip(places, _kinds[kind]([questions[place] for place in places]), strict=True):
            found[place] = told
    return found


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
