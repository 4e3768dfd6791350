"""What clients send, in each dialect that they speak, and how it becomes payloads: always by `Message.parse`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from apps.collector.envelope import Envelope
from apps.collector.payload import Outcome, Payload, Sent
from apps.collector.wire import platform, replay, sdk, track, webhook
from apps.collector.wire.body import Json, Malformed, load_json
from apps.collector.wire.parsed import Parsed
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.events.store import inbox
from cdp.logging import request_id

READERS = {
    InboxItem.Dialect.TRACK.value: track.read,
    InboxItem.Dialect.SDK.value: sdk.read,
    InboxItem.Dialect.WEBHOOK.value: webhook.read,
    InboxItem.Dialect.REPLAY.value: replay.read,
    InboxItem.Dialect.PLATFORM.value: platform.read,
}


class Message(NamedTuple):
    """A request's body, the dialect it is in, and what surrounds it: all that is needed to read it, now or later."""

    dialect: str
    body: bytes
    envelope: Envelope

    def read(self, json: Json | None = None) -> "Incoming":
        """Parse the body for those who wait for what comes of it; `json` and what it raises are as those of `parse`."""
        return Incoming(self, self.parse(json))

    def parse(self, json: Json | None = None) -> Parsed:
        """Read the body into fresh payloads; `json` is what it was parsed to, where somebody has had to look already.

        Raises Malformed when the body as a whole is wrong.
        """
        json = json or load_json(self.body)
        if not self.envelope.refused:
            return self._read(json)
        try:
            parsed = self._read(json)
        except Malformed:  # as the sender was told: nothing is in it, but it is kept to be looked at
            sent = Sent(self.dialect, self.envelope, json.value)
            parsed = Parsed([Payload(self.envelope.source, self.envelope.received_at, events=[], sent=sent)])
        parsed.obey([Refusal(**refused) for refused in self.envelope.refused])
        return parsed

    def _read(self, json: Json) -> Parsed:
        parsed = READERS[self.dialect](json, self.envelope)
        if self.envelope.message_id:
            parsed.name_messages(self.envelope.message_id)
        return parsed

    def refused(self, refusals: Sequence[Refusal]) -> "Message":
        """Return the message with what was refused of it, as its sender was told."""
        verdicts = [asdict(refusal) for refusal in refusals]
        return self._replace(envelope=self.envelope._replace(refused=verdicts))

    def as_item(self) -> inbox.Item:
        """Shape the message for the inbox."""
        envelope = self.envelope
        return inbox.Item(
            envelope.source.id, self.dialect, self.body.decode(), envelope.as_dict(), envelope.received_at
        )


@dataclass(slots=True)
class Incoming:
    """A message on its way in, with what it was read to and what came of it."""

    message: Message
    parsed: Parsed
    outcome: Outcome | None = None  # of the batch in which it was processed; none while it waits
    error: Exception | None = None  # why it could not be processed
    request_id: str = field(default_factory=request_id)  # of the request that brought it, for the log
