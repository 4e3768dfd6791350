"""What is wrong with a definition: all of it at once, each with the node, edge or trigger, and the field."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A place in a definition, and whole sentences about it."""

    message: str
    node: str = ""
    edge: str = ""  # from.port -> to
    trigger: str = ""
    field: str = ""  # settings.url, entry.key, goals.0.name
    is_warning: bool = False  # it can be published all the same

    def __str__(self) -> str:
        """Name the place, and say what is wrong."""
        named = (("Node", self.node), ("Edge", self.edge), ("Trigger", self.trigger))
        place = ", ".join([*(f"{word} {name}" for word, name in named if name), *([self.field] if self.field else [])])
        return f"{place}: {self.message}" if place else self.message


class Problems(ValueError):
    """A definition is wrong; `problems` names all places."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(map(str, self.problems)))
