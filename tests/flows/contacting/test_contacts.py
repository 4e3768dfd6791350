"""Nobody is written to in quiet hours, nor more often than the caps over all flows say."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.fetch import fetch
from apps.core.ids import new_id
from apps.events.event_types import planned
from apps.events.resolution import by_hand, unmerging
from apps.flows.contacting import contacts
from apps.flows.contacting.contacts import Question
from apps.flows.definition.parts import QuietHours
from apps.flows.models import Contact
from apps.profiles.models import Profile
from tests.factories import ANNA, NOON, ProfileFactory
from tests.flows.factories import FrequencyCapFactory, QuietHoursFactory

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
YES: dict[str, Any] = {}


def question(profile_id: UUID, **said: Any) -> Question:
    known = {"run_id": new_id(), "node": "mail", "visit": 1, "channel": "email", "zone": "UTC", "hours": "none"}
    return Question(profile_id=profile_id, **{"raw_id": profile_id, **known, **said})


def ask(profile_id: UUID, *, now: datetime = NOON, **said: Any) -> dict[str, Any]:
    [answer] = contacts.answer([question(profile_id, **said)], now=now)
    return answer


@pytest.mark.django_db
def test_somebody_is_written_to_as_often_as_the_cap_says_in_any_such_period() -> None:
    anna = new_id()
    FrequencyCapFactory(most=2, period=DAY)

    assert ask(anna) == YES
    assert ask(anna, now=NOON + 20 * HOUR) == YES
    assert "email" in ask(anna, now=NOON + 23 * HOUR)["capped_by"]
    assert ask(anna, now=NOON + DAY) == YES  # the first is a day ago,
    assert "email" in ask(anna, now=NOON + DAY + HOUR)["capped_by"]  # and the second is not
    assert Contact.objects.filter(profile_id=anna).count() == 3


@pytest.mark.django_db
def test_caps_count_by_channel_or_all_together() -> None:
    anna = new_id()
    FrequencyCapFactory(channel="email", most=1)
    FrequencyCapFactory(channel="", most=3)

    assert ask(anna) == YES
    assert ask(anna, channel="sms") == YES
    assert "email" in ask(anna)["capped_by"]
    assert ask(anna, channel="push") == YES
    assert "all channels" in ask(anna, channel="push")["capped_by"]


@pytest.mark.django_db
def test_caps_that_are_off_stop_nobody_and_all_is_counted_for_when_they_are_on() -> None:
    anna = new_id()
    cap = FrequencyCapFactory(is_enabled=False)
    assert [ask(anna), ask(anna)] == [YES, YES]

    cap.is_enabled = True
    cap.save()

    assert "email" in ask(anna)["capped_by"]


@pytest.mark.django_db
def test_of_several_who_ask_at_once_the_first_ones_write() -> None:
    anna, bo = new_id(), new_id()
    FrequencyCapFactory(most=2)

    answers = contacts.answer([question(id) for id in (anna, bo, anna, anna, bo, bo)], now=NOON)

    assert [answer == YES for answer in answers] == [True, True, True, False, True, False]


@pytest.mark.django_db
def test_a_visit_that_asks_again_is_counted_once() -> None:
    anna = new_id()
    FrequencyCapFactory(most=1)
    again = question(anna)

    assert contacts.answer([again, again], now=NOON) == [YES, YES]
    assert contacts.answer([again], now=NOON + HOUR) == [YES]
    assert Contact.objects.count() == 1


@pytest.mark.django_db
def test_who_were_merged_are_counted_together_and_apart_once_the_merge_is_undone() -> None:
    anna, bo = ProfileFactory(), ProfileFactory()
    FrequencyCapFactory(most=1)
    ask(anna.id)

    merge = by_hand.merge(bo.id, anna.id, actor=ANNA, now=timezone.now())
    [living] = Profile.objects.all()
    gone = ({anna.id, bo.id} - {living.id}).pop()
    assert "email" in ask(living.id)["capped_by"]

    unmerging.undo(merge.id, actor=ANNA, rules=planned.rules(), now=timezone.now())
    assert {living.id, gone} == set(Profile.objects.values_list("id", flat=True))
    assert "email" in ask(anna.id)["capped_by"]
    assert ask(bo.id) == YES


@pytest.mark.django_db
def test_nobody_is_written_to_in_quiet_hours_where_they_are() -> None:
    anna = new_id()
    QuietHoursFactory(start=time(21), end=time(8))

    assert ask(anna, hours=None, zone="Europe/Berlin") == YES
    assert ask(anna, hours=None, zone="Asia/Tokyo") == {"quiet_secs": 11 * 3_600}  # nine in the evening
    assert ask(anna, hours=None, zone="Asia/Tokyo", now=NOON + 11 * HOUR) == YES
    assert ask(anna, hours=None, zone="no zone", now=NOON.replace(hour=3)) == {"quiet_secs": 5 * 3_600}
    assert Contact.objects.count() == 2


@pytest.mark.django_db
def test_quiet_hours_are_those_of_the_channel_and_of_the_day() -> None:
    anna, monday = new_id(), datetime(2026, 11, 23, 20, tzinfo=UTC)
    QuietHoursFactory(channel="sms", start=time(18), end=time(9))
    QuietHoursFactory(weekdays=[6], start=time.min, end=time.min)

    assert ask(anna, hours=None, now=monday) == YES
    assert ask(anna, hours=None, now=monday, channel="sms") == {"quiet_secs": 13 * 3_600}
    assert ask(anna, hours=None, now=monday - DAY) == {"quiet_secs": 4 * 3_600}  # all of Sunday


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hours", "secs"), [(None, 8 * 3_600), (QuietHours(from_="22:30", to="06:00"), 6 * 3_600), ("none", None)]
)
def test_a_flow_has_quiet_hours_of_its_own_or_none(hours: Any, secs: int | None) -> None:
    QuietHoursFactory(start=time(21), end=time(8))

    answer = ask(new_id(), hours=hours, now=NOON.replace(hour=0))

    assert answer == (YES if secs is None else {"quiet_secs": secs})


@pytest.mark.django_db
def test_who_waits_for_the_morning_is_not_counted_until_then() -> None:
    anna = new_id()
    QuietHoursFactory()
    FrequencyCapFactory(most=1)
    night = NOON.replace(hour=23)

    assert ask(anna, hours=None, now=night) == {"quiet_secs": 9 * 3_600}
    assert ask(anna, hours=None, now=night, ignores_hours=True) == YES
    assert ask(anna, hours=None, now=night, ignores_hours=True).keys() == {"capped_by"}


@pytest.mark.django_db
def test_the_number_of_statements_does_not_depend_on_how_many_ask() -> None:
    FrequencyCapFactory(most=2)
    contacts.rules.get()

    def statements(n: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            contacts.answer([question(new_id()) for _ in range(n)], now=NOON)
        return len(captured)

    assert statements(1) == statements(50) == 3


@pytest.mark.django_db
def test_what_no_cap_can_count_any_more_is_forgotten() -> None:
    anna = new_id()
    ask(anna, now=NOON - 367 * DAY)
    ask(anna)

    assert contacts.delete_old(now=NOON, most=10) == 1
    assert Contact.objects.get().at == NOON


@pytest.mark.usefixtures("crowd")
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_never_write_more_often_than_the_cap_says() -> None:
    people = [ProfileFactory().id for _ in range(3)]
    FrequencyCapFactory(most=7)

    def work(n: int) -> int:
        try:
            with transaction.atomic():
                fetch(Profile, people, locks=True)
                answers = contacts.answer([question(id) for id in people], now=NOON + n * timedelta(seconds=1))
        finally:
            connection.close()
        return answers.count(YES)

    with ThreadPoolExecutor(50) as workers:
        written = list(workers.map(work, range(50)))

    assert sum(written) == 21
    assert [Contact.objects.filter(profile_id=id).count() for id in people] == [7, 7, 7]
