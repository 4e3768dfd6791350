"""What clients send, in each dialect that they speak, and how it becomes tracks."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

from apps.collector.track import Sent, Track
from apps.collector.wire import platform, replay, segment, track, webhook
from apps.collector.wire.body import Malformed, load_json
from apps.collector.wire.envelope import Envelope, Parsed
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.events.store import inbox

PARSERS = {
    InboxItem.Dialect.TRACK.value: track.parse,
    InboxItem.Dialect.SEGMENT.value: segment.parse,
    InboxItem.Dialect.WEBHOOK.value: webhook.parse,
    InboxItem.Dialect.REPLAY.value: replay.parse,
    InboxItem.Dialect.PLATFORM.value: platform.parse,
}


class Message(NamedTuple):
    """A request's body, the dialect it is in, and what surrounds it: all that is needed to read it, now or later."""

    dialect: str
    body: bytes
    envelope: Envelope

    def parse(self) -> Parsed:
        """Read the body into fresh tracks. Raises Malformed when the body as a whole is wrong."""
        verdicts = [Refusal(**refused) for refused in self.envelope.refused]
        if not verdicts:
            return PARSERS[self.dialect](self.body, self.envelope)
        try:
            parsed = PARSERS[self.dialect](self.body, self.envelope)
        except Malformed:  # as the sender was told: nothing is in it, but it is kept to be looked at
            sent = Sent(self.dialect, self.envelope, load_json(self.body)[0])
            parsed = Parsed([Track(self.envelope.source, self.envelope.received_at, events=[], sent=sent)])
        parsed.obey(verdicts)
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
