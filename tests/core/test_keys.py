from datetime import timedelta

import pytest

from apps.api.scopes import Scope
from apps.core import keys
from apps.core.models import ApiKey
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def issue(*scopes: Scope, **options: object) -> tuple[ApiKey, str]:
    return keys.issue("CRM", scopes or [Scope.PROFILES_READ], created_by="anna", now=NOON, **options)  # type: ignore[arg-type]


def test_a_key_is_found_by_its_text_and_its_secret_is_not_stored() -> None:
    row, text = issue()

    assert keys.find(text, now=NOON) == row
    assert text.split("_", 2)[2] not in str(ApiKey.objects.values().get())


@pytest.mark.parametrize("broken", ["", "cdp", "cdp_", "cdp__", "x" * 10_000, "cdp_0_\x00", "cdp_\udc80_a"])
def test_what_is_no_key_finds_nothing(broken: str) -> None:
    issue()

    assert keys.find(broken, now=NOON) is None


def test_a_wrong_secret_finds_nothing() -> None:
    _, text = issue()

    assert keys.find(text[:-1] + ("a" if text[-1] != "a" else "b"), now=NOON) is None


def test_an_expired_key_and_one_that_is_off_find_nothing() -> None:
    _, expired = issue(expires_at=NOON + timedelta(hours=1))
    row, off = issue()
    ApiKey.objects.filter(pk=row.pk).update(is_enabled=False)

    assert keys.find(expired, now=NOON) is not None
    assert keys.find(expired, now=NOON + timedelta(hours=1)) is None
    assert keys.find(off, now=NOON) is None


def test_a_rotated_key_works_during_the_time_of_grace_and_its_successor_goes_on() -> None:
    row, old = issue(Scope.PROFILES_READ, Scope.PROFILES_MERGE)

    successor, new = keys.rotate(row, grace=timedelta(days=7), created_by="ben", now=NOON)

    assert successor.scopes == row.scopes
    assert keys.find(old, now=NOON + timedelta(days=6)) == row
    assert keys.find(old, now=NOON + timedelta(days=7)) is None
    assert keys.find(new, now=NOON + timedelta(days=7)) == successor


def test_use_is_noted_once_a_minute() -> None:
    row, text = issue()

    for secs in (0, 30, 90):
        keys.find(text, now=NOON + timedelta(seconds=secs))

    row.refresh_from_db()
    assert row.last_used_at == NOON + timedelta(seconds=90)
