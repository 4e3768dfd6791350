"""How sending to a connection goes: its failures in a row, its rests, and that it is held; written when they change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.bridges import verdicts
from apps.bridges.models import Connection
from apps.bridges.models.delivery import LASTS
from apps.bridges.transport import Reply
from apps.bridges.verdicts import Verdict


@dataclass(slots=True)
class Circuit:
    """What a lane knows of its connection, and what it has to write of that."""

    failures: int
    rests_until: datetime | None
    held_because: str = ""
    is_changed: bool = False

    @classmethod
    def of(cls, row: Connection) -> "Circuit":
        """Begin with what is stored."""
        return cls(row.failures, row.rests_until, row.held_because if row.held_at else "")

    def may_send(self, now: datetime) -> bool:
        """Tell whether anything may be sent."""
        return not self.held_because and (self.rests_until is None or self.rests_until <= now)

    @property
    def is_probing(self) -> bool:
        """Tell whether one alone is sent at a time, until one goes well: all before it failed."""
        return self.failures >= verdicts.FAILURES

    def note(self, reply: Reply, *, now: datetime) -> None:
        """Learn from a reply. What was sent before a rest began tells nothing of the time after it."""
        match reply.verdict:
            case Verdict.DELIVERED | Verdict.REFUSED:
                if self.failures and self.may_send(now):
                    self._change(failures=0, rests_until=None)
            case Verdict.HOLD:
                if not self.held_because:
                    self._change(held_because=reply.said)
            case Verdict.SLOWER:
                self._rest(now + min(reply.asked or verdicts.SLOWED_REST, LASTS))
            case Verdict.AGAIN:
                if self.may_send(now):
                    self.failures += 1
                    self.is_changed = True
                    rest = verdicts.rest_after(self.failures)
                    if rest:
                        self._rest(now + rest)
                if reply.asked:
                    self._rest(now + min(reply.asked, LASTS))

    def write(self, connection: Connection, *, now: datetime) -> None:
        """Store it, after the rows of deliveries: who releases a connection locks in that order, too."""
        values: dict[str, Any] = {"failures": min(self.failures, 32_000), "rests_until": self.rests_until}
        Connection.sending.filter(pk=connection.pk).update(**values)
        if self.held_because:
            held = Connection.sending.filter(pk=connection.pk, held_at=None)
            held.update(held_at=now, held_because=self.held_because)

    def _rest(self, until: datetime) -> None:
        if self.rests_until is None or until > self.rests_until:
            self._change(rests_until=until)

    def _change(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.is_changed = True
