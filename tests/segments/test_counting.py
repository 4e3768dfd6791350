from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.conditions import Condition
from apps.core.limits import TooSlow
from apps.profiles.models import Profile
from apps.segments import counting, language
from apps.segments.counting import Day, Number, Overlap
from apps.segments.models import SegmentSize
from tests.factories import NOON, EventFactory, MembershipFactory, ProfileFactory, SegmentFactory

pytestmark = pytest.mark.django_db
PRO = language.parse('profile@traits.plan = "pro"')


def people(number: int, **values: Any) -> list[Profile]:
    made: list[Profile] = ProfileFactory.create_batch(number, **values)
    return made


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whole counts take too long."""
    ask = counting._ask

    def too_slow(sql: str, params: list[Any], *, within: timedelta) -> Any:
        if "count(*)" in sql:
            return ask("SELECT pg_sleep(1)", [], within=timedelta(milliseconds=1))
        return ask(sql, params, within=within)

    monkeypatch.setattr(counting, "_ask", too_slow)


def test_people_are_counted() -> None:
    people(3, traits={"plan": "pro"})
    people(2)

    assert counting.count(PRO, now=NOON) == Number(3)


def test_past_events_count() -> None:
    buyer, other = people(2)
    EventFactory.create(type="purchase", profile_id=buyer.id)
    EventFactory.create(type="purchase", profile_id=other.id, is_valid=False)

    assert counting.count(language.parse('DID("purchase")'), now=NOON).value == 1
    assert counting.count(language.parse('DID NOT("purchase")'), now=NOON).value == 1


@pytest.mark.usefixtures("slow")
def test_number_that_takes_too_long_is_estimated_and_says_so() -> None:
    people(30, traits={"plan": "pro"})
    people(10)

    found = counting.count(PRO, now=NOON)

    assert found == Number(30, is_exact=False, margin=found.margin)
    assert 0 < found.margin < 10


@pytest.mark.usefixtures("slow")
def test_rare_people_may_be_missing_in_an_estimate() -> None:
    people(30)

    assert counting.count(PRO, now=NOON) == Number(0, is_exact=False, margin=3)


def test_query_that_takes_too_long_ends_and_the_next_one_has_time_again() -> None:
    with pytest.raises(TooSlow):
        counting._ask("SELECT pg_sleep(5)", [], within=timedelta(milliseconds=5))

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.parametrize("condition", [PRO, language.parse("profile@country NOT EXISTS")])
def test_sample_shows_some_who_were_seen_last_first(condition: Condition) -> None:
    made = [*people(2, traits={"plan": "pro"}), *people(1, traits={"plan": "pro"}, last_seen_at=NOON + timedelta(1))]
    people(2, country="PL")

    found = counting.sample(condition, now=NOON, size=3)

    assert {row.id for row in found} == {row.id for row in made}
    assert found[0].id == made[-1].id


def test_sample_is_no_larger_than_asked() -> None:
    people(5, traits={"plan": "pro"})

    assert len(counting.sample(PRO, now=NOON, size=2)) == 2


def test_overlap_counts_who_is_in_both() -> None:
    one, other = SegmentFactory.create_batch(2)
    both = MembershipFactory.create(segment=one)
    MembershipFactory.create(segment=other, profile_id=both.profile_id)
    MembershipFactory.create(segment=one)
    past = MembershipFactory.create(segment=other, left_at=NOON)
    MembershipFactory.create(segment=one, profile_id=past.profile_id)

    assert counting.overlap(one, other) == Overlap(one=3, other=1, both=1)


def test_growth_tells_who_entered_and_left_on_each_day() -> None:
    segment = SegmentFactory.create()
    yesterday = NOON - timedelta(days=1)
    MembershipFactory.create_batch(2, segment=segment, entered_at=yesterday)
    MembershipFactory.create(segment=segment, entered_at=yesterday - timedelta(days=9), left_at=NOON)
    SegmentSize.objects.create(segment=segment, day=date(2026, 11, 22), size=7)

    assert counting.growth(segment, today=NOON.date(), days=2) == [
        Day(date(2026, 11, 22), entered=2, left=0, size=7),
        Day(date(2026, 11, 23), entered=0, left=1, size=None),
    ]
