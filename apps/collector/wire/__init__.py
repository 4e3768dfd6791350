"""What clients send, in each dialect that they speak, and how it becomes tracks."""

from typing import NamedTuple

from apps.collector.wire import membership, replay, segment, track, webhook
from apps.collector.wire.envelope import Envelope, Parsed
from apps.events import inbox
from apps.events.models import InboxItem

PARSERS = {
    InboxItem.Dialect.TRACK.value: track.parse,
    InboxItem.Dialect.SEGMENT.value: segment.parse,
    InboxItem.Dialect.WEBHOOK.value: webhook.parse,
    InboxItem.Dialect.REPLAY.value: replay.parse,
    InboxItem.Dialect.MEMBERSHIP.value: membership.parse,
}


class Message(NamedTuple):
    """A request's body, the dialect it is in, and what surrounds it: all that is needed to read it, now or later."""

    dialect: str
    body: bytes
    envelope: Envelope

    def parse(self) -> Parsed:
        """Read the body into fresh tracks. Raises Malformed when the body as a whole is wrong."""
        return PARSERS[self.dialect](self.body, self.envelope)

    def as_item(self) -> inbox.Item:
        """Shape the message for the inbox."""
        envelope = self.envelope
        return inbox.Item(
            envelope.source.id, self.dialect, self.body.decode(), envelope.as_dict(), envelope.received_at
        )
