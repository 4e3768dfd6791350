"""The text of docs/event-types.md; `python -m tests.declares` writes it."""

from collections.abc import Iterator, Mapping
from itertools import chain, groupby
from typing import Any, Final

from apps.conditions.type_names import event_types
from apps.events import platform_events
from apps.events.event_types.compiling import as_list
from apps.events.event_types.default_types import load
from apps.events.event_types.operations import OPERATIONS
from apps.events.event_types.rules import PROPERTIES

_INTRODUCTION: Final = """\
# Event types

What the default event types mean: which properties they carry, which of them become searchable traits of the event,
and what they tell about the profile. Events of other types are taken too; they are kept as they came, until somebody
says in an event type of their own what they mean. This page is generated from `apps/events/event_types/default_types/`,
and from what apps declare that the platform itself says (`platform_events.py`).

## How an event type is defined

| key | meaning |
|---|---|
| `journey` | the customer journey state of the event: a word, or one for the `first_visit` and one for `later_visits` |
| `tags` | tags that the event gets |
| `properties` | what a sender may send, with types in place of values; a `number` that is none is a warning |
| `traits` | path of the trait: path of the property it is copied from, or a list of which the first sent one is taken |
| `defaults` | path of a property: what its traits hold when the sender does not send it |
| `redact` | path of a property: `drop` it, or keep the `last4` digits of a card number, before anything is stored |
| `profile` | path in the profile: `{operation: source}`, with `when: condition` if it depends; an operation alone \
takes the trait of the same path, and a list holds several rules for one field |
| `compute` | `{path: {percentage: [part, whole]}}` of two fields of the profile, when the event changed it; or \
`{interests: {operation: value, name: property, default: value}}` for the interest that a property names |

Operators add to that in the admin, and change it: an entry of theirs replaces the built-in one of the same trait or
field, or switches it off; tags are joined, and redactions can only be added. A new version renews the definitions and
leaves what operators said. [validation.md](validation.md) has the rest of what they can say.

Paths are dotted, with numbers for list items (`location.0`); a backslash keeps a dot in a key. A source that begins
with `properties.` is a property, any other a trait of the event. Conditions look at `event@` and `profile@`.

| operation | what it does to the field | again |
|---|---|---|
@OPERATIONS@

*Again* are operations that may be repeated for events that are stored, with the same result; the others count events.

What was not sent changes nothing; 0, false and the empty text are values. An event that happened before the field got
its value does not set, fill or remove it, in whatever order events arrive; sums, lists and extremes always count. A
value that does not fit a field is noted on the event as a problem, and the other fields are written all the same. No
mapping touches consents: `consent-update` and `consent-recorded` events alone decide about them, as
[privacy.md](privacy.md) says.
"""


_OPERATIONS: Final = {
    "equals": "sets it; null empties it",
    "equals_if_not_exists": "sets it if it is absent, null, blank or an empty list",
    "first": "keeps what the oldest event said, whenever it arrives",
    "append": "adds to a list, of at most 1,000 items",
    "append_unique": "adds to a list what is not yet in it, in order of arrival",
    "remove": "takes out of a list what the event names, as often as it is there",
    "increment": "adds the number in the rule",
    "decrement": "subtracts the number in the rule",
    "add": "adds the number that the event brings, exactly",
    "subtract": "subtracts it",
    "min": "keeps the lesser of two numbers or texts",
    "max": "keeps the greater",
    "first_time": "keeps the time of the oldest event",
    "last_time": "keeps the time of the newest event",
    "delete": "removes it",
}


def as_markdown() -> str:
    """Return the text of docs/event-types.md."""
    definitions = load().values()
    rows = (
        f"| `{name}` | {meaning} | {'yes' if OPERATIONS[name].is_repeatable else 'no'} |"
        for name, meaning in _OPERATIONS.items()
    )
    lines = [_INTRODUCTION.replace("@OPERATIONS@", "\n".join(rows))]
    for group, members in groupby(definitions, key=lambda definition: str(definition["group"])):
        lines += [f"## {group.capitalize()}", ""]
        for definition in members:
            lines += [*_type(definition), ""]
    return "\n".join(lines).rstrip() + "\n"


def _type(definition: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{definition['id']}`"
    yield ""
    yield f"{definition['name']}. {_summary(definition)}"
    same = [f"`{name}`" for name in event_types([definition["id"]]) if name != definition["id"]]
    if definition["id"] in platform_events.types():
        yield "The platform itself says it, and nobody else can."
    if same:
        yield f"Means the same as {', '.join(same)}: conditions and computed traits that name one ask about both."
    rows = [*_rows(definition)]
    if rows:
        yield from ("", "| property | trait of the event | field of the profile |", "|---|---|---|", *rows)
    for target, spec in definition.get("compute", {}).items():
        yield from ("", f"Computed: `{target}` {_computation(spec)}.")


def _summary(definition: Mapping[str, Any]) -> str:
    journey = definition.get("journey")
    if isinstance(journey, Mapping):
        journey = f"{journey['first_visit']} on the first visit, {journey['later_visits']} on later ones"
    tags = ", ".join(f"`{tag}`" for tag in definition.get("tags", []))
    return f"Journey: {journey or 'none'}. Tags: {tags or 'none'}."


def _rows(definition: Mapping[str, Any]) -> Iterator[str]:
    """List each property with what becomes of it, then what happens to the profile without one."""
    traits = {trait: as_list(sources) for trait, sources in definition.get("traits", {}).items()}
    fields = [(f"`{target}`", *_source(target, spec)) for target, spec in definition.get("profile", {}).items()]
    declared = _leaves(definition.get("properties", {}))
    of_fields = [source.removeprefix(PROPERTIES) for _, _, source in fields if source.startswith(PROPERTIES)]
    for path in dict.fromkeys([*declared, *chain(*traits.values()), *of_fields]):
        own = [trait for trait, sources in traits.items() if path in sources]
        said = (PROPERTIES + path, *own)
        changed = ", ".join(f"{target} {name}" for target, name, source in fields if source in said)
        named = ", ".join(map("`{}`".format, own))
        yield f"| `{path}`{_note(definition, path)} | {named} | {changed} |"
    for target, name, source in fields:
        if not source:
            yield f"| | | {target} {name} |"


def _note(definition: Mapping[str, Any], path: str) -> str:
    redaction = {"drop": " (never kept)", "last4": " (last four digits)"}
    if path in definition.get("redact", {}):
        return redaction[definition["redact"][path]]
    return f" (default `{definition['defaults'][path]}`)" if path in definition.get("defaults", {}) else ""


def _leaves(shape: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in shape.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _source(target: str, spec: Any) -> tuple[str, str]:
    """Return the operation in words and the path it takes its value from, blank when it takes none."""
    if isinstance(spec, str):
        return spec, "" if spec == "delete" else target
    [(name, source)] = ((key, value) for key, value in spec.items() if key != "when")
    when = f" when `{spec['when']}`" if "when" in spec else ""
    return (f"{name}{when}", source) if isinstance(source, str) else (f"{name} {source}{when}", "")


def _computation(spec: Mapping[str, Any]) -> str:
    if "percentage" in spec:
        part, whole = spec["percentage"]
        return f"is `{part}` in percent of `{whole}`, 0 without any"
    [operation] = spec.keys() - {"name", "default"}
    return f"`{operation}` by `{spec[operation]}` (default {spec['default']}), for the one that `{spec['name']}` names"
