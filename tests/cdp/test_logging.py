"""Logs are lines of JSON: a constant message, with the data beside it."""

import json
import logging
import sys

import pytest
from django.db import DatabaseError, connection, transaction

from cdp.logging import JsonFormatter


def line(message: str, *args: object, error: bool = False, **extra: object) -> dict[str, object]:
    record = logging.getLogger("apps.test").makeRecord(
        "apps.test", logging.WARNING, "file.py", 1, message, args, sys.exc_info() if error else None, extra=extra
    )
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_says_when_how_grave_who_and_what() -> None:
    found = line("An event was %s", "refused", source="shop", request=object())

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
