"""Somebody decides about consents, in a form or by a program: an event like any other, which is checked beforehand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from apps.collector import accept, compliance
from apps.collector.track import Track
from apps.collector.wire import Message
from apps.collector.wire import track as track_wire
from apps.collector.wire.envelope import Envelope
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.profiles import consents
from apps.profiles.standing import DECIDED_ELSEWHERE


class CannotDecide(ValueError):
    """Something that was said is no decision; `refusals` name each, and nothing of it counts."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(refusals[0].message)
        self.refusals = refusals


def decide(said: Any, *, ids: Mapping[str, Any], envelope: Envelope, time: str | None = None) -> Track:
    """Record what somebody decided, through the pipeline; `ids` are session and profile as `/track` names them.

    Where the envelope says that somebody recorded it for the person, the event and the ledger name them; otherwise
    nothing counts that was decided elsewhere before. Raises CannotDecide, Malformed, and as `accept.now` does.
    """
    envelope = envelope._replace(is_whole=True)
    by = {"actor": envelope.recorded.actor.key} if envelope.recorded else {}
    type_ = consents.RECORDED if envelope.recorded else consents.EVENT_TYPE
    event = {"type": type_, "time": time, "properties": {consents.PROPERTY: said, **by}}
    payload = {**ids, "source": {"id": str(envelope.source.id)}, "events": [event]}
    parsed = track_wire.read(payload, envelope, is_suspect=True)
    accept.check(parsed, at=envelope.received_at)
    _check(parsed.refusals)
    check(said, at=envelope.received_at)
    # It counts from its time on: one that cannot be is not made the time of arrival.
    _check([Refusal("invalid_time", warning.message, "decided_at") for warning in parsed.warnings])
    track = accept.now(Message(InboxItem.Dialect.TRACK, orjson.dumps(payload), envelope), parsed).tracks[0]
    # What only the person's own consents can tell: one that cannot be withdrawn, or was decided elsewhere.
    problems = [(problem["field"], problem["message"]) for event in track.events for problem in event.problems]
    refusals = [each for each in track.refusals() if each.code != compliance.CONSENT_REQUIRED]  # of who said nothing
    _check([_refusal(message, path) for path, message in problems] or refusals)
    return track


def check(said: Any, *, at: datetime) -> None:
    """Look at what somebody decided, whoever they are. Raises CannotDecide."""
    problems = consents.read(said, compliance.current.get().terms, at=at).problems
    _check([_refusal(message, path) for path, message in problems])


def _refusal(message: str, path: str) -> Refusal:
    return Refusal("not_yours" if message == DECIDED_ELSEWHERE else "invalid_consent", message, path)


def _check(refusals: list[Refusal]) -> None:
    if refusals:
        raise CannotDecide(refusals)
