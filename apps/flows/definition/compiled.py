"""Versions compiled, and kept: they never change."""

import threading
from collections import OrderedDict
from typing import Final
from uuid import UUID

from apps.core.memory import Memory
from apps.flows import node
from apps.flows.definition import making, shape
from apps.flows.definition.making import START, Identity, Kinds
from apps.flows.definition.parts import Definition
from apps.flows.definition.problems import Problem, Problems
from apps.flows.engine.graph import Compiled
from apps.flows.models import FlowVersion

_MOST: Final = 500  # versions that are kept


class _Versions(Memory):
    """The versions that were used last."""

    def __init__(self) -> None:
        super().__init__()
        self._found: OrderedDict[UUID, Compiled] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, id: UUID) -> Compiled | None:
        with self._lock:
            found = self._found.get(id)
            if found is not None:
                self._found.move_to_end(id)
            return found

    def put(self, id: UUID, compiled: Compiled) -> None:
        with self._lock:
            self._found[id] = compiled
            if len(self._found) > _MOST:
                self._found.popitem(last=False)

    def forget(self) -> None:
        """Compile anew."""
        with self._lock:
            self._found.clear()


_versions: Final = _Versions()


def kept(version_id: UUID) -> Compiled | None:
    """Return a version that is compiled already."""
    return _versions.get(version_id)


def compile(version: FlowVersion) -> Compiled:
    """Return a version as the engine walks it. Raises Problems where it cannot be compiled, by a node that is gone."""
    found = _versions.get(version.pk)
    if found is None:
        flow = version.flow
        identity = Identity(flow.key, flow.name, flow.pk, version.pk, version.number)
        found = made_of(shape.read(version.definition), identity)
        _versions.put(version.pk, found)
    return found


def made_of(definition: Definition, identity: Identity, *, kinds: Kinds | None = None) -> Compiled:
    """Compile a definition that was checked when it was saved. Raises Problems."""
    problems: list[Problem] = []
    place = making.place_of(definition, identity, problems, is_stored=True)
    made = making.make_nodes(definition, place, node.kinds if kinds is None else kinds)
    start = next((each.part.id for each in made.values() if each.part.kind == START), None)
    if start is None:
        problems.append(Problem("There is no start.", field="nodes"))
    spots = making.graph(definition, made)
    if problems or start is None:
        raise Problems(problems)
    compiled = making.whole(definition, identity, spots, place, start)
    if problems:
        raise Problems(problems)
    return compiled
