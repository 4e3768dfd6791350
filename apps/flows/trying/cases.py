"""Trials that are kept with what is expected of them: tests of a flow, run by hand and before it is published."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction

from apps import conditions
from apps.conditions import ConditionError, Context, reads, truth
from apps.core import audit, storable
from apps.core.audit import Actor
from apps.core.mistakes import DefinitionError
from apps.flows.definition import Problems
from apps.flows.models import Flow, FlowCase
from apps.flows.trying import beginnings, trial_walk, trials
from apps.flows.trying.told import Tried
from apps.profiles import ledger

MOST: Final = 100  # of a flow
SECS: Final = 8.0  # within which the last one is begun
_BUSY: Final = "Others held what it asks for: test it again."
_NO_TIME: Final = f"It was not tried: those before it took {SECS:.0f} seconds."
OF_SOMEBODY: Final = "It did not come out as expected: whoever may see people is told how."


class Verdict(NamedTuple):
    """What a case came to."""

    case: FlowCase
    failures: list[str]  # sentences, without anything of a person; none: it came out as expected
    path: list[str]
    end: str


class CasesFail(Exception):
    """A definition does not come to what is expected of it; it can be published all the same."""

    def __init__(self, failing: Sequence[Verdict]) -> None:
        self.failing = failing
        told = " ".join(f"{each.case.name}: {' '.join(each.failures)}" for each in self.failing)
        super().__init__(f"Cases fail. {told}")


def keep(case: FlowCase, *, actor: Actor, now: datetime) -> None:
    """Store a new case, or a changed one, with what it begins with as it is now; its event and run may go.

    Raises DefinitionError, which names the field.
    """
    verb = "added a case" if case._state.adding else "changed a case"
    with transaction.atomic():
        row = Flow.objects.select_for_update(no_key=True).get(pk=case.flow_id)
        if case._state.adding and FlowCase.objects.filter(flow=row).count() >= MOST:
            raise DefinitionError("name", f"A flow has {MOST} cases at most.")
        _check_expected(case.expected)
        case.trial, case.profile_id = _fixed(row, case.trial, now=now)
        case.changed_by = actor.name
        try:
            case.full_clean(exclude=("trial", "expected", "profile_id"))
        except ValidationError as error:
            name, messages = next(iter(error.message_dict.items()))
            raise DefinitionError("name" if name == "__all__" else name, messages[0]) from None
        case.save()
        audit.record(verb, actor=actor, at=now, object=row, name=row.key, case=case.name)


def remove(case: FlowCase, *, actor: Actor, now: datetime) -> None:
    """Delete a case."""
    with transaction.atomic():
        case.delete()
        audit.record("deleted a case", actor=actor, at=now, object=case.flow, name=case.flow.key, case=case.name)


def run(
    row: Flow,
    *,
    now: datetime,
    sees_people: bool,
    document: Mapping[str, Any] | None = None,
    only: Iterable[FlowCase] | None = None,
) -> list[Verdict]:
    """Try the cases of a flow, or some of them, with its draft or another definition; nothing stays of it.

    Whoever may not see people has those tried that are of nobody: what a draft asks of somebody its way would tell.
    """
    chosen = _all_of(row) if only is None else only
    shown = [case for case in chosen if sees_people or case.profile_id is None]
    return _verdicts(row, shown, document, now=now, sees_people=sees_people)


def failing(row: Flow, document: Mapping[str, Any], *, now: datetime, sees_people: bool) -> list[Verdict]:
    """Return which cases a definition, which has no mistakes, does not come to.

    Those of people are tried, too; but whoever may not see people is told of these only that they fail.
    """
    found = _verdicts(row, _all_of(row), document, now=now, sees_people=sees_people)
    return [
        each if sees_people or each.case.profile_id is None else Verdict(each.case, [OF_SOMEBODY], [], "")
        for each in found
        if each.failures
    ]


def _all_of(row: Flow) -> Iterable[FlowCase]:
    return FlowCase.objects.filter(flow=row).order_by("name")


def _verdicts(
    row: Flow,
    chosen: Iterable[FlowCase],
    document: Mapping[str, Any] | None,
    *,
    now: datetime,
    sees_people: bool,
) -> list[Verdict]:
    until, found = perf_counter() + SECS, list[Verdict]()
    for case in chosen:
        is_of_somebody, is_late = case.profile_id is not None, perf_counter() > until
        found.append(_run(row, case, document, now=now, sees_people=sees_people or is_of_somebody, is_late=is_late))
    return found


def _run(
    row: Flow,
    case: FlowCase,
    document: Mapping[str, Any] | None,
    *,
    now: datetime,
    sees_people: bool,
    is_late: bool,
) -> Verdict:
    if is_late:
        return Verdict(case, [_NO_TIME], [], "")
    try:
        trial = trials.read(case.trial)
        found = trial_walk.try_out(row, trial, now=now, sees_people=sees_people, document=document)
    except (DefinitionError, Problems) as error:
        return Verdict(case, [str(error)], [], "")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != trial_walk.LOCKED:
            raise
        return Verdict(case, [_BUSY], [], "")
    return Verdict(case, list(_differences(case.expected, found)), found.path, found.end)


def _differences(expected: Mapping[str, Any], found: Tried) -> Iterable[str]:
    path, end = expected.get("path"), expected.get("end")
    if path is not None and path != found.path:
        yield f"It went {_way(found.path)}, and was to go {_way(path)}."
    if end and end != found.end:
        yield f"It came to the end {found.end}, and was to come to {end}."
    for text in expected.get("holds") or ():
        if truth(conditions.parse(text, is_stored=True))(found.scope, Context(found.ended_at)) is not True:
            yield f"This did not hold at the end: {text}."


def _way(path: Sequence[str]) -> str:
    return " → ".join(path) or "nowhere"


def _check_expected(expected: Mapping[str, Any]) -> None:
    for nth, text in enumerate(expected.get("holds") or ()):
        try:
            tree = conditions.parse(text)
        except ConditionError as error:
            raise DefinitionError(f"expected.holds.{nth}", str(error)) from None
        if reads(tree).has_history:
            raise DefinitionError(f"expected.holds.{nth}", "A case says nothing of past events: let a node ask for it.")


def _fixed(row: Flow, document: Mapping[str, Any], *, now: datetime) -> tuple[dict[str, Any], UUID | None]:
    """Return a trial that needs no event and no run any more, and whose it is."""
    trial = trials.read(document)
    begun = beginnings.begin(row, trial, now=now)
    if len({*map(ledger.living_id, begun.owners)}) > 1:
        raise DefinitionError("trial", "It has something of several people: a case is of one, and goes with them.")
    fixed = {name: value for name, value in document.items() if name not in ("event_id", "run_id")}
    known: dict[str, Any] = {"event": begun.event, "session": begun.session, "payload": begun.payload}
    if trial.profile is None and begun.raw_id:
        known["profile_id"] = begun.raw_id
    known["now"] = begun.now
    fixed |= {name: value for name, value in known.items() if value is not None}
    as_json: dict[str, Any] = orjson.loads(storable.dumps(fixed))
    return as_json, next(iter(begun.owners), None)
