"""What callers are told when something is wrong, and whose fault it is."""

from typing import Any

import pytest
from django.db import DataError, OperationalError
from rest_framework.test import APIClient

from apps.collector import accept
from apps.collector.grouping import Busy
from apps.core.snapshot import Snapshot
from apps.events import sources
from tests.factories import SourceFactory, track_body


def raises(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (OperationalError("the server closed the connection"), 503, "unavailable", "5"),
        (DataError("odd"), 503, "unavailable", "5"),
        (Busy("slow"), 503, "busy", "5"),
        (accept.Failed(), 500, "failed", None),
    ],
)
def test_our_fault_is_told_without_its_details(
    client: APIClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
    retry_after: str | None,
) -> None:
    source = SourceFactory()
    monkeypatch.setattr(accept, "now", raises(error))
    monkeypatch.setattr(accept, "later", raises(error))
    body = {"userId": "anna", "event": "x", "writeKey": source.write_key}

    for answer in (
        client.post("/track", track_body(source, "a"), format="json"),
        client.put("/track", track_body(source, "a"), format="json"),
        client.post("/v1/track", body, format="json"),
    ):
        assert (answer.status_code, answer.json()["code"], answer.get("Retry-After")) == (status, code, retry_after)
        assert str(error) == "" or str(error) not in answer.content.decode()


def test_without_a_database_at_the_start_nothing_is_taken(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "current", Snapshot(raises(OperationalError("no route")), of=(), refresh_secs=60))

    answer = client.post("/track", {"source": {"id": "x"}, "events": []}, format="json")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_without_a_database_at_the_start_what_is_broken_is_told_all_the_same(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "current", Snapshot(raises(OperationalError("no route")), of=(), refresh_secs=60))

    answer = client.post("/track", "{", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_an_error_has_one_shape_and_lists_all_mistakes(client: APIClient) -> None:
    body = track_body(SourceFactory(), events=[{"type": ""}, {"type": "a", "properties": 1}])

    answer = client.post("/track", body, format="json").json()

    assert set(answer) == {"success", "code", "message", "field", "index", "errors"}
    assert answer["success"] is False
    assert answer["errors"][0] == {key: answer[key] for key in ("code", "message", "field", "index")}
    assert [error["field"] for error in answer["errors"]] == ["events.0.type", "events.1.properties"]
