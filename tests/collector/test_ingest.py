"""What the inbox promises."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from apps.collector import accept, pipeline
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.events.models import Event, InboxItem, Source
from apps.events.store import inbox
from apps.profiles.models import Profile
from tests.factories import InboxItemFactory, SourceFactory, track_body

NOW = datetime.now(UTC)
pytestmark = pytest.mark.usefixtures("alone")


def put(source: Source, body: Any) -> None:
    from apps.events import sources

    policy = sources.find(str(source.id))
    assert policy is not None
    envelope = Envelope(policy, datetime.now(UTC), ip="198.51.100.7")
    message = Message("track", json.dumps(body).encode(), envelope)
    accept.later(message.read())


def test_what_was_accepted_is_processed_once_and_removed(db: None) -> None:
    source = SourceFactory()
    put(source, track_body(source, "page-view"))

    assert accept.ingest(10, at=NOW) == 1
    assert accept.ingest(10, at=NOW) == 0

    assert Event.objects.filter(type="page-view").count() == 1
    assert not InboxItem.objects.exists()


def test_a_source_that_was_disabled_meanwhile_still_gets_what_was_accepted(db: None) -> None:
    source = SourceFactory()
    put(source, track_body(source, "page-view"))
    Source.objects.update(is_enabled=False)

    accept.ingest(10, at=NOW)

    assert Event.objects.filter(type="page-view").exists()


def test_an_item_that_fails_on_its_own_is_a_dead_letter_and_loses_no_neighbour(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SourceFactory()
    for name in ("before", "poison", "after"):
        put(source, track_body(source, name, session=name))
    whole = pipeline.STORING[-1]

    def store(batch: Any) -> None:
        if any(event.type == "poison" for payload in batch.going for event in payload.going):
            raise RuntimeError("a bug of ours")
        whole(batch)

    monkeypatch.setattr(pipeline, "STORING", (*pipeline.STORING[:-1], store))
    accept.ingest(10, at=NOW)

    dead = InboxItem.objects.get()
    assert (dead.attempts, dead.error) == (1, "RuntimeError('a bug of ours')")
    assert {"before", "after"} <= set(Event.objects.values_list("type", flat=True))

    monkeypatch.undo()
    inbox.release(InboxItem.objects.all())
    accept.ingest(10, at=NOW)
    assert Event.objects.filter(type="poison").count() == 1


def test_an_item_without_its_source_is_a_dead_letter(db: None) -> None:
    InboxItemFactory()

    accept.ingest(10, at=NOW)

    assert "no longer exists" in InboxItem.objects.get().error


def test_a_batch_that_fails_leaves_the_inbox_as_it_was(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    source = SourceFactory()
    put(source, track_body(source, "page-view"))

    def fail(payloads: Any, *, now: datetime, way: str) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(accept, "process", fail)
    with pytest.raises(OperationalError):
        accept.ingest(10, at=NOW)

    assert InboxItem.objects.filter(dead_at=None).count() == 1
    assert not Profile.objects.exists()


def test_large_bodies_are_taken_in_several_batches(db: None) -> None:
    source = SourceFactory()
    for name in ("a", "b", "c"):
        put(source, track_body(source, name, session=name, own="x" * 600_000))

    assert [accept.ingest(10, at=NOW) for _ in range(3)] == [2, 1, 0]


def test_the_command_empties_the_inbox_and_says_how_much_it_did(db: None) -> None:
    source = SourceFactory()
    for name in ("a", "b", "c"):
        put(source, track_body(source, name, session=name))

    out = StringIO()
    call_command("ingest", once=True, batch=2, stdout=out)

    assert out.getvalue() == "Processed 3 messages.\n"
    assert not InboxItem.objects.exists()
