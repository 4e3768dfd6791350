"""After this stage each event has a clean type and a believable time."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final

from django.conf import settings

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.collector.wire import times
from apps.collector.wire.times import TOLERATED_SKEW, TimeError
from apps.conditions.type_names import MAX_LENGTH, event_type
from apps.core.refusal import Refusal
from apps.events import platform_events
from apps.events.event_types import planned
from apps.events.models import Source
from apps.events.platform_events import TAG
from apps.sessions.agent import is_bot

# Read once: Django takes microseconds to find a setting, and these are asked for with each message.
_EARLIEST: Final = datetime.combine(settings.MIN_EVENT_DATE, time.min, tzinfo=UTC)
_MAX_FUTURE: Final = settings.MAX_FUTURE
UNASKED: Final = (Source.Kind.WEBHOOK, Source.Kind.REDIRECT)
ARRIVED = "it happened when it arrived"


def admit(batch: Batch) -> None:
    """Refuse what is out of bounds, event by event; no query."""
    aliases = planned.aliases()
    for payload in batch.payloads:
        if payload.refusal or not payload.going:
            continue
        source = payload.source
        # Who calls a webhook is a robot by trade; those that open links and pictures are marked.
        refuses_bots = source.bots == Source.Bots.REFUSE and source.kind not in UNASKED
        if refuses_bots and payload.user_agent and is_bot(payload.user_agent):
            payload.refusal = _bot(payload)
            continue
        is_refused = False
        for event in payload.going:
            event.refusal = _admit_event(payload, event, aliases)
            is_refused |= event.refusal is not None
        if is_refused:
            payload.settle()


def _bot(payload: Payload) -> Refusal:
    index = payload.events[0].index if len(payload.events) == 1 else None
    return Refusal("bot", "The user agent is that of a bot, and the source takes none.", "User-Agent", index)


def _admit_event(payload: Payload, event: PayloadEvent, aliases: Mapping[str, str]) -> Refusal | None:
    event.type = event_type(event.type)
    if not event.type:  # of what nobody sees, nothing is left
        field = payload.place(event, "type")
        return Refusal("required", f"{field} must be a text that is not empty.", field, event.index)
    if len(event.type) > MAX_LENGTH:
        field = payload.place(event, "type")
        return Refusal("too_long", f"{field} is longer than {MAX_LENGTH} characters.", field, event.index)
    if not payload.is_emitted:
        refusal = _admit_type(payload, event, aliases)
        if refusal:
            return refusal
    try:
        event.said_at = times.read(event.claimed_time)
        event.time = believed(event.said_at, payload.sent_at, received_at=payload.received_at)
    except TimeError as error:
        if payload.is_silent:  # of an import, the time of arrival says nothing
            field = payload.place(event, "time")
            return Refusal("invalid_time", f"{field} {error}.", field, event.index)
        # What is lost is the time, not the event: somebody did something, and most likely just now.
        event.time, event.said_at = payload.received_at, None
        event.problems.append({"field": "time", "message": f"The time {error}: {ARRIVED}."})
    return None


def _admit_type(payload: Payload, event: PayloadEvent, aliases: Mapping[str, str]) -> Refusal | None:
    """Let events be called what operators call them, and nobody speak for the platform."""
    event.type = aliases.get(event.type, event.type)
    if event.tags and TAG in event.tags:
        event.tags = [tag for tag in event.tags if tag != TAG]
        event.problems.append({"field": "tags", "message": f"The tag {TAG} is the platform's own: it was left out."})
    if event.type and event.type not in platform_events.types():
        return None
    field = payload.place(event, "type")
    if event.type:
        return Refusal("reserved_type", "Only the platform itself tells of this.", field, event.index)
    return Refusal("blocked_type", "Events of this type are not taken.", field, event.index)


def believed(said_at: datetime | None, sent_at: datetime | None, *, received_at: datetime) -> datetime:
    """Decide when something happened of which a client says when, and by the same clock when it sent that.

    What is not said means now. A clock that runs ahead by less than MAX_FUTURE_SECS means now, too: nothing happens
    tomorrow. Raises TimeError when it cannot be.
    """
    if said_at is None:
        return received_at
    if sent_at and said_at - sent_at <= TOLERATED_SKEW:  # what matters is how long before the sending it was
        try:
            return _possible(said_at + (received_at - sent_at), received_at=received_at)
        except (OverflowError, TimeError):  # then what it says of the sending is wrong, and not the clock
            pass
    return _possible(said_at, received_at=received_at)


def _possible(time: datetime, *, received_at: datetime) -> datetime:
    if time < _EARLIEST:
        raise TimeError(f"lies before {_EARLIEST.date().isoformat()}")
    if time > received_at:
        if time - received_at > _MAX_FUTURE:
            raise TimeError("lies in the future")
        return received_at
    return time
