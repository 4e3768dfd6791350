"""Topics of MQTT that a bridge reads, written as filters whose levels may have names: devices/{device}/status."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

NAMED: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MOST_BYTES: Final = 65_535


@dataclass(frozen=True, slots=True)
class Topic:
    """Which topics are meant, and what their levels are called."""

    filter: str  # as the broker is told
    names: Mapping[int, str]  # of levels

    def segments_of(self, topic: str) -> dict[str, str] | None:
        """Name the levels of a topic; None where it is none of these."""
        wanted, given = self.filter.split("/"), topic.split("/")
        if topic.startswith("$") and wanted[0] in ("+", "#"):
            return None
        if wanted[-1] == "#":
            wanted, given = wanted[:-1], given[: len(wanted) - 1]
        if len(wanted) != len(given):
            return None
        if any(want not in ("+", level) for want, level in zip(wanted, given, strict=True)):
            return None
        return {name: given[at] for at, name in self.names.items()}


def topic_of(written: str) -> Topic:
    """Read what an operator wrote. Raises ValueError with a sentence."""
    levels, names = written.split("/"), {}
    if not written or len(written.encode()) > MOST_BYTES:
        raise ValueError("A topic has between 1 and 65,535 bytes.")
    if levels[0] == "$share":
        raise ValueError("Say that it is shared by naming the group below, not in the topic.")
    for at, level in enumerate(levels):
        if named := NAMED.fullmatch(level):
            names[at], levels[at] = named[1], "+"
        elif level == "#" and at < len(levels) - 1:
            raise ValueError("# stands for all further levels: only the last level can be #.")
        elif level not in ("+", "#") and re.search(r"[+#{}]", level):
            raise ValueError("+, # and {name} stand for a whole level: devices/{device}/status, devices/+/status.")
    if len(set(names.values())) < len(names):
        raise ValueError("Two levels have the same name.")
    return Topic("/".join(levels), names)


def segments(topics: Sequence[Topic], topic: str) -> dict[str, str] | None:
    """Name the levels of a topic by all that it belongs to; None where it belongs to nothing."""
    found = [each for each in (it.segments_of(topic) for it in topics) if each is not None]
    return {name: level for each in reversed(found) for name, level in each.items()} if found else None
