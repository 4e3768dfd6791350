"""The search of people: by its index, whatever was typed, and kept true by the database itself."""

import pytest
from django.db import connection

from apps.core import limits
from apps.core.audit import Actor
from apps.profiles import editing, search
from apps.profiles.admin import finding
from apps.profiles.admin.finding import latest
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory

pytestmark = pytest.mark.django_db
ANNA = Actor("user:7", "anna")


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("Jonas", ["'%jonas%'"]),
        ("Müller jo", ["'%muller%'", "'% jo%'"]),
        ("a_b%", [r"'%a\\_b\\%%'"]),
        ("0170/123", ["'%0170/123%'", "'%170123%'"]),
    ],
)
def test_what_was_typed_is_looked_for_by_the_index(text: str, patterns: list[str]) -> None:
    """PostgreSQL chooses it by the pattern: it must be a constant when the statement is planned."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Profile.objects.filter(search.containing(text)).explain()

    assert "profile_by_search_text" in plan
    for pattern in patterns:
        assert pattern.replace(r"\\", "\\") in plan


def test_people_in_the_order_of_their_last_events_are_read_by_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "profile_by_last_seen_hour" in Profile.objects.order_by(search.last_seen_hour().desc())[:50].explain()


def test_who_is_called_otherwise_from_now_on_is_found_by_the_new_name() -> None:
    profile = ProfileFactory()
    editing.edit(profile.pk, {"data.pii.lastname": "Ångström"}, actor=ANNA, now=NOON)

    assert latest(search.containing("angstrom"), limit=5) == [profile]

    editing.edit(profile.pk, {"data.pii.lastname": None}, actor=ANNA, now=NOON)

    assert latest(search.containing("angstrom"), limit=5) == []


def test_a_search_that_takes_too_long_finds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_slow(_seconds: float) -> None:
        raise limits.TooSlow

    ProfileFactory(name="Anna")
    monkeypatch.setattr(finding, "at_most", too_slow)

    assert latest(search.containing("anna"), limit=5) == []


@pytest.mark.parametrize(
    "text", ["", "   ", "x" * 100_000, "a " * 10_000, "'; DROP TABLE x; --", "\uff05", "\\", "+", "李明"]
)
def test_no_text_is_an_error(text: str) -> None:
    ProfileFactory(name="李明")

    assert len(latest(search.naming(text), limit=5)) in (0, 1)
