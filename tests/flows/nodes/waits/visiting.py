"""Somebody comes to a wait, is woken, and is asked again, as the engine does it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.flows import testing
from apps.flows.engine.moves import Go, Met, Move, Skipped, Stay, TimedOut
from tests.factories import NOON


class Visit:
    """Somebody comes to a wait, and is asked whenever something wakes them."""

    def __init__(self, kind: str, *, now: datetime = NOON, zone: str = "Europe/Berlin", **known: Any) -> None:
        self.node = testing.make(kind, known.pop("settings", {}))
        profile = {"segments": known.pop("segments", []), **known.pop("profile", {})}
        self.known = {"person_zone": zone, "now": now, "came_at": now, "zone": "", "profile": profile, **known}
        self.move = self.ask()

    def ask(self, **known: Any) -> Move:
        """Ask the node, and note what it says."""
        self.known |= known
        self.move = testing.ask(self.node, **self.known)
        if isinstance(self.move, Go):
            assert self.move.port in type(self.node).ports_of(self.node.settings)
        return self.move

    def answered(self, answer: Any) -> Move:
        return self.ask(answer=answer)

    def woken(self, wake: Any, *, now: datetime | None = None, **known: Any) -> Move:
        """Wake somebody who waits; by default at the moment until which they do."""
        assert isinstance(self.move, Stay)
        return self.ask(wake=wake, now=now or self.until, kept=self.move.kept, answer=None, **known)

    def timed_out(self, **known: Any) -> Move:
        return self.woken(TimedOut(), **known)

    def skipped(self) -> Move:
        return self.woken(Skipped(), now=self.known["now"])

    def met(self, *events: Mapping[str, Any], now: datetime | None = None) -> Move:
        return self.woken(Met(events), now=now or self.known["now"])

    @property
    def until(self) -> datetime:
        """Until when they wait."""
        assert isinstance(self.move, Stay), self.move
        assert self.move.until is not None
        return self.move.until

    @property
    def port(self) -> str:
        """By which port they went on."""
        assert isinstance(self.move, Go), self.move
        return self.move.port
