"""What surrounds a body: who sent it, when, from where. It travels through the inbox with the body."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from apps.collector.sources import SourcePolicy
from apps.collector.track import Recorded, Refusal, Track


class Envelope(NamedTuple):
    """The facts of a request that its body does not carry; what can wait in the inbox is stored there as it is."""

    source: SourcePolicy
    received_at: datetime
    ip: str = ""
    user_agent: str = ""
    accept_language: str = ""
    call: str = ""  # the SDK's method, or the event type of a webhook
    session_ref: str = ""  # webhooks and redirects: from the path or the cookie
    message_id: str = ""  # webhooks: by which the sender knows this delivery again
    is_profileless: bool = False
    is_vouched: bool = False  # a program with a key, or a person in the admin, sends it for somebody
    recorded: Recorded | None = None  # of decisions that somebody records for a person; they are processed at once
    request_id: str = ""  # set for what comes out of the inbox: a repetition of it is known even without message ids

    def as_dict(self) -> dict[str, Any]:
        """Shape the envelope for the inbox."""
        return {name: getattr(self, name) for name in STORED}


STORED = tuple(name for name in Envelope._fields if name not in ("source", "received_at", "recorded", "request_id"))


@dataclass(slots=True)
class Parsed:
    """What a body turned out to hold: tracks, and refusals of what is not even that."""

    tracks: list[Track] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    is_debugged: bool = False  # the caller wants to see the ids of its events
    is_asynchronous: bool = False
