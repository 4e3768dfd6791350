"""From what a sender sends to what the platform works with: templates that give an event other properties."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.core import templating
from apps.core.templating import Scope, Template, TemplateError

ROOTS: Final = ("event", "session", "payload")
PARTS: Final = ("properties", "context")


@dataclass(frozen=True, slots=True)
class Reshape:
    """The compiled templates of an event type, one for each part of the event that they replace."""

    parts: tuple[tuple[str, Template], ...]

    def fill(self, scope: Scope) -> dict[str, dict[str, Any]]:
        """Return the parts that are replaced, each with its new content. Raises TemplateError for what is no object."""
        filled = {}
        for name, template in self.parts:
            filled[name] = template(scope)
            if not isinstance(filled[name], dict):
                raise TemplateError(f"reshape.{name}", "The template gives no object; the event stays as it was sent.")
        return filled


def compile_reshape(template: Mapping[str, Any]) -> Reshape:
    """Compile `{properties: template, context: template}`. Raises TemplateError that names the place of the mistake."""
    for name, part in template.items():
        if name not in PARTS:
            raise TemplateError(name, f"Only {' and '.join(PARTS)} are reshaped.")
        if not isinstance(part, Mapping | str):
            raise TemplateError(name, "Expected an object, or a reference to one.")
    compiled = ((name, templating.compile(part, roots=ROOTS, at=name)) for name, part in template.items())
    return Reshape(tuple(compiled))
