"""Somebody comes to a node, and what the node says is the test's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from apps.core.typed_settings import SettingsError, read
from apps.flows.definition.placing import Place
from apps.flows.engine.moves import Fail, Failure, Move, Unanswered
from apps.flows.engine.step import Step
from apps.flows.node import Node, kinds
from apps.profiles import consents

RUN: Final = UUID(int=1)
PROFILE: Final = UUID(int=2)
NOON: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
_OF_STEP: Final = frozenset(Step.__dataclass_fields__)


@dataclass
class Somebody:
    """The person of a run."""

    profile_id: UUID | None = PROFILE
    zone: str = ""
    scope: dict[str, Any] = field(default_factory=dict)
    change = join = None


def make(kind: str, settings: dict[str, Any]) -> Node:
    """Make a node as a published version has it. Raises SettingsError, and AssertionError for what is refused."""
    problems: list[Any] = []
    place = Place("flow", "UTC", problems, is_stored=True, node="n1")
    node = kinds[kind](read(kinds[kind].Settings, settings), place)
    assert not problems, problems
    return node


def visit(kind: str, settings: dict[str, Any], **known: Any) -> Move:
    """Say what a node does with somebody who comes to it, or is asked again there.

    `known` are parts of the scope (profile, event, session, payload, memory) and of the step (wake, answer, kept, now,
    ...); `profile_id=None` is a run without a person. What the node fails with is a Fail, as in a run.
    """
    return ask(make(kind, settings), **known)


def ask(node: Node, **known: Any) -> Move:
    """Ask a node, as `visit` does, that was made already."""
    of_step = {name: known.pop(name) for name in _OF_STEP & known.keys() - {"scope"}}
    subject = Somebody(known.pop("profile_id", PROFILE), known.pop("person_zone", ""))
    scope: dict[str, Any] = {"profile": {}, "event": None, "session": {}, "memory": {}}
    scope |= {"consents": consents.states_of({}, {}), **known}
    scope |= {"payload": of_step.get("payload"), "flow": {"key": "flow", "version": 1}}
    subject.scope = {name: scope[name] for name in ("profile", "consents")}
    step = Step(
        **{
            **{"run_id": RUN, "flow": "flow", "version": 1, "node": "n1", "visit": 1, "now": NOON, "zone": "UTC"},
            **{"subject": subject, "scope": scope, **of_step},
        }
    )
    try:
        return node.run(step)
    except Unanswered as asked:
        return asked.ask
    except Failure as failure:
        return Fail(str(failure))


def refused(kind: str, settings: dict[str, Any]) -> dict[str, str]:
    """Say what is wrong with settings as somebody saves them: {field: message}; nothing where all is well."""
    found: list[Any] = []
    place = Place("flow", "UTC", found, node="n1")
    try:
        kinds[kind](read(kinds[kind].Settings, settings), place)
    except SettingsError as error:
        return {problem.path: problem.message for problem in error.problems}
    return {each.field.removeprefix("settings."): each.message for each in found if not each.is_warning}
