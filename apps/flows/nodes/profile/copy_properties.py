"""Keep what an event says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from apps.core.typed_settings import choice, text, texts
from apps.flows.engine.moves import Change, Failure, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.data.given import given
from apps.flows.nodes.profile.named_keys import below, check_below

MAX_PROPERTIES: Final = 100
_OPERATIONS: Final = {"equals": "is set to it", "equals_if_not_exists": "is set to it, if empty"}


@register
class CopyProperties(Node):
    """Properties of the event are copied to the profile under their names, all of them or those that are named.

    It is for what is not known before: forms whose fields change, answers to questions. They go below a part of traits,
    interests or stats; fields that have a place of their own are set by Set fields. All are copied or, where there is
    no room for one, none. What is null is left out.
    """

    key, group, title, icon, order = "copy-properties", "profile", "Copy properties", "content_copy", 14
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {"below": "traits.survey", "names": ["size", "colour"]}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is copied, and whereto."""

        from_: str = given("From", default="event@properties", help="An object: event@properties, payload@answer.json.")
        below: str = text("Below", default="traits", help="Such as traits, or traits.survey.")
        names: tuple[str, ...] = texts("Properties", default=(), help="Their names. Empty: all.")
        operation: str = choice("Each field", _OPERATIONS, default="equals")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._operation, self._names = settings.operation, settings.names
        self._below = check_below(place, "below", settings.below, settings.operation)
        self._from = place.value("from", settings.from_)

    def run(self, step: Step) -> Move:
        """Copy them."""
        found = self._from(step.scope)
        if not isinstance(found, Mapping):
            raise Failure("There is no object to copy from.")
        wanted = {name: found.get(name) for name in self._names} if self._names else found
        said = {name: value for name, value in wanted.items() if value is not None}
        if len(said) > MAX_PROPERTIES:
            raise Failure(f"The object has more than {MAX_PROPERTIES} properties.")
        return Go(changes=tuple(Change(self._operation, below(self._below, name), said[name]) for name in said))
