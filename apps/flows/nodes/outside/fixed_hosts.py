"""Addresses whose host is written out: nothing that is known of a person chooses where data goes."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from apps.flows.node import Place

Scope = Mapping[str, Any]
_ADDRESS: Final = re.compile(r"(?P<origin>https?://[^/?#{}\s]+)(?P<rest>[/?].*)?", re.DOTALL | re.IGNORECASE)
_MARKS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_UNFIT: Final = re.compile(r"[^!-~]|#")
HOST: Final = (
    "The address begins with https:// and the host, written out: only what comes after these may refer to something."
)


class FixedHost(NamedTuple):
    """An address, compiled."""

    origin: str  # scheme, host and port
    path: Callable[[Scope], str]  # with the query

    def __call__(self, scope: Scope) -> str:
        """Return the whole address."""
        return self.origin + self.path(scope)


def compile_path(place: Place, field: str, said: str) -> Callable[[Scope], str]:
    """Compile the path and query of an address; what is filled in is a part of it, and never leads elsewhere."""
    said = said.strip()
    if _UNFIT.search(_MARKS.sub("", said)):
        place.refuse(field, "A path has no spaces, no # and no letters beyond ASCII: write them as %20.")
    elif said and said[0] not in "/?":
        place.refuse(field, "A path begins with /.")
    return place.text(field, said, channel="url")


def compile_address(place: Place, field: str, said: str) -> FixedHost:
    """Compile an address; one that is refused has no origin."""
    found = _ADDRESS.fullmatch(said.strip())
    if found is None:
        place.refuse(field, HOST)
        return FixedHost("", lambda _scope: "")
    return FixedHost(found["origin"], compile_path(place, field, found["rest"] or ""))
