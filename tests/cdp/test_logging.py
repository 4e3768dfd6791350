"""Logs are lines of JSON: a constant message, with the data beside it."""

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from cdp.logging import MAX_IDS, JsonFormatter, about, request_id


def line(
    message: str, *args: object, logger: str = "apps.test", error: bool = False, **extra: object
) -> dict[str, object]:
    record = logging.getLogger(logger).makeRecord(
        logger, logging.WARNING, "file.py", 1, message, args, sys.exc_info() if error else None, extra=extra
    )
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_says_when_how_grave_who_and_what() -> None:
    found = line("An event was %s", "refused", source="shop")

    assert found.pop("time")
    assert found == {"level": "warning", "logger": "apps.test", "message": "An event was refused", "source": "shop"}


def test_an_error_carries_its_traceback_in_the_same_line() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        found = line("It failed", error=True)

    assert "RuntimeError: broken" in str(found["error"])


@pytest.mark.django_db
def test_an_error_of_the_database_carries_no_value_of_a_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE visitor (name text UNIQUE)")
        cursor.execute("INSERT INTO visitor VALUES ('Klara\n\nEvans')")
        texts = []
        for statement in (
            "INSERT INTO visitor VALUES ('Klara\n\nEvans')",
            "SELECT 'Klara Evans' FROM visitor WHERE nothing = 1",
            """SELECT '{"name": "Klara Evans}'::json""",
        ):
            try:
                with transaction.atomic():
                    cursor.execute(statement)
            except DatabaseError as error:
                texts += [str(line("It failed", error=True)), str(line(f"Said elsewhere: {error}"))]

    assert len(texts) == 6
    assert "duplicate key value violates unique constraint" in texts[0]
    for text in texts:
        assert "Klara" not in text
        assert "Evans" not in text


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert line("Odd", value={1})["value"] == "{1}"


def test_what_it_is_about_stands_in_each_line_and_the_inner_one_counts() -> None:
    with about(request_id="a", job_id="1"):
        with about(request_id="b"):
            inner = line("Within")
            assert request_id() == "b"
        outer = line("Within")

    assert (inner["request_id"], inner["job_id"]) == ("b", "1")
    assert (outer["request_id"], outer["job_id"]) == ("a", "1")
    assert "request_id" not in line("Outside")
    assert request_id() == ""


def test_threads_do_not_get_what_others_are_about() -> None:
    with about(request_id="a"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(request_id).result() == ""


def test_of_a_large_batch_not_all_are_named() -> None:
    with about(inbox_items=list(range(500))):
        found = line("It failed")["inbox_items"]

    assert found == [*range(MAX_IDS), f"and {500 - MAX_IDS} more"]


REQUEST = SimpleNamespace(resolver_match=SimpleNamespace(view_name="collect"), path="/collect/anna@example.com")


@pytest.mark.parametrize(
    ("logger", "message", "args", "status", "told"),
    [
        ("django.request", "%s: %s", ("Not Found", REQUEST.path), 404, "Not Found: collect"),
        ("django.request", "Method Not Allowed (%s): %s", ("PUT", REQUEST.path), 405, "Method Not Allowed: collect"),
        (
            "django.security.csrf",
            "Forbidden (%s): %s",
            ("Origin checking failed - https://anna@example.com does not match any trusted origins.", REQUEST.path),
            403,
            "Origin checking failed: collect",
        ),
        (
            "django.security.DisallowedHost",
            "Invalid HTTP_HOST header: 'anna@example.com'",
            (),
            400,
            "DisallowedHost: collect",
        ),
    ],
)
def test_what_django_says_of_a_request_quotes_nothing_of_it(
    logger: str, message: str, args: tuple[str, ...], status: int, told: str
) -> None:
    try:
        raise ValueError(message)
    except ValueError:
        found = line(message, *args, logger=logger, error=True, status_code=status, request=REQUEST)

    assert found["message"] == told
    assert "anna" not in json.dumps(found)


def test_a_request_that_failed_for_our_fault_has_its_traceback() -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        found = line(
            "%s: %s",
            "Internal Server Error",
            "/x",
            logger="django.request",
            error=True,
            status_code=500,
            request=REQUEST,
        )

    assert found["message"] == "Internal Server Error: collect"
    assert "RuntimeError: broken" in str(found["error"])
