"""What a simulation counts: kept as JSON between its steps, and of one size however many people there are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from apps.flows.engine.outcome import Outcome
from apps.flows.models import Run

_SEP = "\t"  # between the parts of a key, none of which has it


def _joined(parts: Iterable[str]) -> str:
    return _SEP.join(part.replace(_SEP, " ") for part in parts)


@dataclass(slots=True)
class Counts:
    """Counts so far."""

    n_people_all: int = 0  # of whom we know
    n_looked_at: int = 0
    n_events: int = 0
    n_people: int = 0
    n_met: int = 0
    n_entered: int = 0
    is_stopped: bool = False  # there were too many runs, or enough people
    refused: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)  # by trigger
    entered: Counter[str] = field(default_factory=Counter)  # by trigger
    passed: Counter[str] = field(default_factory=Counter)  # node and port; of entries the port is empty
    waiting: Counter[str] = field(default_factory=Counter)  # by node
    ended: Counter[str] = field(default_factory=Counter)  # node and status
    goals: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)  # by the reason in words
    endings: Counter[str] = field(default_factory=Counter)  # by status
    deliveries: Counter[str] = field(default_factory=Counter)  # kind, connection, channel
    raised: Counter[str] = field(default_factory=Counter)
    started: Counter[str] = field(default_factory=Counter)
    sampled: Counter[str] = field(default_factory=Counter)  # what, node and port
    noted: Counter[str] = field(default_factory=Counter)  # what makes it approximate, see caveats.py
    windows: Counter[str] = field(default_factory=Counter)  # of limits that people share: key and window

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Counts":
        """Read what `write` wrote."""
        found = cls()
        for each in fields(cls):
            if each.name in document:
                said = document[each.name]
                setattr(found, each.name, Counter(said) if isinstance(said, dict) else said)
        return found

    def write(self) -> dict[str, Any]:
        """Return it as JSON."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: dict(+value) if isinstance(value, Counter) else value for name, value in found.items()}

    def take(self, outcome: Outcome) -> None:
        """Count what has become of a run when it was advanced, but for its deliveries."""
        for place in outcome.counts:
            self.passed[_joined(place)] += 1
        self.goals.update(outcome.goals)
        self.raised.update(each.raised.type for each in outcome.emissions)
        self.started.update(each.started.flow for each in outcome.children)
        if outcome.ending is None:
            return
        status = outcome.ending.status.name.lower()
        self.endings[status] += 1
        self.ended[_joined((outcome.place, status))] += 1
        if outcome.ending.status is Run.Status.EXITED:
            self.exits[outcome.ending.reason] += 1

    def deliver(self, kind: str, connection: str, channel: str) -> None:
        """Count a delivery."""
        self.deliveries[_joined((kind, connection, channel))] += 1

    def samples(self, what: str, node: str, port: str, *, most: int) -> bool:
        """Tell whether one more sample is wanted, and count it then."""
        key = _joined((what, node, port))
        if self.sampled[key] >= most:
            return False
        self.sampled[key] += 1
        return True

    @property
    def factor(self) -> float:
        """By what the counts of those who were looked at are multiplied for an estimate of all."""
        return max(self.n_people_all / self.n_looked_at, 1.0) if self.n_looked_at else 1.0


def parts_of(key: str) -> list[str]:
    """Return the parts of a key."""
    return key.split(_SEP)
