"""The rules of entry: whether somebody who meets a trigger enters the flow; pure functions.

`once`, `every` time, or once in an `interval`; at most so many at the same time; and with a key, such as the number of
an order, one run for each key of a person. What was before is asked of the runs themselves, while their person is
locked; so a rule holds for the survivor of a merge as it did for those who were merged. `key_of` makes it hold, too,
for what has no person, and whatever clocks and locks do: the database takes no two runs of one key.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from apps.core.ids import digest

NOBODY: Final = ""  # in place of a person


class Why(StrEnum):
    """Why somebody who met a trigger did not enter."""

    SILENT = "silent"
    LATE = "late"
    CONDITION = "condition"
    CONSENT = "consent"
    NO_KEY = "no key"
    FAILS = "fails"
    ALREADY = "already"
    TOO_SOON = "too soon"
    FULL = "full"
    TOO_DEEP = "too deep"


class Rule(Protocol):
    """The rule of a flow, as its definition says it."""

    @property
    def frequency(self) -> str:
        """`every`, `once` or `interval`."""
        ...

    @property
    def interval_secs(self) -> int | None:
        """How long an interval is."""
        ...

    @property
    def max_live(self) -> int | None:
        """How many runs of a person there are at once, at most."""
        ...

    @property
    def key(self) -> str:
        """The reference to what makes a run one of its own; empty: nothing does."""
        ...


@dataclass(slots=True)
class Before:
    """The runs of somebody in a flow before they enter: grows as they do."""

    n_live: int = 0
    last_at: datetime | None = None  # when the latest of them began
    origins: set[UUID] = field(default_factory=set)  # the raw ids of those who began them
    last_of_key: dict[str, datetime] = field(default_factory=dict)  # the same of each key

    def enter(self, key: str, *, now: datetime) -> None:
        """Note that somebody has entered."""
        self.n_live += 1
        self.last_at = self.last_of_key[key] = now


def asks(rule: Rule) -> bool:
    """Tell whether what was before matters."""
    return bool(rule.frequency != "every" or rule.max_live or rule.key)


def judge(rule: Rule, before: Before, key: str, *, now: datetime) -> Why | None:
    """Say why somebody does not enter; None: they do."""
    last_at = before.last_of_key.get(key) if rule.key else before.last_at
    if last_at is not None:
        if rule.frequency == "interval":
            if now - last_at < timedelta(seconds=rule.interval_secs or 0):
                return Why.TOO_SOON
        elif rule.frequency == "once" or rule.key:
            return Why.ALREADY
    if rule.max_live and before.n_live >= rule.max_live:
        return Why.FULL
    return None


def key_of(flow: UUID, rule: Rule, raw_id: UUID | None, key: str, *, now: datetime, occasion: str = "") -> UUID | None:
    """Make what no two runs have; None where any number may be.

    `occasion` names what comes about once for each, such as a birthday.
    """
    if rule.frequency == "interval":  # who enters again an interval later does so in another window
        return _digest("entry", flow, raw_id, key, f"{rule.interval_secs}:{_window(rule, now)}")
    if rule.key or rule.frequency == "once":
        return _digest("entry", flow, raw_id, key)
    return _digest("occasion", flow, raw_id, occasion) if occasion else None


def group_of(flow: UUID, rule: Rule, raw_id: UUID | None, key: str) -> UUID | None:
    """Make what all runs of a person with a key have in common, whatever the rule was when they entered.

    By it earlier ones are found. None where those of the person tell.
    """
    asks_by_key = rule.key or (raw_id is None and rule.frequency != "every")
    return _digest("entry", flow, raw_id, key) if asks_by_key else None


def _digest(what: str, flow: UUID, raw_id: UUID | None, *parts: str) -> UUID:
    return digest(what, str(flow), str(raw_id) if raw_id else NOBODY, *parts)


def _window(rule: Rule, now: datetime) -> int:
    return int(now.astimezone(UTC).timestamp() // max(rule.interval_secs or 0, 1))
