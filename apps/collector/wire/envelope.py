"""What surrounds a body: who sent it, when, from where. It travels through the inbox with the body."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from apps.collector.track import Recorded, Track
from apps.core.refusal import Refusal
from apps.events.sources import SourcePolicy


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


@dataclass(slots=True)
class Parsed:
    """What a body turned out to hold."""

    tracks: list[Track] = field(default_factory=list)
    is_debugged: bool = False  # the caller wants to see the ids of its events
    is_asynchronous: bool = False
    notes: list[Refusal] = field(default_factory=list)  # what was passed over of the request itself

    @property
    def refusals(self) -> list[Refusal]:
        """All that is refused of it so far."""
        return [refusal for track in self.tracks for refusal in track.refusals()]

    @property
    def warnings(self) -> list[Refusal]:
        """What its sender is to know of the rest, as far as it is known."""
        return self.notes + [warning for track in self.tracks for warning in track.warnings()]

    @property
    def is_refused(self) -> bool:
        """Tell whether nothing of it is taken."""
        return all(track.is_refused for track in self.tracks)

    def obey(self, verdicts: Sequence[Refusal]) -> None:
        """Refuse what was refused when the body came in, and nothing else in its place."""
        by_index = {verdict.index: verdict for verdict in verdicts}
        for track in self.tracks:
            track.refusal = by_index.get(None)
            for event in track.events:
                event.refusal = by_index.get(event.index, event.refusal)
            track.settle()
