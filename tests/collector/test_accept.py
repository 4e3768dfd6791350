"""What holds when something goes wrong between a request and its commit."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from psycopg import errors

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.payload import Outcome, Payload, Way
from apps.collector.wire import Incoming, Message
from apps.events.models import Event, InboxItem, Source
from apps.events.store import inbox, storage
from cdp.logging import JsonFormatter
from tests.factories import SourceFactory, policy, track_body

NOW = datetime.now(UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
process = accept.process


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory()


def message(source: Source, type_: str) -> Message:
    body = json.dumps(track_body(source, events=[{"type": type_, "id": type_}], session=type_)).encode()
    return Message("track", body, Envelope(policy(source), NOW))


def requests(source: Source, *types: str) -> list[Incoming]:
    return [each.read() for each in (message(source, type_) for type_ in types)]


def stored() -> set[str]:
    return set(Event.objects.exclude(tags__contains=["event:system"]).values_list("type", flat=True))


def failing(error: Exception, *, when: Callable[[set[str]], bool]) -> Callable[..., Outcome]:
    """Make `process` raise the error for payloads whose event types are such."""

    def process_or_fail(payloads: list[Payload], *, now: datetime, way: Way) -> Outcome:
        if when({event.type for payload in payloads for event in payload.events}):
            raise error
        return process(payloads, now=now, way=way)

    return process_or_fail


def too_much(cause: type[errors.Error]) -> OperationalError:
    error = OperationalError("out of shared memory")
    error.__cause__ = cause()
    return error


@pytest.mark.parametrize("error", [ValueError("a bug of ours"), too_much(errors.ProgramLimitExceeded)])
def test_a_request_that_fails_on_its_own_loses_no_neighbour(
    source: Source, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(accept, "process", failing(error, when=lambda types: "poison" in types))
    group = requests(source, "before", "poison", "after")

    accept._process_group(group)

    assert [request.error for request in group] == [None, error, None]
    assert [bool(request.parsed.payloads[0].profile) for request in group] == [True, False, True]
    assert stored() == {"before", "after"}


def test_a_failure_of_ours_is_told_from_one_of_the_database(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    one = message(source, "page-view")

    monkeypatch.setattr(accept, "process", failing(ValueError(), when=bool))
    with pytest.raises(accept.Failed):
        accept.now(one.read())

    monkeypatch.setattr(accept, "process", failing(OperationalError("gone"), when=bool))
    with pytest.raises(OperationalError, match="gone"):
        accept.now(one.read())


def test_when_the_database_goes_in_the_midst_those_who_are_stored_are_told_so(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = requests(source, "first", "second")

    def process_or_fail(payloads: list[Payload], *, now: datetime, way: Way) -> Outcome:
        if len(payloads) > 1:
            raise ValueError("a bug of ours")
        return failing(OperationalError("gone"), when=lambda types: "second" in types)(payloads, now=now, way=way)

    monkeypatch.setattr(accept, "process", process_or_fail)
    accept._process_group(group)

    assert group[0].error is None
    assert isinstance(group[1].error, OperationalError)


def test_a_message_that_another_process_stores_at_the_same_moment_is_seen_at_the_second_look(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember, calls = storage.remember, []

    def collide(keys: Any, *, at: datetime) -> None:
        calls.append(keys)
        if len(calls) <= 2:  # in the group, and alone
            raise IntegrityError("duplicate key")
        remember(keys, at=at)

    monkeypatch.setattr(storage, "remember", collide)
    group = requests(source, "page-view")
    accept._process_group(group)

    assert group[0].error is None
    assert stored() == {"page-view"}


def test_a_request_that_another_transaction_stood_in_the_way_of_is_processed_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is away where two transactions have waited for each other: one of them begins anew."""
    remember, calls = storage.remember, []

    def collide(keys: Any, *, at: datetime) -> None:
        calls.append(keys)
        if len(calls) <= accept.TRIES:  # in the group, and alone
            raise OperationalError("deadlock detected") from errors.DeadlockDetected()
        remember(keys, at=at)

    monkeypatch.setattr(storage, "remember", collide)
    group = requests(source, "page-view")
    accept._process_group(group)

    assert group[0].error is None
    assert stored() == {"page-view"}


def test_what_breaks_a_rule_of_the_database_again_is_logged(
    source: Source, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accept, "process", failing(IntegrityError("check"), when=bool))

    with caplog.at_level(logging.ERROR), pytest.raises(accept.Failed):
        accept.now(message(source, "a").read())

    assert "A request breaks a rule of the database" in caplog.messages


def test_what_is_said_of_a_group_names_its_requests_and_of_one_alone_that_one(
    source: Source, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accept, "process", failing(ValueError("a bug of ours"), when=lambda types: "poison" in types))
    monkeypatch.setattr(caplog.handler, "format", JsonFormatter().format)
    group = requests(source, "before", "poison")
    for number, request in enumerate(group):
        request.request_id = f"request-{number}"

    with caplog.at_level(logging.ERROR):
        accept._process_group(group)

    lines = [json.loads(text) for text in caplog.text.splitlines()]
    assert [(line["message"], line["request_ids"]) for line in lines] == [
        ("A group failed; its requests are tried one by one", ["request-0", "request-1"]),
        ("A request fails on its own", ["request-1"]),
    ]


def put(source: Source, *types: str) -> None:
    accept.keep([message(source, type_) for type_ in types])


@pytest.mark.parametrize("cause", [errors.OutOfMemory, errors.ProgramLimitExceeded])
def test_a_batch_that_is_too_much_for_the_database_does_not_stop_the_inbox(
    source: Source, monkeypatch: pytest.MonkeyPatch, cause: type[errors.Error]
) -> None:
    put(source, "a", "b", "c")
    monkeypatch.setattr(accept, "process", failing(too_much(cause), when=lambda types: len(types) > 1 or "b" in types))

    assert accept.ingest(10, at=NOW) == 3

    assert stored() == {"a", "c"}
    left = InboxItem.objects.get()
    # Room comes back by itself, a value that is too long stays so.
    expected = (None, NOW + accept.RETRY_AFTER) if cause is errors.OutOfMemory else (NOW, None)
    assert (left.dead_at, left.retry_at) == expected


def test_what_finds_no_room_for_an_hour_waits_for_somebody(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    put(source, "a")
    monkeypatch.setattr(accept, "process", failing(too_much(errors.OutOfMemory), when=bool))

    at = NOW
    for _ in range(60):
        assert accept.ingest(10, at=at) == 1
        at += accept.RETRY_AFTER
        assert inbox.wake(at=at) == 1
    assert accept.ingest(10, at=at) == 1

    left = InboxItem.objects.get()
    assert (left.dead_at, left.retry_at) == (NOW + timedelta(hours=1), None)
    assert inbox.release(InboxItem.objects.all()) == 1
    monkeypatch.undo()
    assert accept.ingest(10, at=at) == 1
    assert stored() == {"a"}


@pytest.mark.parametrize(
    "cause", [errors.DiskFull, errors.QueryCanceled, errors.AdminShutdown, errors.ReadOnlySqlTransaction]
)
def test_what_the_database_is_at_fault_for_gives_nothing_up_and_is_told_as_such(
    source: Source, monkeypatch: pytest.MonkeyPatch, cause: type[errors.Error]
) -> None:
    """COPY is no method of Django's cursors: its errors must come as those of all other statements do."""
    put(source, "a", "b")

    def fail(*_: Any) -> None:
        raise cause("could not extend file")

    monkeypatch.setattr("psycopg.Copy.write_row", fail)
    with pytest.raises(DatabaseError):
        accept.ingest(10, at=NOW)
    with pytest.raises(DatabaseError):
        accept.now(message(source, "c").read())
    assert InboxItem.objects.filter(dead_at=None).count() == 2

    monkeypatch.undo()
    assert accept.ingest(10, at=NOW) == 2
    assert stored() == {"a", "b"}


def test_a_request_for_which_there_is_no_room_may_be_sent_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, "process", failing(too_much(errors.OutOfMemory), when=bool))

    with pytest.raises(OperationalError):  # which is answered 503
        accept.now(message(source, "a").read())


def test_a_transaction_has_so_many_keys_and_leaves_the_rest_to_others(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(source, *"abcde")  # each with a session, and an event that may prove a key
    monkeypatch.setattr(accept, "MAX_KEYS", 4)
    batches: list[int] = []

    def noted(payloads: list[Payload], *, now: datetime, way: Way) -> Outcome:
        batches.append(len(payloads))
        return process(payloads, now=now, way=way)

    monkeypatch.setattr(accept, "process", noted)
    with CaptureQueriesContext(connection) as asked:
        assert [accept.ingest(10, at=NOW) for _ in range(4)] == [2, 2, 1, 0]

    assert batches == [2, 2, 1]
    assert stored() == set("abcde")
    # What was claimed beyond that was given back before the work began: it is claimed anew, with as many as fit.
    assert sum("ROLLBACK TO SAVEPOINT" in query["sql"] for query in asked) == 2


def test_one_by_one_each_message_is_done_for_itself(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    put(source, "a", "b", "c")

    def process_or_fail(payloads: list[Payload], *, now: datetime, way: Way) -> Outcome:
        if len(payloads) > 1:
            raise ValueError("a bug of ours")
        return failing(OperationalError("gone"), when=lambda types: "b" in types)(payloads, now=now, way=way)

    monkeypatch.setattr(accept, "process", process_or_fail)
    with pytest.raises(OperationalError):
        accept.ingest(10, at=NOW)

    assert stored() == {"a"}
    assert InboxItem.objects.filter(dead_at=None).count() == 2


def test_a_message_with_a_track_that_fails_stores_its_others_and_is_a_dead_letter_once(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [{"type": "track", "event": type_, "userId": "anna"} for type_ in ("before", "poison", "after")]
    envelope = Envelope(policy(source), NOW, call="batch")
    accept.keep([Message("sdk", json.dumps({"batch": batch}).encode(), envelope)])
    monkeypatch.setattr(accept, "process", failing(ValueError("ours"), when=lambda types: "poison" in types))

    accept.ingest(10, at=NOW)
    assert stored() == {"before", "after"}

    monkeypatch.undo()
    inbox.release(InboxItem.objects.all())
    accept.ingest(10, at=NOW)
    assert stored() == {"before", "poison", "after"}
    assert Event.objects.filter(type="before").count() == 1
    assert not InboxItem.objects.exists()
