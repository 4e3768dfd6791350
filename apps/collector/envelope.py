"""What surrounds a body: who sent it, when, from where. It travels through the inbox with the body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from apps.core.audit import Actor
from apps.events.sources import SourcePolicy


@dataclass(frozen=True, slots=True)
class Recorded:
    """That somebody recorded for a person what they decided, and what proves it: a ticket, a letter."""

    actor: Actor
    reference: str

    def as_dict(self) -> dict[str, str]:
        """Shape it for JSON."""
        return {"key": self.actor.key, "name": self.actor.name, "reference": self.reference}

    @classmethod
    def read(cls, said: Mapping[str, str]) -> "Recorded":
        """Read what `as_dict` made."""
        return cls(Actor(said["key"], said["name"]), said["reference"])


class Envelope(NamedTuple):
    """The facts of a request that its body does not carry; what can wait in the inbox is stored there as it is."""

    source: SourcePolicy
    received_at: datetime
    ip: str = ""
    user_agent: str = ""
    accept_language: str = ""
    call: str = ""  # the SDK's method, or the event type of a webhook
    session_ref: str = ""  # webhooks and redirects: from the path or the cookie
    message_id: str = ""  # webhooks and bridges: by which the sender knows this delivery again
    message_id_header: str = ""  # in which they say so
    is_profileless: bool = False
    is_whole: bool = False  # all that it decides about consents counts, or nothing does
    recorded: Recorded | None = None  # of decisions that somebody records for a person; they are processed at once
    key: str = ""  # by which the sender named the source: its id or its write key
    # Refusals that were answered before the body was kept: whatever is read of it later, these stand.
    refused: Sequence[dict[str, Any]] = ()
    request_id: str = ""  # set for what comes out of the inbox: a repetition of it is known even without message ids

    def as_dict(self) -> dict[str, Any]:
        """Shape the envelope for the inbox."""
        return {name: value for name in STORED if (value := getattr(self, name))}


STORED = tuple(
    name for name in Envelope._fields if name not in ("source", "received_at", "is_whole", "recorded", "request_id")
)
