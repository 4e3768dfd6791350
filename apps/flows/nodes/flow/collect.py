"""Gather what comes along, one after the other."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, template, text
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import check_name
from apps.flows.templates.channels import text_of

MAX_ITEMS: Final = 1_000
MAX_KEY: Final = 200
LIST, OBJECT = "list", "object"


@register
class Collect(Node):
    """Each time that the run comes here, what it brings is added to a list in its memory, or to an object by a key.

    So what several branches, or rounds of a circle, have found out comes together: memory@collected. There is room for
    1,000 items. In an object a key that is there already gets the new value.
    """

    key, group, title, icon, order = "collect", "flow", "Collect", "playlist_add", 65
    has_error_port = True
    example = {"value": "event@properties.code", "into": "codes"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is added to what."""

        value: Any = template("Value", default="payload@", help="JSON, or a reference. Null is added, too.")
        shape: str = choice("Into", {LIST: "A list", OBJECT: "An object, by a key"}, default=LIST)
        key_of: str = text("Key", when=("shape", OBJECT), help="A text with {{ }}: {{ event@properties.order_id }}.")
        into: str = text(
            "Name", default="collected", max_length=60, check=check_name, help="In the memory: memory@collected."
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._value = place.value("value", settings.value)
        self._key = place.value("key_of", settings.key_of)

    def run(self, step: Step) -> Move:
        """Add it."""
        name, is_list = self._settings.into, self._settings.shape == LIST
        before = step.scope["memory"].get(name)
        if before is None:
            before = [] if is_list else {}
        if not isinstance(before, list if is_list else dict):
            return Fail(f"Something else than {'a list' if is_list else 'an object'} has this name in the memory.")
        value = self._value(step.scope)
        if isinstance(before, list):
            return _kept(name, [*before, value])
        key = text_of(self._key(step.scope)).strip()
        if not key or len(key) > MAX_KEY:
            return Fail(f"The key is missing, or longer than {MAX_KEY} characters.")
        return _kept(name, {**before, key: value})


def _kept(name: str, collected: list[Any] | dict[str, Any]) -> Move:
    if len(collected) > MAX_ITEMS:
        return Fail(f"There are more than {MAX_ITEMS:,} items.")
    return Go(memory={name: collected})
