"""The number of SQL statements does not depend on how much is processed together."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.core import snapshot
from apps.events import sources
from apps.events.models import Event, InboxItem, Source
from tests.factories import CHROME, SourceFactory, track_body

pytestmark = pytest.mark.django_db
SIZES = (1, 10, 100)


@pytest.fixture(autouse=True)
def timeless_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass for what is kept in memory: read again in the middle of a test, it would be a statement more."""
    monkeypatch.setattr(snapshot, "time", SimpleNamespace(monotonic=lambda: 0.0))


def tracks(source: Source, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Payloads of different people, each with three events that change profiles."""
    events = [
        {"type": name, "properties": {"value": 1, "interest": "jazz"}} for name in ("page-view", "sale-completed")
    ]
    events.append({"type": "increase-interest", "properties": {"interest": "jazz"}})
    return [("", track_body(source, session=f"{count}-{number}", events=events)) for number in range(count)]


def sdk_messages(source: Source, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Messages of different people, who are identified and have devices."""
    return [
        (
            "identify",
            {
                "userId": f"user-{count}-{number}",
                "anonymousId": f"device-{count}-{number}",
                "messageId": f"message-{count}-{number}",
                "traits": {"email": f"{count}-{number}@example.com"},
                "context": {"userAgent": CHROME},
            },
        )
        for number in range(count)
    ]


def statements(source: Source, dialect: str, bodies: list[tuple[str, dict[str, Any]]]) -> list[str]:
    policy = sources.find(str(source.id))
    assert policy
    at = datetime.now(UTC)
    messages = [
        Message(dialect, orjson.dumps(body), Envelope(policy, at, user_agent=CHROME, call=call))
        for call, body in bodies
    ]
    with CaptureQueriesContext(connection) as captured:
        accept.history(messages, at=at)
    return [query["sql"][:30] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize(
    ("dialect", "make"), [(InboxItem.Dialect.TRACK, tracks), (InboxItem.Dialect.SDK, sdk_messages)]
)
def test_a_batch_of_one_and_of_a_hundred_take_the_same_statements(dialect: str, make: Any) -> None:
    source = SourceFactory()
    statements(source, dialect, make(source, 2))  # configuration is read, and the month's partition made

    new = [statements(source, dialect, make(source, size)) for size in SIZES]
    assert new[0] == new[1] == new[2]

    known = [statements(source, dialect, make(source, size)) for size in SIZES]
    assert known[0] == known[1] == known[2]
    assert Event.objects.count() >= 111
