"""Dates of people, and schedules: what no event says, a clock does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.core import claims
from apps.flows.models import Clock, Flow, Run
from apps.flows.triggers import occasions, ticking
from apps.profiles.models import Profile
from tests.factories import MembershipFactory, ProfileFactory, SegmentFactory
from tests.flows.triggers.flowing import publish, republish, runs

pytestmark = pytest.mark.django_db
BIRTHDAY = {"kind": "date", "field": "profile@data.pii.birthday", "at": "09:00", "yearly": True}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def born(day: str, zone: str = "", **values: Any) -> Profile:
    aux = {"geo": {"time_zone": zone}} if zone else {}
    made: Profile = ProfileFactory(data={"pii": {"birthday": day}}, aux=aux, **values)
    return made


def tick(*moments: str) -> None:
    """Let the clock be looked at; for the first time it is wound up."""
    for moment in moments:
        ticking.wind_up(now=at(moment))
        ticking.run_due(now=at(moment), secs=10)


def entered(flow: Flow) -> list[UUID | None]:
    return [run.profile_id for run in runs(flow)]


class TestDates:
    def test_who_has_a_birthday_enters_on_that_day_at_that_time_in_their_zone(self) -> None:
        flow = publish(BIRTHDAY, zone="UTC")
        anna, bo = born("1990-11-30", "Europe/Vienna"), born("1985-11-30", "America/New_York")
        cleo = born("1970-11-30")
        born("1990-12-01", "Europe/Vienna")
        tick("2026-11-29T12:00", "2026-11-30T07:59")
        assert entered(flow) == []

        tick("2026-11-30T08:00")
        assert entered(flow) == [anna.id]
        tick("2026-11-30T08:01", "2026-11-30T09:00")
        assert entered(flow) == [anna.id, cleo.id]
        tick("2026-11-30T14:00", "2026-11-30T23:59", "2026-12-01T07:00")

        assert entered(flow) == [anna.id, cleo.id, bo.id]
        run = runs(flow)[0]
        assert run.state["event"]["properties"] == {"field": "profile@data.pii.birthday", "day": "2026-11-30"}
        assert (run.trigger, run.due_at) == ("t1", at("2026-11-30T08:00"))

    def test_it_comes_again_next_year_and_not_before(self) -> None:
        flow = publish(BIRTHDAY, zone="UTC")
        born("1990-11-30")
        tick("2026-11-29T12:00", "2026-11-30T12:00", "2026-12-01T12:00", "2027-11-29T12:00", "2027-11-30T12:00")

        assert len(entered(flow)) == 2

    @pytest.mark.parametrize(("leap", "day"), [("feb28", "2026-02-28"), ("mar1", "2026-03-01")])
    def test_who_was_born_on_a_leap_day_has_a_birthday_each_year(self, leap: str, day: str) -> None:
        flow = publish({**BIRTHDAY, "leap": leap}, zone="UTC")
        born("1992-02-29")
        tick("2026-02-26T12:00")
        for number in (27, 28, 29, 30):
            moment = at("2026-02-01T12:00") + timedelta(days=number - 1)
            ticking.run_due(now=moment, secs=10)

        assert [run.started_at.date().isoformat() for run in runs(flow)] == [day]

    def test_days_before_a_date_that_comes_once(self) -> None:
        renewal = {"kind": "date", "field": "profile@traits.renews", "offset_days": -3, "at": "10:00"}
        flow = publish(renewal, zone="UTC")
        anna = ProfileFactory(traits={"renews": "2026-12-03"})
        bo = ProfileFactory(traits={"renews": "2026-12-03T23:30:00+02:00"})
        for renews in ("2025-12-03", "2026-12-05", "soon", "2026-12-3", 5, None, ["2026-12-03"], {"on": "2026-12-03"}):
            ProfileFactory(traits={"renews": renews})
        tick("2026-11-30T09:00", "2026-11-30T10:00", "2026-12-01T10:00", "2027-11-30T10:00")

        assert entered(flow) == [anna.id, bo.id]

    def test_a_moment_is_on_the_day_that_it_is_there(self) -> None:
        flow = publish({"kind": "date", "field": "profile@traits.ends", "at": "00:00"}, zone="UTC")
        tokyo = ProfileFactory(traits={"ends": "2026-11-29T20:00:00Z"}, aux={"geo": {"time_zone": "Asia/Tokyo"}})
        ProfileFactory(traits={"ends": "2026-11-29T20:00:00Z"}, aux={"geo": {"time_zone": "Europe/Vienna"}})
        tick("2026-11-29T14:59", "2026-11-29T15:00")

        assert entered(flow) == [tokyo.id]

    def test_the_day_of_a_column(self) -> None:
        flow = publish({"kind": "date", "field": "profile@created_at", "offset_days": 7, "at": "09:00"}, zone="UTC")
        anna = ProfileFactory(created_at=at("2026-11-23T18:00"))
        tick("2026-11-30T08:00", "2026-11-30T09:00")

        assert entered(flow) == [anna.id]

    def test_what_came_before_it_was_switched_on_is_over(self) -> None:
        flow = publish(BIRTHDAY, zone="UTC")
        born("1990-11-30")
        tick("2026-11-30T09:30", "2026-11-30T12:00")

        assert entered(flow) == []

    def test_what_was_missed_is_made_up_for_but_not_for_more_than_a_day(self) -> None:
        flow = publish(BIRTHDAY, zone="UTC")
        born("1990-11-27")
        bo = born("1990-11-30")
        tick("2026-11-26T12:00", "2026-11-30T20:00")

        assert entered(flow) == [bo.id]

    def test_pages_go_on_where_the_one_before_has_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ticking, "PAGE", 2)
        flow = publish(BIRTHDAY, zone="UTC")
        people = [born("1990-11-30") for _ in range(5)]
        tick("2026-11-30T08:00", "2026-11-30T09:00")

        assert sorted(filter(None, entered(flow))) == sorted(person.id for person in people)
        clock = Clock.objects.get()
        assert (clock.position, clock.done_until) == ({}, at("2026-11-30T09:00"))
        assert clock.due_at
        assert clock.due_at > at("2026-11-30T09:00")

    def test_a_page_that_is_done_twice_lets_nobody_in_twice(self) -> None:
        flow = publish(BIRTHDAY, zone="UTC")
        born("1990-11-30")
        tick("2026-11-30T08:00", "2026-11-30T09:00")
        Clock.objects.update(done_until=at("2026-11-30T08:00"), due_at=at("2026-11-30T09:00"))

        tick("2026-11-30T09:01")

        assert len(entered(flow)) == 1

    def test_who_has_lost_the_lease_changes_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        flow = publish(BIRTHDAY, zone="UTC")
        born("1990-11-30")
        tick("2026-11-30T08:00")
        monkeypatch.setattr(claims, "held", lambda *_: [])

        ticking.run_due(now=at("2026-11-30T09:00"), secs=10)

        assert entered(flow) == []

    def test_rules_of_entry_and_consents_hold(self) -> None:
        flow = publish(BIRTHDAY, zone="UTC", entry={"frequency": "once"})
        refused = publish(BIRTHDAY, zone="UTC", consents=["newsletter"])
        born("1990-11-30")
        tick("2026-11-30T08:00", "2026-11-30T09:00", "2027-11-30T08:00", "2027-11-30T09:00")

        assert len(entered(flow)) == 1
        assert entered(refused) == []


class TestSchedules:
    def test_a_run_without_a_person_each_time(self) -> None:
        flow = publish({"kind": "schedule", "cron": "0 9 * * 1"}, zone="Europe/Vienna")
        tick("2026-11-29T12:00", "2026-11-30T07:59", "2026-11-30T08:00", "2026-11-30T08:01", "2026-12-07T08:00")

        assert entered(flow) == [None, None]
        assert runs(flow)[0].state["event"]["type"] == "schedule"

    def test_of_those_that_were_missed_the_last_one_counts(self) -> None:
        flow = publish({"kind": "schedule", "cron": "*/5 * * * *"}, zone="UTC")
        tick("2026-11-30T08:00", "2026-11-30T12:02", "2026-11-30T12:03")

        assert len(entered(flow)) == 1

    def test_all_who_are_in_a_segment_enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ticking, "PAGE", 2)
        segment = SegmentFactory(key="vip")
        people = [ProfileFactory() for _ in range(3)]
        for person in people:
            MembershipFactory(segment=segment, profile_id=person.id)
        MembershipFactory(segment=segment, profile_id=ProfileFactory().id, left_at=timezone.now())
        flow = publish({"kind": "schedule", "cron": "0 9 * * *", "segment": "vip"}, zone="UTC")
        tick("2026-11-30T08:00", "2026-11-30T09:00", "2026-11-30T09:01")

        assert sorted(filter(None, entered(flow))) == sorted(person.id for person in people)


class TestWinding:
    def test_there_is_a_clock_for_each_trigger_of_a_flow_that_is_on(self) -> None:
        flow = publish(BIRTHDAY, {"kind": "schedule", "cron": "0 9 * * 1"}, {"kind": "manual"})
        ticking.wind_up(now=at("2026-11-30T08:00"))
        assert sorted(Clock.objects.values_list("trigger", flat=True)) == ["t1", "t2"]

        Flow.objects.filter(pk=flow.pk).update(state=Flow.State.PAUSED)
        ticking.wind_up(now=at("2026-11-30T08:01"))
        assert not Clock.objects.exists()

    def test_one_whose_meaning_changes_begins_anew_and_others_go_on(self) -> None:
        flow = publish(BIRTHDAY, {"kind": "schedule", "cron": "0 9 * * 1"})
        ticking.wind_up(now=at("2026-11-30T08:00"))
        republish(flow, BIRTHDAY, {"kind": "schedule", "cron": "0 10 * * 1"})
        ticking.wind_up(now=at("2026-11-30T09:00"))

        assert {row.trigger: row.done_until.hour for row in Clock.objects.all()} == {"t1": 8, "t2": 9}

    def test_one_that_fails_takes_no_other_with_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        flow = publish({"kind": "schedule", "cron": "0 9 * * *"}, zone="UTC")
        publish({"kind": "schedule", "cron": "0 8 * * *"}, key="broken", zone="UTC")
        ticking.wind_up(now=at("2026-11-30T07:00"))
        nobody = ticking.letting_in.nobody

        def fail(cause: Any, **values: Any) -> Any:
            if cause.compiled.flow == "broken":
                raise RuntimeError("a bug of ours")
            return nobody(cause, **values)

        monkeypatch.setattr(ticking.letting_in, "nobody", fail)
        ticking.run_due(now=at("2026-11-30T09:00"), secs=10)

        assert len(entered(flow)) == Run.objects.count() == 1


def test_a_clock_that_cannot_be_wound_up_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, well = (publish({"kind": "schedule", "cron": cron}, zone="UTC") for cron in ("0 8 * * *", "0 9 * * *"))
    next_after = occasions.next_after

    def fails(part: Any, *asked: Any) -> datetime:
        if part.cron == "0 8 * * *":
            raise OverflowError
        return next_after(part, *asked)

    monkeypatch.setattr(occasions, "next_after", fails)
    tick("2026-11-30T07:00", "2026-11-30T09:00")

    assert (entered(broken), entered(well)) == ([], [None])
