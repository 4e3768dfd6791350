"""How much is kept of one person: all of it is read and written with each of their events.

What does not fit is left out, and told by its field. Whoever holds more than that, by a merge or from before there was
a limit, is cut down to it: facts stay, and of the rest what was said last.
"""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, Final

import orjson
from django.conf import settings

from apps.core import paths
from apps.core.paths import MISSING, Path
from apps.profiles.schema import FREE_ROOTS, FieldError

_TREES: Final = ("data", "traits", "interests", "stats")
# These are about as long as any other of them: one in place of the other takes no room.
_SMALL: Final = frozenset({int, float, bool, type(None)})

TOO_MUCH: Final = "The person held more than one may: what was said longest ago was left out."

Document = dict[str, Any]


class Room:
    """What may still be added to a person's document.

    Most people have far more room than one event may take: what a value takes at most is then exact enough.
    """

    __slots__ = ("_is_tight", "_left", "document")

    def __init__(self, document: Document) -> None:
        self.document = document
        self._left: int | None = None  # bytes, at least
        self._is_tight = False  # from here on they are counted one by one

    @property
    def is_exceeded(self) -> bool:
        """Tell whether the person holds more than one may."""
        if self._bytes_left() < 0:
            return True
        free = (self.document["traits"], self.document["interests"], self.document["stats"])
        return max([len(names or ()) for names in free]) > settings.MAX_TRAITS_PER_PROFILE

    def take(self, target: Path, current: Any, new: Any) -> None:
        """Note that a field changes. Raises FieldError when there is no room for that."""
        if type(new) in _SMALL and type(current) in _SMALL:
            return
        # The most that it can take: JSON writes six bytes for a letter, or fewer.
        most = 6 * len(new) + 2 if type(new) is str else _size(new)
        if current is MISSING:
            root = target[0]
            if root in FREE_ROOTS and self.crowded_out(root, target[1:2]):
                raise FieldError(paths.join(target), self.crowded(root))
            most += _size_of(target)
        if not self._is_tight:
            left = (self._bytes_left() if self._left is None else self._left) - most
            if left >= 0:
                self._left = left
                return
            self._is_tight, self._left = True, None
        self._take_exactly(target, current, new)

    def _take_exactly(self, target: Path, current: Any, new: Any) -> None:
        growth = _size(new) - _size(current)
        if current is MISSING:
            growth += _size_of(target)
        if growth > 0:
            left = self._bytes_left()
            if growth > left:
                most = settings.MAX_PROFILE_BYTES
                raise FieldError(paths.join(target), f"It was left out: a person holds at most {most} bytes.")
            self._left = left - growth

    def crowded_out(self, root: str, names: Collection[str]) -> list[str]:
        """Return those of new names for which there are too many already."""
        known = self.document[root] or {}
        n_free = settings.MAX_TRAITS_PER_PROFILE - len(known)
        if n_free >= len(names):
            return []
        return [name for name in names if name not in known][max(0, n_free) :]

    @staticmethod
    def crowded(root: str) -> str:
        """Say so."""
        return f"It was left out: a person has at most {settings.MAX_TRAITS_PER_PROFILE} {root}."

    def _bytes_left(self) -> int:
        if self._left is None:
            trees = [self.document[root] for root in _TREES]
            self._left = settings.MAX_PROFILE_BYTES - len(orjson.dumps(trees))
        return self._left


def cut(image: dict[str, Any]) -> None:
    """Take what exceeds the limits out of a person's trees, and who said it out of the provenance, in place."""
    if not Room(image).is_exceeded:
        return
    said = image["provenance"]
    # Facts first, which are few and short; then what was said last.
    dated = [(path[0] not in FREE_ROOTS, said.get(paths.join(path), _NEVER)[0], path) for path, _ in _fields(image)]
    left = settings.MAX_PROFILE_BYTES - len(orjson.dumps([{}] * len(_TREES)))
    n_left = dict.fromkeys(FREE_ROOTS, settings.MAX_TRAITS_PER_PROFILE)
    emptied: dict[str, Any] = {root: {} for root in _TREES}
    kept = set()
    for _, _, path in sorted(dated, reverse=True):
        if not n_left.get(path[0], 1):
            continue
        value = paths.get(image, path)
        size = _size(value) + _size_of(path)
        if size > left:
            continue
        left -= size
        if path[0] in n_left:
            n_left[path[0]] -= 1
        paths.put(emptied, path, value)
        kept.add(paths.join(path))
    image.update(emptied)
    image["provenance"] = {
        path: entry for path, entry in said.items() if path in kept or not path.startswith(_BELOW_FREE)
    }


_NEVER: Final = ("",)
_BELOW_FREE: Final = tuple(f"{root}." for root in FREE_ROOTS)


def _fields(image: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
    for root in _TREES:
        if root in FREE_ROOTS:
            yield from (((root, name), value) for name, value in (image[root] or {}).items())
        else:
            yield from _leaves((root,), image[root] or {})


def _leaves(path: Path, node: Any) -> Iterator[tuple[Path, Any]]:
    if not isinstance(node, dict):
        yield path, node
    for key, child in node.items() if isinstance(node, dict) else ():
        yield from _leaves((*path, key), child)


def _size(value: Any) -> int:
    return 0 if value is MISSING else len(orjson.dumps(value))


@lru_cache(maxsize=4_096)
def _size_of(path: Path) -> int:
    """Return the most that the way to a new field can take, with what stands between its parts."""
    return sum([len(orjson.dumps(key)) + 4 for key in path])
