"""The event types that every installation starts with: data in YAML files, one for each group; and the platform's own.

docs/event-types.md says what the keys mean, and lists them all.
"""

from importlib import resources
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured

from apps.events import platform_events


def load() -> dict[str, dict[str, Any]]:
    """Return {id: definition} of the default event types, by group, and within a group in the order of its file.

    Raises ImproperlyConfigured for a type that a file has and an app declares.
    """
    found = _read()
    for type_, event in platform_events.DECLARED.items():
        if type_ in found:
            place = platform_events.DECLARED.place_of(type_)
            message = f"There are two event types {type_}: in {found[type_]['group']}.yaml and {place}."
            raise ImproperlyConfigured(message)
        found[type_] = event.definition
    return dict(sorted(found.items(), key=lambda item: str(item[1]["group"])))


def _read() -> dict[str, dict[str, Any]]:
    files = sorted(
        (file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml")),
        key=lambda file: file.name,
    )
    found = {
        type_: {"id": type_, "group": file.name.removesuffix(".yaml"), **definition}
        for file in files
        for type_, definition in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).items()
    }
    for type_, definition in found.items():
        if "like" in definition:  # apps/conditions/type_names.py says that both mean the same
            other = found[definition.pop("like")]
            found[type_] = other | definition
    return found
