"""What is made of each kind of node, by functions that register themselves: one for each kind."""

from collections.abc import Callable
from typing import Any, TypeVar

from apps.conditions.tree import Node

Made = TypeVar("Made")
Maker = TypeVar("Maker", bound=Callable[..., Any])


class Makers(dict[type[Node], Callable[..., Made]]):
    """Functions by the kind of node of which they make something."""

    def register(self, kind: type[Node]) -> Callable[[Maker], Maker]:
        """Decorate the function of a kind. Raises TypeError, naming both files, where it has one already."""

        def register(maker: Maker) -> Maker:
            if kind in self:
                message = f"There are two functions of {kind.__name__}: {_place(self[kind])} and {_place(maker)}."
                raise TypeError(message)
            self[kind] = maker
            return maker

        return register


def _place(maker: Any) -> str:
    code = maker.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"
