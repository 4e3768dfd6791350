"""Older keys can be taken away once everything is encrypted with the newest."""

from secrets import token_urlsafe
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.bridges.models import Connection
from apps.core import rotating
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def test_after_a_rotation_the_old_key_is_needed_no_more(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = token_urlsafe(50), token_urlsafe(50)
    settings.ENCRYPTION_KEYS = [old]
    ConnectionFactory(secrets="one")
    settings.ENCRYPTION_KEYS = [new, old]
    ConnectionFactory(secrets="two")
    ConnectionFactory(secrets="")

    call_command("rotate_secrets")

    told = capsys.readouterr().out
    assert "bridges_connection.secrets: 1 of 2 encrypted anew." in told
    assert "older ones can be taken away" in told
    settings.ENCRYPTION_KEYS = [new]
    assert [row.secrets for row in Connection.objects.order_by("id")] == ["one", "two", ""]


def test_a_row_that_no_key_opens_is_named_and_the_others_are_renewed(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [token_urlsafe(50)]
    lost = ConnectionFactory(secrets="gone")
    old = token_urlsafe(50)
    settings.ENCRYPTION_KEYS = [old]
    ConnectionFactory(secrets="kept")
    settings.ENCRYPTION_KEYS = [token_urlsafe(50), old]

    with pytest.raises(
        CommandError, match=f"bridges_connection.secrets of the row {lost.pk}. Enter these secrets anew"
    ):
        call_command("rotate_secrets")
    [kept] = [done for done in rotating.rotate() if done.column == "bridges_connection.secrets"]
    assert (kept.n_texts, kept.n_renewed, kept.unreadable) == (2, 0, [str(lost.pk)])


def test_the_number_of_statements_grows_with_pages_alone(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    old = token_urlsafe(50)
    settings.ENCRYPTION_KEYS = [old]
    ConnectionFactory.create_batch(5)
    settings.ENCRYPTION_KEYS = [token_urlsafe(50), old]
    monkeypatch.setattr(rotating, "PAGE", 3)

    with CaptureQueriesContext(connection) as captured:
        renewed = sum(done.n_renewed for done in rotating.rotate() if done.column == "bridges_connection.secrets")

    updates = [query for query in captured if query["sql"].startswith("UPDATE")]
    assert (renewed, len(updates)) == (5, 2)
