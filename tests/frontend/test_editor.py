"""The editor of flows: its own tests, and what it takes for so unless a definition says something else."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.core.typed_settings import settings_of
from apps.flows.definition import drawing, parts, shape
from apps.flows.describing import kind_documents
from cdp.processes import BASE_DIR

EDITOR = BASE_DIR / "frontend"
DEFAULTS = json.loads((EDITOR / "src/model/defaults.json").read_text())
PARTS = {
    "entry": parts.Entry,
    "exit": parts.Exit,
    "goal": parts.GoalPart,
    "position": drawing.Position,
    "size": drawing.Size,
    "group": drawing.Group,
    "retry": parts.Retry,
    "edge": parts.Edge,
}


def test_its_model_passes_its_tests_and_knows_all_kinds(tmp_path: Path) -> None:
    told = tmp_path / "node_kinds.json"
    told.write_text(json.dumps(kind_documents.whole()))
    env = {**os.environ, "NODE_KINDS": str(told)}

    done = subprocess.run(["npm", "test", "--silent"], cwd=EDITOR, capture_output=True, text=True, timeout=250, env=env)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", PARTS)
def test_it_knows_the_defaults_of_each_part(name: str) -> None:
    assert DEFAULTS[name] == defaults_of(PARTS[name])


def test_it_knows_the_defaults_of_triggers() -> None:
    assert DEFAULTS["triggers"] == {kind: defaults_of(part) for kind, part in parts.TRIGGERS.items()}


def test_it_knows_the_defaults_of_a_flow_and_of_a_node() -> None:
    flow, node = DEFAULTS["definition"], DEFAULTS["node"]

    drawn: dict[str, Any] = {"notes": [], "groups": []}
    assert flow == {"triggers": [], "entry": {}, "quiet_hours": None, **drawn, **defaults_of(parts.Options)}
    bare = {"nodes": [{"id": "a", "kind": "start"}], "edges": []}
    assert shape.read({**bare, **flow}) == shape.read(bare)
    assert shape.read({**bare, "nodes": [{**bare["nodes"][0], **node}]}) == shape.read(bare)


def test_it_knows_the_defaults_of_notes_and_their_colours() -> None:
    bare = {"nodes": [], "edges": [], "notes": [{"id": "n"}]}

    assert DEFAULTS["note"] == defaults_of(drawing.NoteWords) | {"position": {}, "size": {}}
    assert shape.read({**bare, "notes": [{"id": "n", **DEFAULTS["note"]}]}) == shape.read(bare)
    assert DEFAULTS["colors"] == list(drawing.COLORS)


def test_it_knows_how_much_a_flow_may_have() -> None:
    assert DEFAULTS["limits"] == shape.LISTS
    longest = {"name": settings_by_name(drawing.Group)["name"], "text": settings_by_name(drawing.NoteWords)["text"]}
    assert DEFAULTS["longest"] == {name: setting.kind.max_length for name, setting in longest.items()}
    side = settings_by_name(drawing.Size)["width"].kind
    assert DEFAULTS["sides"] == {"least": side.least, "most": side.most}


def settings_by_name(cls: type) -> dict[str, Any]:
    return {setting.name: setting for setting in settings_of(cls)}


def defaults_of(cls: type) -> dict[str, Any]:
    declared = [setting for setting in settings_of(cls) if not setting.is_required]
    return {
        setting.name: None if setting.default is None else setting.kind.write(setting.default) for setting in declared
    }
