"""Whether it lives, whether it is ready, and which version it is."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient

from cdp.version import VERSION


def fail_with(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_a_process_that_lives_says_so_and_asks_nobody(
    client: APIClient, method: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert getattr(client, method)("/healthcheck").status_code == 200


def test_it_is_ready_when_database_and_valkey_answer(client: APIClient) -> None:
    answer = client.get("/healthcheck/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"database": True, "queues": True}}


@pytest.mark.parametrize(
    ("broken", "code", "told"),
    [
        ("database", 503, {"status": "unavailable", "checks": {"database": False, "queues": True}}),
        ("queues", 200, {"status": "degraded", "checks": {"database": True, "queues": False}}),
    ],
)
def test_it_needs_the_database_alone_and_tells_what_else_is_away(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, broken: str, code: int, told: dict[str, Any]
) -> None:
    with monkeypatch.context() as patch:  # undone before the test's own transaction is
        if broken == "database":
            patch.setattr(connection, "cursor", fail_with(OperationalError("away")))
        else:
            patch.setattr(type(cache), "get", fail_with(RedisConnectionError("away")), raising=False)
        answer = client.get("/healthcheck/ready")

    assert (answer.status_code, answer.json()) == (code, told)


def test_the_version_is_that_of_the_changelog(client: APIClient) -> None:
    assert client.get("/info/version").json() == {"version": VERSION}
