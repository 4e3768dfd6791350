"""Somebody decides about consents in a form, or has it recorded: an event like any other, which is checked before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from apps.collector import accept, consent_problems
from apps.collector.envelope import Envelope, Recorded
from apps.collector.payload import Payload
from apps.collector.platform_events import RECORDED
from apps.collector.wire import Incoming, Message
from apps.collector.wire.body import Json
from apps.collector.wire.body import check as check_event
from apps.collector.wire.parsed import Parsed
from apps.core.ids import fingerprint, new_id
from apps.core.refusal import Refusal
from apps.events import consent_policy
from apps.events.models import InboxItem
from apps.events.sources import SourcePolicy
from apps.events.store import emitting
from apps.events.store.emitting import Emission
from apps.profiles import consents
from apps.profiles.standing import DECIDED_ELSEWHERE


class CannotDecide(ValueError):
    """Something that was said is no decision; `refusals` name each, and nothing of it counts."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(refusals[0].message)
        self.refusals = refusals


def decide(said: Any, *, ids: Mapping[str, Any], envelope: Envelope) -> Payload:
    """Take what somebody decided themselves, through the pipeline; `ids` are session and profile as `/track` has them.

    Nothing counts that was decided elsewhere before. Raises CannotDecide, Malformed, and as `accept.now` does.
    """
    envelope = envelope._replace(is_whole=True)
    event = {"type": consents.EVENT_TYPE, "properties": {consents.PROPERTY: said}}
    body = {**ids, "source": {"id": str(envelope.source.id)}, "events": [event]}
    message = Message(InboxItem.Dialect.TRACK, orjson.dumps(body), envelope)
    return _process(message.read(Json(body, is_suspect=True)), said)


def record(
    said: Any, *, profile_id: UUID, source: SourcePolicy, recorded: Recorded, time: datetime | None, now: datetime
) -> Payload:
    """Record for somebody what they decided, through the pipeline; the event and the ledger name who records it.

    `profile_id` may be any that they ever had, and stays the same in a repetition, whatever was merged since: it is
    part of what makes that known. `time` is when they decided, if that was before. Raises CannotDecide, and as
    `accept.now` does.
    """
    refusal = check_event(said, consents.PROPERTY)
    if refusal:
        raise CannotDecide([refusal])
    properties = {consents.PROPERTY: said, "actor": recorded.actor.key}
    key = str(new_id())
    if time:  # who says again what was decided then, means the same
        written = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS).decode()
        key = fingerprint(str(source.id), str(profile_id), time.isoformat(), written)
    emission = Emission(RECORDED.type, profile_id, key, time or now, properties)
    body = emitting.write([emission], is_silent=False).encode()
    envelope = Envelope(source, now, is_whole=True, recorded=recorded)
    return _process(Message(InboxItem.Dialect.PLATFORM, body, envelope).read(), said)


def check(said: Any, *, at: datetime) -> None:
    """Look at what somebody decided, whoever they are. Raises CannotDecide."""
    problems = consents.read(said, consent_policy.current.get().terms, at=at).problems
    _check([_refusal(message, path) for path, message in problems])


def _check_all(parsed: Parsed, said: Any, *, at: datetime) -> None:
    """Refuse all that can be known before it is processed."""
    accept.check(parsed, at=at)
    _check(parsed.refusals)
    check(said, at=at)
    # It counts from its time on: one that cannot be is not made the time of arrival.
    _check([Refusal("invalid_time", warning.message, "decided_at") for warning in parsed.warnings])


def _process(incoming: Incoming, said: Any) -> Payload:
    _check_all(incoming.parsed, said, at=incoming.message.envelope.received_at)
    payload = accept.now(incoming).payloads[0]
    # What only the person's own consents can tell: one that cannot be withdrawn, or was decided elsewhere.
    problems = [(problem["field"], problem["message"]) for event in payload.events for problem in event.problems]
    refusals = [
        each for each in payload.refusals() if each.code != consent_problems.CONSENT_REQUIRED
    ]  # of who said nothing
    _check([_refusal(message, path) for path, message in problems] or refusals)
    return payload


def _refusal(message: str, path: str) -> Refusal:
    return Refusal("not_yours" if message == DECIDED_ELSEWHERE else "invalid_consent", message, path)


def _check(refusals: list[Refusal]) -> None:
    if refusals:
        raise CannotDecide(refusals)
