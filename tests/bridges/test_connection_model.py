"""What is stored of a connection: nobody who reads the table has its secrets."""

import copy
from secrets import token_urlsafe
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection

from apps.bridges.models import Connection
from apps.core.encryption import Unreadable
from apps.core.fetch import fetch
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
SECRET = '{"token":"open sesame"}'


def stored(column: str = "secrets") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM bridges_connection")
        return str(cursor.fetchone()[0])


def test_a_secret_is_encrypted_in_the_table_and_a_text_in_python() -> None:
    row = ConnectionFactory()

    assert "sesame" not in stored()
    assert Connection.objects.get().secrets == SECRET == row.secrets
    assert fetch(Connection, [row.pk])[row.pk].secrets == SECRET
    assert stored("test_secrets") == "" == Connection.objects.get().test_secrets


def test_to_save_a_row_leaves_a_secret_that_nobody_read_as_it_is(settings: Any) -> None:
    ConnectionFactory()
    before, keys = stored(), settings.ENCRYPTION_KEYS
    row = Connection.objects.get()
    settings.ENCRYPTION_KEYS = [token_urlsafe(50)]
    copy.deepcopy(row).save()
    assert stored() == before

    settings.ENCRYPTION_KEYS = keys
    row.secrets = "changed"
    row.save()
    assert (stored() == before, Connection.objects.get().secrets) == (False, "changed")


def test_without_its_key_a_secret_is_refused_by_table_and_row_and_all_else_can_be_read(settings: Any) -> None:
    row = ConnectionFactory(name="Shop")
    settings.ENCRYPTION_KEYS = [token_urlsafe(50)]

    found = Connection.objects.get()
    assert found.name == "Shop"
    with pytest.raises(Unreadable, match=f"^bridges_connection.secrets of the row {row.pk} cannot be read") as raised:
        _ = found.secrets
    assert stored() not in str(raised.value)


def test_no_query_compares_what_is_encrypted_anew_each_time() -> None:
    with pytest.raises(FieldError):
        Connection.objects.filter(secrets=SECRET)


def test_the_state_of_sending_is_written_without_a_word() -> None:
    ConnectionFactory()

    with pytest.MonkeyPatch.context() as patched:
        told: list[Any] = []
        patched.setattr("apps.core.snapshot.rows_changed", told.append)
        Connection.sending.update(failures=1)
        assert told == []
        Connection.objects.update(name="x")
        assert told == [Connection]
