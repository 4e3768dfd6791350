"""What is set aside comes back as it was when it came in, whatever a payload is made of."""

from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from apps.collector.envelope import Envelope, Recorded
from apps.collector.payload import Payload, PayloadEvent
from apps.collector.wire import replay
from apps.collector.wire.body import Json, load_json
from apps.core import storable
from apps.core.audit import Actor
from apps.core.ids import new_id
from apps.profiles.identity import Claim
from tests.factories import NOON, payload, policy

# By the type of a part, something that it is not by default.
OTHERWISE: dict[Any, Any] = {
    str: "other",
    int: 3,
    str | None: "other",
    UUID | None: new_id(),
    dict[str, Any]: {"deep": [{"er": None}]},
    Claim: Claim(new_id(), "C-17", "phone", trusts_ids=True),
    Recorded | None: Recorded(Actor("user:1", "Anna"), "letter 7"),
}
PARTS = {each.name: each for each in fields(Payload) if each.init}


def otherwise(name: str) -> Any:
    part = PARTS[name]
    return not part.default if part.type is bool else OTHERWISE[part.type]


def again(found: Payload) -> Payload:
    event = found.events[0]
    kept = replay.shape(found, event)
    said = {"key": new_id(), "type": event.type, "time": NOON, "properties": {}, "context": {}}
    body = storable.dumps({**kept, "event": said}).encode()
    assert "event" not in kept
    assert orjson.loads(storable.dumps(kept)) == kept
    envelope = Envelope(found.source, NOON + timedelta(days=1))
    [read] = replay.read(load_json(body), envelope).payloads
    return read


@pytest.mark.parametrize("name", replay.KEPT)
def test_each_part_of_a_track_survives(name: str) -> None:
    value = otherwise(name)

    assert getattr(again(payload("a", **{name: value})), name) == value


def test_all_that_a_track_is_made_of_is_kept_but_for_what_comes_with_the_item() -> None:
    assert PARTS.keys() - set(replay.KEPT) == {"source", "received_at", "request_id", "events", "sent", "sent_at"}


def test_what_an_older_version_did_not_keep_is_as_it_is_by_default() -> None:
    kept = replay.shape(payload("a"), PayloadEvent("a"))
    del kept["is_emitted"], kept["claim"]["trusts_ids"]
    event = {"key": str(UUID(int=1)), "type": "a", "time": NOON.isoformat(), "properties": {}, "context": {}}

    [read] = replay.read(Json({**kept, "event": event}), Envelope(policy(), NOON)).payloads

    assert (read.is_emitted, read.claim.trusts_ids) == (False, False)
