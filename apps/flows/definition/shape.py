"""From a document to a definition; what cannot be read is named, and the rest is read all the same."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeVar

from apps.core import typed_settings
from apps.core.typed_settings import SettingsError
from apps.flows.definition.drawing import Group, Note, NoteWords, Position, Size
from apps.flows.definition.part_ids import check_id
from apps.flows.definition.parts import (
    TRIGGERS,
    Definition,
    Edge,
    Entry,
    Exit,
    NodePart,
    Options,
    QuietHours,
    Retry,
    Trigger,
)
from apps.flows.definition.problems import Problem, Problems

MAX_NODES: Final = 500
MAX_EDGES: Final = 2_000
MAX_TRIGGERS: Final = 20
MAX_NOTES: Final = 200
MAX_GROUPS: Final = 100
LISTS: Final = {
    "nodes": MAX_NODES,
    "edges": MAX_EDGES,
    "triggers": MAX_TRIGGERS,
    "notes": MAX_NOTES,
    "groups": MAX_GROUPS,
}
_OPTIONS: Final = tuple(setting.name for setting in typed_settings.settings_of(Options))
_KEYS: Final = (*LISTS, "entry", "quiet_hours", *_OPTIONS)
_NODE_KEYS: Final = ("id", "kind", "name", "settings", "position", "on_error", "retry", "is_disabled")
_PLACE: Final = ("position", "size")
_ON_ERROR: Final = ("fail", "continue")
NAMELESS: Final = '""'  # a key without a name, as it stands in the document
_MAX_NAME: Final = 120
T = TypeVar("T")


def read(document: object) -> Definition:
    """Read a definition. Raises Problems, with all that is wrong with its shape."""
    definition, problems = collect(document)
    if problems:
        raise Problems(problems)
    return definition


def collect(document: object) -> tuple[Definition, list[Problem]]:
    """Read what can be read of a definition, and say what is wrong with the rest."""
    reader = _Reader()
    if not isinstance(document, Mapping):
        reader.refuse("Expected an object.")
        document = {}
    return reader.whole(document), reader.problems


@dataclass(slots=True)
class _Reader:
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, message: str, *, node: str = "", trigger: str = "", field: str = "") -> None:
        self.problems.append(Problem(message, node=node, trigger=trigger, field=field))

    def whole(self, document: Mapping[str, Any]) -> Definition:
        self._unknown(document, _KEYS)
        options = {key: document[key] for key in _OPTIONS if key in document}
        nodes = [self._node(at, given) for at, given in enumerate(self._list(document, "nodes"))]
        triggers = [self._trigger(at, given) for at, given in enumerate(self._list(document, "triggers"))]
        edges = [self._edge(at, given) for at, given in enumerate(self._list(document, "edges"))]
        found = Definition(
            nodes=tuple(self._unique(filter(None, nodes), "node")),
            edges=tuple(filter(None, edges)),
            triggers=tuple(self._unique(filter(None, triggers), "trigger")),
            entry=self._part(Entry, document.get("entry") or {}, "entry") or typed_settings.read(Entry, {}),
            options=self._part(Options, options, "") or Options(),
            quiet_hours=self._quiet_hours(document.get("quiet_hours")),
        )
        self._differ("exits", found.options.exits)
        self._differ("goals", found.options.goals)
        notes, groups = self._drawn(document, {node.id for node in found.nodes})
        options_named = replace(found.options, exits=_named(found.options.exits))
        return replace(found, options=options_named, notes=notes, groups=groups)

    def _drawn(self, document: Mapping[str, Any], nodes: Container[str]) -> tuple[tuple[Note, ...], tuple[Group, ...]]:
        notes = [self._note(given, f"notes.{at}") for at, given in enumerate(self._list(document, "notes"))]
        groups = [self._part(Group, given, f"groups.{at}") for at, given in enumerate(self._list(document, "groups"))]
        self._differ("notes", notes)
        self._differ("groups", groups)
        self._grouped(groups, nodes)
        return tuple(filter(None, notes)), tuple(filter(None, groups))

    def _differ(self, name: str, parts: Iterable[Exit | Note | Group | None]) -> None:
        """Refuse parts of one id."""
        ids = [part.id if part else "" for part in parts]
        for at, id in enumerate(ids):
            if id and id in ids[:at]:
                self.refuse(f"There are two {name} {id}.", field=f"{name}.{at}.id")

    def _grouped(self, groups: Iterable[Group | None], nodes: Container[str]) -> None:
        """Refuse groups of what there is not, and a node that is in several."""
        found: dict[str, str] = {}
        for at, group in enumerate(groups):
            if group is None:
                continue
            for id in group.nodes:
                if id not in nodes:
                    self.refuse(f"There is no node {id}.", field=f"groups.{at}.nodes")
                elif id in found:
                    self.refuse(f"The node {id} is in the group {found[id]} already.", field=f"groups.{at}.nodes")
                found.setdefault(id, group.id)

    def _unknown(self, document: Mapping[str, Any], known: Iterable[str], path: str = "", **place: str) -> None:
        for problem in typed_settings.unknown(document, list(known), "key"):
            self.refuse(problem.message, field=f"{path}{problem.path or NAMELESS}", **place)

    def _list(self, document: Mapping[str, Any], name: str) -> list[Any]:
        given = document.get(name)
        if given is None:
            return []
        if not isinstance(given, list):
            self.refuse("Expected a list.", field=name)
            return []
        if len(given) > LISTS[name]:
            self.refuse(f"At most {LISTS[name]:,} of them, not {len(given):,}.", field=name)
        return given[: LISTS[name]]

    def _part(self, cls: type[T], given: object, path: str, **place: str) -> T | None:
        """Read an object, and name what is wrong below its path."""
        try:
            return typed_settings.read(cls, given)
        except SettingsError as error:
            for problem in error.problems:
                self.refuse(problem.message, field=".".join(filter(None, (path, problem.path))), **place)
        return None

    def _unique(self, parts: Iterable[T], word: str) -> Iterable[T]:
        found: dict[str, T] = {}
        for part in parts:
            id = str(getattr(part, "id", ""))
            if id in found:
                self.refuse(f"There are two {word}s {id}.", field="id", **{word: id})
            found.setdefault(id, part)
        return found.values()

    def _node(self, at: int, given: object) -> NodePart | None:
        if not isinstance(given, Mapping):
            self.refuse("Expected an object.", field=f"nodes.{at}")
            return None
        id = self._id(given.get("id"), f"nodes.{at}")
        if id is None:
            return None
        self._unknown(given, _NODE_KEYS, node=id)
        kind, name, settings = given.get("kind"), given.get("name", ""), given.get("settings", {})
        if not isinstance(kind, str) or not kind:
            self.refuse("This has to be filled in.", node=id, field="kind")
            kind = ""
        if not isinstance(name, str) or len(name) > _MAX_NAME:
            self.refuse(f"Expected a text of at most {_MAX_NAME} characters.", node=id, field="name")
            name = ""
        if not isinstance(settings, Mapping):
            self.refuse("Expected an object.", node=id, field="settings")
            settings = {}
        on_error = given.get("on_error", "fail")
        if on_error not in _ON_ERROR:
            self.refuse(f"Expected one of {', '.join(_ON_ERROR)}.", node=id, field="on_error")
        position = self._part(Position, given.get("position", {}), "position", node=id) or Position()
        retry = self._part(Retry, given.get("retry", {}), "retry", node=id) or Retry()
        is_disabled = given.get("is_disabled", False)
        if not isinstance(is_disabled, bool):
            self.refuse("Expected true or false.", node=id, field="is_disabled")
        return NodePart(id, kind, name, settings, position, str(on_error), retry, is_disabled is True)

    def _note(self, given: object, path: str) -> Note | None:
        said = {name: given[name] for name in given if name not in _PLACE} if isinstance(given, Mapping) else given
        words, place = self._part(NoteWords, said, path), given if isinstance(given, Mapping) else {}
        position = self._part(Position, place.get("position", {}), f"{path}.position") or Position()
        size = self._part(Size, place.get("size", {}), f"{path}.size") or Size()
        return Note(words, position, size) if words else None

    def _id(self, given: object, path: str) -> str | None:
        try:
            if not isinstance(given, str):
                raise ValueError("This has to be filled in." if given is None else "Expected a text.")
            check_id(given)
        except ValueError as error:
            self.refuse(str(error), field=f"{path}.id")
            return None
        return given

    def _trigger(self, at: int, given: object) -> Trigger | None:
        path = f"triggers.{at}"
        if not isinstance(given, Mapping):
            self.refuse("Expected an object.", field=path)
            return None
        id, kind = self._id(given.get("id"), path), given.get("kind")
        if id is None:
            return None
        if not isinstance(kind, str) or kind not in TRIGGERS:
            self.refuse(f"Expected one of {', '.join(TRIGGERS)}.", trigger=id, field="kind")
            return None
        return self._part(TRIGGERS[kind], {key: given[key] for key in given if key != "kind"}, "", trigger=id)

    def _edge(self, at: int, given: object) -> Edge | None:
        return self._part(Edge, given, f"edges.{at}")

    def _quiet_hours(self, given: object) -> QuietHours | Literal["none"] | None:
        if given is None:
            return None
        if given == "none":
            return "none"
        return self._part(QuietHours, given, "quiet_hours")


def _named(exits: Sequence[Exit]) -> tuple[Exit, ...]:
    """Return exits that all have an id: those that say none are known by their place."""
    taken = {each.id for each in exits}
    found = []
    for at, each in enumerate(exits, 1):
        id = each.id or f"exit-{at}"
        while not each.id and id in taken:
            id += "-"
        taken.add(id)
        found.append(replace(each, id=id))
    return tuple(found)
