"""A shop whose events go through the real pipeline, one message or batch at a time, at times that the test says."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.events import platform_events, sources
from apps.events.event_types import planned
from apps.events.models import Event, InboxItem
from apps.events.resolution import moving, unmerging
from apps.profiles.models import Merge, Profile
from tests.factories import ANNA, NOON, SourceFactory, track_body

TRACK, SDK = InboxItem.Dialect.TRACK, InboxItem.Dialect.SDK


class Shop:
    """One source, and its clients."""

    def __init__(self) -> None:
        self.source = SourceFactory()
        self.now = NOON
        self.people: dict[str, UUID] = {}  # for tests that want to remember who is who

    def later(self, **step: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**step)
        return self.now

    def call(self, method: str, *, time: datetime | None = None, **message: Any) -> None:
        """Send one message as an SDK does: track, identify, alias."""
        self.later(seconds=1)
        message |= {"timestamp": (time or self.now).isoformat()}
        self.process(self.message(SDK, message, call=method))

    def track(self, *events: str | dict[str, Any], session: str, **parts: Any) -> None:
        """Send a payload as a browser does."""
        self.later(seconds=1)
        listed = [{"type": event} if isinstance(event, str) else event for event in events]
        self.process(self.message(TRACK, track_body(self.source, session=session, events=listed, **parts)))

    def message(self, dialect: str, body: dict[str, Any], *, call: str = "") -> Message:
        """Make a message, to be processed with others."""
        policy = sources.find(str(self.source.id))
        assert policy is not None
        return Message(dialect, orjson.dumps(body), Envelope(policy, self.now, call=call))

    def process(self, *messages: Message) -> None:
        """Process messages in one batch."""
        accept.history(list(messages), at=self.now)

    def undo(self, merge: Merge, *, settles: bool = True) -> None:
        """Undo a merge as an administrator does, and let events and sessions follow."""
        unmerging.undo(merge.id, actor=ANNA, rules=planned.rules(), now=self.later(seconds=1))
        if settles:
            self.settle()

    def settle(self) -> None:
        """Let events and sessions follow their profiles."""
        moving.move(secs=30)
        assert not Merge.objects.filter(moved_at=None).exists()


def person(**fields: Any) -> Profile:
    """Return the one profile that has these values."""
    return Profile.objects.get(**fields)


def types_of(profile: Profile) -> list[str]:
    """List the types of a profile's events that clients sent, in their order."""
    own = Event.objects.filter(profile_id=profile.id).order_by("time", "id")
    return [event.type for event in own if event.type not in platform_events.leads()]
