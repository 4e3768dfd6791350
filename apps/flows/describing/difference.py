"""What has changed from one definition to another, in words: the note that somebody reads before they publish."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps.core.audit import differences
from apps.flows.changing import publishing
from apps.flows.describing import words

_LISTS: Final = {"triggers": "trigger", "exits": "exit rule", "goals": "goal"}
_OF_NODES: Final = ("position", "is_disabled")  # what is told otherwise, or not at all
# Where things stand on the board, and what is written beside them, is nobody's business but its painter's.
_SILENT: Final = ("nodes", "edges", "notes", "groups", *_LISTS)
Document = Mapping[str, Any]


def in_words(before: Document, after: Document) -> list[str]:
    """Return what is new, gone and different, a sentence each; nothing where both say the same."""
    return [
        *_nodes(before, after),
        *_edges(before, after),
        *(line for name, title in _LISTS.items() for line in _listed(name, title, before, after)),
        *_settings(before, after),
    ]


def _nodes(before: Document, after: Document) -> Iterator[str]:
    old, new = _by_id(before, "nodes"), _by_id(after, "nodes")
    for id in new.keys() - old.keys():
        yield f"New: {named(new[id])}."
    for id in old.keys() - new.keys():
        yield f"Gone: {named(old[id])}."
    for id in (id for id in new if id in old):
        one, other = (
            {name: value for name, value in node.items() if name not in _OF_NODES} for node in (old[id], new[id])
        )
        if bool(old[id].get("is_disabled")) != bool(new[id].get("is_disabled")):
            now = "is disabled: people pass it" if new[id].get("is_disabled") else "is not disabled any more"
            yield f"{named(new[id])} {now}."
        yield from (
            f"{named(other)}: {_changed(path, change, other)}" for path, change in differences(one, other).items()
        )


def _edges(before: Document, after: Document) -> Iterator[str]:
    old, new = _edges_of(before), _edges_of(after)
    names = _by_id(before, "nodes") | _by_id(after, "nodes")
    kept = _by_id(after, "nodes").keys()  # whatever led to what is gone is gone with it
    gone = sorted(edge for edge in old - new if edge[0] in kept and edge[2] in kept)
    for verb, found in (("now leads on", sorted(new - old)), ("leads on no more", gone)):
        for source, port, target in found:
            one, other = (named(names.get(id, {"id": id})) for id in (source, target))
            yield f"{one} by “{port}” {verb} to {other}."


def _listed(name: str, title: str, before: Document, after: Document) -> Iterator[str]:
    old, new = _by_id(before, name), _by_id(after, name)

    def said(part: Document) -> str:
        return words.trigger(part) if name == "triggers" else words.value(dict(part))

    for id in (id for id in new if id not in old):
        yield f"New {title}: {said(new[id])}"
    for id in (id for id in old if id not in new):
        yield f"No {title} any more: {said(old[id])}"
    for id in (id for id in new if id in old and old[id] != new[id]):
        yield f"The {title} was: {said(old[id])} It is: {said(new[id])}"


def _settings(before: Document, after: Document) -> Iterator[str]:
    one, other = ({name: value for name, value in each.items() if name not in _SILENT} for each in (before, after))
    for path, change in differences(one, other).items():
        yield f"{path}: {words.value(change['before'])} became {words.value(change['after'])}."


def _changed(path: str, change: Mapping[str, Any], node: Document) -> str:
    return f"{_label(path, node)}: {words.value(change['before'])} became {words.value(change['after'])}."


def _label(path: str, node: Document) -> str:
    return path.removeprefix("settings.").replace("_", " ")


def named(node: Document) -> str:
    """Return what people call a node: its own name, or its kind's, with its id."""
    return f"{publishing.name_of(node)} ({node.get('id')})"


def _by_id(document: Document, name: str) -> dict[str, Document]:
    found = document.get(name)
    each = [part for part in found if isinstance(part, Mapping)] if isinstance(found, list) else []
    if name == "exits":  # what they say is theirs: ids came later
        each = [{key: value for key, value in part.items() if key != "id"} for part in each]
    return {str(part.get("id") or sorted(part.items(), key=str)): part for part in each}


def _edges_of(document: Document) -> set[tuple[str, str, str]]:
    found = document.get("edges")
    each = [part for part in found if isinstance(part, Mapping)] if isinstance(found, list) else []
    return {(str(part.get("from")), str(part.get("port", "out")), str(part.get("to"))) for part in each}
