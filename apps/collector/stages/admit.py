"""After this stage each event has a clean type, a believable time, and a key by which a repetition is known."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import orjson
from django.conf import settings

from apps.collector.sources import SourcePolicy
from apps.collector.track import Batch, Refusal, Track, TrackedEvent
from apps.conditions.event_types import MAX_LENGTH, event_type
from apps.core.ids import fingerprint
from apps.events.models import Source
from apps.sessions.agent import is_bot


class TimeError(ValueError):
    """The time of an event cannot be understood, or cannot be."""


def admit(batch: Batch) -> None:
    """Refuse what is out of bounds, event by event; no query."""
    earliest = datetime.combine(settings.MIN_EVENT_DATE, time.min, tzinfo=UTC)
    for track in batch.tracks:
        if _refuses_bots(track.source) and track.user_agent and is_bot(track.user_agent):
            track.refusal = Refusal("bot", "The user agent is that of a bot, and the source takes none.")
            continue
        for event in track.going:
            event.refusal = _admit_event(track, event, earliest=earliest)
        if any(event.refusal for event in track.going):
            track.settle()


def _refuses_bots(source: SourcePolicy) -> bool:
    # Who calls a webhook is a robot by trade.
    return source.bots == Source.Bots.REFUSE and source.kind != Source.Kind.WEBHOOK


def _admit_event(track: Track, event: TrackedEvent, *, earliest: datetime) -> Refusal | None:
    path = f"events.{event.index}"
    event.type = event_type(event.type)
    if len(event.type) > MAX_LENGTH:
        message = f"{path}.type is longer than {MAX_LENGTH} characters."
        return Refusal("too_long", message, f"{path}.type", event.index)
    try:
        event.time = read_time(event.claimed_time, received_at=track.received_at, earliest=earliest)
    except TimeError as error:
        return Refusal("invalid_time", f"{path}.time {error}.", f"{path}.time", event.index)
    event.key = event.key or _key(track, event)  # what is replayed keeps the key that it came with
    return None


def read_time(claimed: Any, *, received_at: datetime, earliest: datetime) -> datetime:
    """Read a time as clients write it: ISO text (UTC without a zone), or seconds or milliseconds since 1970.

    Absent means now. A clock that runs ahead by less than MAX_FUTURE_SECS means now, too: nothing happens tomorrow.
    """
    if claimed is None or claimed == "":
        return received_at
    found = _parse_time(claimed)
    if found < earliest:
        raise TimeError(f"lies before {earliest.date().isoformat()}")
    if found > received_at:
        if found - received_at > settings.MAX_FUTURE:
            raise TimeError("lies in the future")
        return received_at
    return found


def _parse_time(claimed: Any) -> datetime:
    if isinstance(claimed, datetime):
        return claimed
    try:
        if isinstance(claimed, str):
            found = datetime.fromisoformat(claimed.strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(claimed, int | float) and not isinstance(claimed, bool):
            # 1e11 seconds lie in the year 5138, 1e11 milliseconds in 1973.
            secs = claimed / 1000 if abs(claimed) >= 1e11 else claimed
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=secs)
    except (ValueError, OverflowError):
        raise TimeError("is not a time that exists") from None
    raise TimeError("must be ISO 8601 text or a number of milliseconds")


def _key(track: Track, event: TrackedEvent) -> str | None:
    """Name the message: by its id, else, since trackers send overlapping buffers, by its session, time and content."""
    source = str(track.source.id)
    if event.message_id:
        return fingerprint(source, event.message_id)
    if track.request_id:
        return fingerprint(source, track.request_id, str(event.index))
    if event.claimed_time is None or track.session_key is None:
        return None
    content = orjson.dumps(event.properties, option=orjson.OPT_SORT_KEYS).decode()
    return fingerprint(source, str(track.session_key), event.type, event.happened_at.isoformat(), content)
