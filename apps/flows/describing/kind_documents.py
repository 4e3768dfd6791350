"""All that flows are made of, as JSON, for programs that let people draw them: kinds of nodes, triggers, rules.

Schemas are those of typed settings. What a node makes of its settings is added: which may refer to values (`x-fills`),
and of which kind a connection has to be (`x-connection-kind`).
"""

import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from typing import Any

import orjson

from apps.core.typed_settings import SettingsError, read, schema_of, settings_of
from apps.core.typed_settings.items import Items
from apps.flows.definition import everybody, shape
from apps.flows.definition.parts import TRIGGERS, Entry, Options, QuietHours, Retry, Trigger
from apps.flows.describing import node_pages, old_names
from apps.flows.describing.compiled_fields import compiled_by
from apps.flows.models import Flow
from apps.flows.node import Node, kinds


@cache
def whole() -> dict[str, Any]:
    """Return all of it; the version says something else as soon as anything of it does."""
    groups = node_pages.groups()
    found: dict[str, Any] = {
        "groups": [{"key": group.key, "title": group.title} for group in groups],
        "nodes": [_node(page) for group in groups for page in group.pages],
        "triggers": [_trigger(kind) for kind in TRIGGERS.values()],
        **{
            name: {"schema": schema_of(part)}
            for name, part in {"entry": Entry, "options": Options, "quiet_hours": QuietHours, "retry": Retry}.items()
        },
    }
    return {"version": sha256(orjson.dumps(found)).hexdigest()[:16], **found}


def ports(names: Iterable[str]) -> list[dict[str, str]]:
    """Return ports as people read them, the usual one first."""
    return [{"name": name, "label": name.replace("_", " ").replace("-", " ")} for name in names]


def ports_in(document: Any) -> dict[str, list[dict[str, str]]]:
    """Return the ports of the nodes of a definition, by their ids; without those whose settings cannot be read."""
    found = {}
    for part in shape.collect(document)[0].nodes:
        kind = kinds.get(part.kind)
        if kind is not None:
            with suppress(SettingsError):
                found[part.id] = ports(kind.ports_of(read(kind.Settings, part.settings)))
    return found


def _node(page: node_pages.Page) -> dict[str, Any]:
    kind = kinds[page.key]
    first = first_settings(kind)
    return {
        **{"key": page.key, "title": page.title, "group": page.group, "about": page.about[0]},
        "help": "\n".join(page.about),
        "old_names": old_names.leading_to(page.key),
        "is_wait": kind.is_wait,
        "is_end": kind.is_end,
        "is_join": compiled_by(kind).is_join,
        "needs_person": kind.needs_person,
        "channel": kind.channel,
        "effects": kind.effects.name.lower(),
        "effects_told": page.effects,
        "flow_kinds": [each.value for each in Flow.Kind if each is Flow.Kind.COLLECTION or everybody.fits(kind)],
        "schema": _schema(kind),
        "example": dict(kind.example),
        "settings": first,
        "ports": ports(_ports(kind, first)),
        "optional_ports": list(kind.optional_ports),
    }


def first_settings(kind: type[Node]) -> dict[str, Any]:
    """Return what a new node says: lists that may not be empty are the example's, all else is to be filled in."""
    lists = [each.name for each in settings_of(kind.Settings) if isinstance(each.kind, Items) and each.is_required]
    return {name: kind.example[name] for name in lists if name in kind.example}


def _ports(kind: type[Node], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ports of a new node, as if what it still asks for were filled in."""
    asked = {each.name: kind.example.get(each.name) for each in settings_of(kind.Settings) if each.is_required}
    needed = {name: value for name, value in asked.items() if value is not None}
    try:
        return kind.ports_of(read(kind.Settings, {**needed, **settings}))
    except SettingsError:
        return kind.ports_of(read(kind.Settings, kind.example))


def _schema(kind: type[Node]) -> dict[str, Any]:
    found = schema_of(kind.Settings)
    compiled = compiled_by(kind)
    for path, how in compiled.fills.items():
        _property(found, path)["x-fills"] = how
    for path, connection in compiled.connections.items():
        _property(found, path)["x-connection-kind"] = connection
    return found


def _property(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """Return what a schema says of a setting; below a list, of one of its objects: cases.condition."""
    first, _, rest = path.partition(".")
    found: dict[str, Any] = schema["properties"][first]
    return _property(found["items"], rest) if rest else found


def _trigger(kind: type[Trigger]) -> dict[str, Any]:
    schema = schema_of(kind)
    asked = [each for each in settings_of(kind) if each.name != "id"]
    about = inspect.cleandoc(kind.__doc__ or "")
    return {
        **{"key": kind.kind, "title": kind.kind.capitalize(), "about": about.partition("\n")[0], "help": about},
        "is_about_person": kind.is_about_person is True,
        "flow_kinds": [Flow.Kind.COLLECTION.value],
        "schema": {
            **schema,
            "properties": {name: said for name, said in schema["properties"].items() if name != "id"},
            "required": [name for name in schema["required"] if name != "id"],
        },
        "settings": {each.name: "" for each in asked if each.is_required},
    }
