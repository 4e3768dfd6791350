"""What holds of every kind of node, ours and others'."""

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.typed_settings import SettingsError, read, schema_of, settings_of, write
from apps.flows import testing
from apps.flows.definition.connections import NOBODY
from apps.flows.definition.placing import Place
from apps.flows.definition.problems import Problem
from apps.flows.engine.moves import Ask, End, Fail, Go, Move, Stay
from apps.flows.node import Effects, Node, kinds
from tests.flows.nodes import drawn
from tests.laws import examples

KINDS = sorted(kinds)
MOST_SECS = 1.0  # of the processor, that a node may take for anything: some take 20 ms


@pytest.fixture(autouse=True)
def _connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each connection be there: that one has to be is tested where nodes have one."""
    monkeypatch.setattr(Place, "connection", lambda *_args, **_named: NOBODY)
    monkeypatch.setattr(Place, "address", lambda *_args: NOBODY)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_is(kind: str) -> None:
    node = kinds[kind]

    assert all((node.title, node.icon, node.group, node.__doc__, node.order))
    for setting in settings_of(node.Settings):
        assert setting.label
    assert json.loads(json.dumps(schema_of(node.Settings)))["type"] == "object"


@pytest.mark.parametrize("kind", KINDS)
def test_its_example_can_be_read_and_written_again(kind: str) -> None:
    said = read(kinds[kind].Settings, kinds[kind].example)

    assert read(kinds[kind].Settings, write(said)) == said
    assert testing.make(kind, dict(kinds[kind].example))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_with_settings_is_told_by_the_field(kind: str) -> None:
    example = dict(kinds[kind].example)
    for setting in settings_of(kinds[kind].Settings):
        if setting.name not in example or (setting.kind.takes_null and not setting.check):
            continue  # any JSON will do
        wrong: Any = ["no", ["such", "thing"]]
        with pytest.raises(SettingsError) as refused:
            read(kinds[kind].Settings, {**example, setting.name: wrong})
        assert setting.name in {problem.path.partition(".")[0] for problem in refused.value.problems}
    assert testing.refused(kind, {**example, "nonsense": 1}).keys() == {"nonsense"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_a_template_that_cannot_be_is_told_by_the_field(kind: str) -> None:
    for path, mistaken in with_mistakes(dict(kinds[kind].example)):
        refused = testing.refused(kind, mistaken)

        assert not refused or any(f"{name}.".startswith(f"{path}.") for name in refused)


def with_mistakes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield settings with a template in which nothing makes sense, and the path at which it is."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, str) and "{{" in each:
            yield str(key), _with(value, key, "{{ nonsense }}")
        elif isinstance(each, dict | list):
            for path, inner in with_mistakes(each):
                yield f"{key}.{path}", _with(value, key, inner)


def _with(value: Any, key: Any, each: Any) -> Any:
    copy = value.copy()
    copy[key] = each
    return copy


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(50, nightly=10_000))
@given(st.data())
def test_whatever_it_is_told_it_does_what_it_declares(kind: str, data: st.DataObject) -> None:
    found = made(kind, data.draw(drawn.documents(kind)))
    if found is None:
        return
    node = found.node
    known: dict[str, Any] = {
        "event": {"type": "t", "id": "1", "properties": data.draw(drawn.OBJECTS)},
        "profile": {"id": "p", "segments": [], "data": {}, "traits": data.draw(drawn.OBJECTS)},
        "payload": data.draw(drawn.JSON),
        "profile_id": testing.PROFILE if node.needs_person else data.draw(st.sampled_from([testing.PROFILE, None])),
    }
    move = asked(node, known, data)
    check(found, move)
    if isinstance(move, Stay):
        now = data.draw(st.sampled_from([move.until or testing.NOON, testing.NOON]))
        check(found, asked(node, {**known, "kept": move.kept, "wake": data.draw(drawn.WAKES), "now": now}, data))


class Made(NamedTuple):
    """A node, with what its settings say."""

    node: Node
    ports: tuple[str, ...]
    awaited: frozenset[str]


def made(kind: str, document: dict[str, Any]) -> Made | None:
    """Make a node of settings, which stay the same as they are written and read; nothing, if they cannot be.

    What is wrong then names a field.
    """
    declared, problems = kinds[kind], list[Problem]()
    names = {each.name for each in settings_of(declared.Settings)} | document.keys()
    said = Place("flow", "UTC", problems, node="n1").settings(declared.Settings, document)
    if said is None:
        assert fields(problems) <= names
        return None
    assert read(declared.Settings, write(said)) == said
    node = declared(said, Place("flow", "UTC", problems, is_stored=True, node="n1"))
    assert fields(problems) <= names
    is_refused = any(not each.is_warning for each in problems)
    return None if is_refused else Made(node, declared.ports_of(said), frozenset(declared.awaited_by(said)))


def fields(problems: list[Problem]) -> set[str]:
    """Return the settings of which something is told."""
    assert all(each.message for each in problems)
    return {each.field.removeprefix("settings.").partition(".")[0] for each in problems}


def asked(node: Node, known: dict[str, Any], data: st.DataObject) -> Move:
    """Ask, and answer what the node asks, as often as it does; it says the same each time, and soon."""
    for _ in range(10):
        began = time.process_time()
        move = testing.ask(node, **known)
        assert time.process_time() - began < MOST_SECS
        assert testing.ask(node, **known) == move
        if not isinstance(move, Ask):
            return move
        answer = data.draw(drawn.ANSWERS[move.kind])
        if move.kind in ("holds", "counted"):  # by the field that asks
            known = {**known, "held": dict.fromkeys(("condition", "value"), answer)}
        else:
            known = {**known, "answer": answer, "kept": move.kept or known.get("kept")}
    raise AssertionError("It asks without end.")


def check(node: Made, move: Move) -> None:
    """Look whether a move is one of those that the node declares."""
    assert isinstance(move, Go | Stay | Fail | End)
    if isinstance(move, Fail | End):
        assert move.reason or isinstance(move, End)
        return
    effects = node.node.effects
    sent = move.sent if isinstance(move, Go) else filter(None, [move.sent])
    for each in sent:
        assert effects is Effects.EXTERNAL
        orjson.dumps(each.request)
    if isinstance(move, Stay):
        assert node.node.is_wait or move.leaves_inline
        assert {each.type for each in move.events} <= node.awaited
        orjson.dumps(move.kept)
        return
    assert move.port in node.ports
    raised = () if node.node.is_wait else move.raised  # each wait may say that it is over
    if any((move.changes, move.memberships, raised, move.started, move.response, move.ux)):
        assert effects is not Effects.PURE
    orjson.dumps([move.payload, dict(move.memory), dict(move.response), list(move.ux)])
    orjson.dumps([[change.value for change in move.changes], [dict(raised.properties) for raised in move.raised]])
